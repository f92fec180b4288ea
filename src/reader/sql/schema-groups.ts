import { readFileRange } from "../../base/files/files.ts";
import { openParquet } from "../../codec/parquet/parquet-file.ts";
import type { StoreEntry } from "../../store/store.ts";
import { mapConcurrent } from "../map-concurrent.ts";
import type { CollectionFiles, FileSet } from "./inventory.ts";

/** The columns of fewer files DuckDB itself knows as soon. */
const minFiles = 32;
/** What DuckDB reads side by side; of more schemas it makes one by name. */
const maxGroups = 8;
const filesAtOnce = 16;
/** Files whose schema is remembered. */
const maxKnown = 100_000;

/**
 * Parts sets of files by their schema. DuckDB, not told that files have the same columns, looks into each of
 * them whenever it meets a query, twice for a view, before it begins.
 */
export class SchemaGroups {
  /** By path: the schema is one object for all files that have the same, byte for byte. */
  readonly #known = new Map<string, object>();

  /** The collection with sets of one schema each, where that is worth it. `here`: where its files are. */
  async part(collection: CollectionFiles, here: ReadonlyMap<string, string>): Promise<CollectionFiles> {
    const deployments = collection.deployments.map(async (deployment) => {
      const sets = await Promise.all(deployment.sets.map((set) => this.#partSet(set, here)));
      return { ...deployment, sets: sets.flat() };
    });
    return { ...collection, deployments: await Promise.all(deployments) };
  }

  async #partSet(set: FileSet, here: ReadonlyMap<string, string>): Promise<readonly FileSet[]> {
    if (set.format !== "parquet" || set.files.length < minFiles) return [set];
    if (this.#known.size > maxKnown) this.#known.clear();
    const groups = new Map<object, StoreEntry[]>();
    const schemas = mapConcurrent(set.files, filesAtOnce, async (file) => ({
      file,
      schema: await this.#schemaOf(file, here.get(file.path) ?? ""),
    }));
    for await (const { file, schema } of schemas) {
      // Whoever reads the rows tells what is wrong with a file.
      if (schema === undefined) return [set];
      const group = groups.get(schema);
      if (group !== undefined) group.push(file);
      else if (groups.size === maxGroups) return [set];
      else groups.set(schema, [file]);
    }
    return Array.from(groups.values(), (files) => ({ ...set, files, isAlike: true }));
  }

  async #schemaOf({ size }: StoreEntry, path: string): Promise<object | undefined> {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const source = { size, read: (start: number, end: number) => readFileRange(path, start, end) };
    const opened = await openParquet(source, "end").catch(() => undefined);
    if (opened !== undefined) this.#known.set(path, opened.schema);
    return opened?.schema;
  }
}
