import { CollectorError, messageOf } from "../../base/errors.ts";
import { collectionKey } from "../../layout/collection-key.ts";
import { parsePath, schemaFolder } from "../../layout/dataset-path.ts";
import { maxFileBytes, parsePins, type Pins } from "../../layout/pinned-schema.ts";
import type { Schema } from "../../layout/schema.ts";
import type { Store } from "../../store/store.ts";
import type { DataFile } from "../data-file.ts";

/** What is pinned; a `CollectorError` with code `CORRUPT` for types that cannot be used. */
export function pinsOf(path: string, version: number, bytes: Uint8Array): Pins {
  try {
    return parsePins(path, version, bytes);
  } catch (thrown) {
    // Its message names the file.
    throw new CollectorError("CORRUPT", messageOf(thrown), { cause: thrown });
  }
}

/** The pinned types of collections, each looked up once: for one answer. */
export class PinnedTypes {
  readonly #store: Store;
  readonly #known = new Map<string, Promise<Schema>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Those of a file's collection; none where nothing is pinned, as of files of others. */
  of({ endpoint, deployment, collection }: DataFile): Promise<Schema> {
    const folder = schemaFolder(endpoint, deployment, collectionKey(collection));
    const types = this.#known.get(folder) ?? this.#read(folder);
    this.#known.set(folder, types);
    return types;
  }

  async #read(folder: string): Promise<Schema> {
    let newest: { readonly path: string; readonly version: number } | undefined;
    for await (const { path } of this.#store.list(`${folder}/`)) {
      const at = parsePath(path);
      if (at?.kind === "schema" && at.version > (newest?.version ?? 0))
        newest = { path, version: at.version };
    }
    if (newest === undefined) return new Map();
    const bytes = await this.#store.get(newest.path, { range: { start: 0, end: maxFileBytes + 1 } });
    return pinsOf(newest.path, newest.version, bytes).columns;
  }
}
