import { isAbsolute, join } from "node:path";
import { invalidArgument } from "../../base/errors.ts";
import { makeDirectories, removeFile, writeNewFile } from "../../base/files/files.ts";
import { TempFolder } from "../../base/files/temp-folder.ts";
import { once } from "../../base/once.ts";
import { ObjectNotFoundError, type Store, type StoreEntry } from "../../store/store.ts";
import { mapConcurrent } from "../map-concurrent.ts";
import { SchemaGroups } from "./schema-groups.ts";

/** Bytes that are fetched for one query, and kept for the next, at most: 8 GiB. */
const maxKeptBytes = 8 * 1024 ** 3;
const filesAtOnce = 8;
const chunkBytes = 8 * 1024 * 1024;

/** What a path means to DuckDB beside itself. */
const pattern = /[*?[\]{}]/;

/**
 * Stored files as files of this machine: those of a folder where they are, others fetched into a folder for
 * what is temporary, once as long as they are the same object. Files never change under a name, so name, size
 * and time say that.
 */
export class LocalFiles implements AsyncDisposable {
  /** What is known of their columns. */
  readonly schemas: SchemaGroups = new SchemaGroups();
  readonly #store: Store;
  readonly #maxBytes: number;
  readonly #folder = once(() => TempFolder.make("mdc-sql"));
  #hasFolder = false;
  /** In the order of their last use. */
  readonly #kept = new Map<string, { readonly path: string; readonly size: number }>();
  #serial = 0;

  constructor(store: Store, maxBytes: number = maxKeptBytes) {
    this.#store = store;
    this.#maxBytes = maxBytes;
  }

  /** A folder for what a query has no memory for. */
  async spillFolder(): Promise<string> {
    return join(await this.#open(), "spill");
  }

  /**
   * Where these files are, by path in the store. Throws what the store throws, and a `RangeError` if
   * they have more bytes than are fetched.
   */
  async locate(entries: readonly StoreEntry[]): Promise<ReadonlyMap<string, string>> {
    const here = new Map<string, string>();
    const wanted: StoreEntry[] = [];
    for (const entry of entries) {
      const path = join(this.#store.description, entry.path);
      if (isAbsolute(this.#store.description) && !pattern.test(path)) here.set(entry.path, path);
      else wanted.push(entry);
    }
    await this.#makeRoom(wanted);
    const fetched = mapConcurrent(
      wanted,
      filesAtOnce,
      async (entry) => [entry.path, await this.#fetch(entry)] as const,
    );
    for await (const [path, file] of fetched) here.set(path, file);
    return here;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#hasFolder) await (await this.#folder())[Symbol.asyncDispose]();
  }

  async #open(): Promise<string> {
    this.#hasFolder = true;
    return (await this.#folder()).path;
  }

  /** Forgets what was used longest ago, until there is room for all of these. */
  async #makeRoom(wanted: readonly StoreEntry[]): Promise<void> {
    const keys = new Set(wanted.map(keyOf));
    let bytes = wanted.reduce((sum, { size }) => sum + size, 0);
    if (bytes > this.#maxBytes) {
      const message =
        `sql: the files of these collections have ${bytes} bytes, and at most ${this.#maxBytes} are fetched; ` +
        "narrow it with from and to, or with endpoint and deployment";
      throw invalidArgument(new RangeError(message));
    }
    for (const [key, { size }] of this.#kept) if (!keys.has(key)) bytes += size;
    for (const [key, { path, size }] of this.#kept) {
      if (bytes <= this.#maxBytes) return;
      if (keys.has(key)) continue;
      this.#kept.delete(key);
      bytes -= size;
      await removeFile(path).catch(() => {});
    }
  }

  async #fetch(entry: StoreEntry): Promise<string> {
    const key = keyOf(entry);
    const known = this.#kept.get(key);
    if (known !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, known);
      return known.path;
    }
    // The folders tell the partition, and the name is what a record of JSON lines refers to.
    const parts = entry.path
      .split("/")
      .slice(3)
      .map((part) => part.replaceAll(/[^A-Za-z0-9._=-]/g, "_"));
    const path = join(await this.#open(), String(this.#serial++), ...parts);
    await makeDirectories(join(path, ".."));
    await writeNewFile(path, this.#chunks(entry));
    this.#kept.set(key, { path, size: entry.size });
    return path;
  }

  async *#chunks({ path, size, etag }: StoreEntry): AsyncGenerator<Uint8Array, void, undefined> {
    for (let start = 0; start < size; ) {
      const range = { start, end: Math.min(size, start + chunkBytes) };
      const bytes = await this.#store.get(path, { range, etag });
      if (bytes.length === 0) throw new ObjectNotFoundError(`${path}: it has lost bytes since it was listed`);
      yield bytes;
      start += bytes.length;
    }
  }
}

function keyOf({ path, size, lastModified }: StoreEntry): string {
  return `${size} ${lastModified} ${path}`;
}
