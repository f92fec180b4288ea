import { isAbsolute, join } from "node:path";
import { invalidArgument } from "../../base/errors.ts";
import { makeDirectories, removeFile } from "../../base/files/files.ts";
import { TempFolder } from "../../base/files/temp-folder.ts";
import { once } from "../../base/once.ts";
import type { Store, StoreEntry } from "../../store/store.ts";
import { mapConcurrent } from "../map-concurrent.ts";
import { type AskedColumns, LocalCopy, type MissingBytes } from "./local-copy.ts";
import { SchemaGroups } from "./schema-groups.ts";

/** Bytes that are fetched for one query, and kept for the next, at most: 8 GiB. */
const maxKeptBytes = 8 * 1024 ** 3;
const fetchedAtOnce = 8;

/** What a path means to DuckDB beside itself. */
const pattern = /[*?[\]{}]/;

/** Stored files that are on this machine. */
export interface LocatedFiles {
  /** Where each is, by its path in the store. */
  readonly here: ReadonlyMap<string, string>;
  /** Whether they have all their bytes, not only those of the columns that were asked for. */
  readonly areWhole: boolean;
}

/**
 * Stored files as files of this machine: those of a folder where they are, of others the columns that are
 * asked for fetched into a folder for what is temporary, once as long as they are the same object. Files
 * never change under a name, so name, size and time say that.
 */
export class LocalFiles implements AsyncDisposable {
  /** What is known of their columns. */
  readonly schemas: SchemaGroups = new SchemaGroups();
  readonly #store: Store;
  readonly #maxBytes: number;
  readonly #folder = once(() => TempFolder.make("mdc-sql"));
  #hasFolder = false;
  /** In the order of their last use. */
  readonly #kept = new Map<string, Promise<LocalCopy>>();
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
   * Where these files are, by path in the store, with these columns at least. Throws what the store throws,
   * and a `RangeError` if there are more bytes than are fetched.
   */
  async locate(entries: readonly StoreEntry[], asked?: AskedColumns): Promise<LocatedFiles> {
    const here = new Map<string, string>();
    const remote: StoreEntry[] = [];
    for (const entry of entries) {
      const path = this.#pathInPlace(entry);
      if (path === undefined) remote.push(entry);
      else here.set(entry.path, path);
    }
    const copies: LocalCopy[] = [];
    for await (const copy of mapConcurrent(remote, fetchedAtOnce, (entry) => this.#begin(entry)))
      copies.push(copy);
    const missing = copies.flatMap((copy) => copy.missing(asked));
    await this.#makeRoom(copies, missing);
    for await (const _ of mapConcurrent(missing, fetchedAtOnce, (bytes) => bytes.fetch()));
    for (const [i, copy] of copies.entries()) here.set(remote[i]?.path ?? "", copy.path);
    return { here, areWhole: copies.every(({ isWhole }) => isWhole) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#hasFolder) await (await this.#folder())[Symbol.asyncDispose]();
  }

  async #open(): Promise<string> {
    this.#hasFolder = true;
    return (await this.#folder()).path;
  }

  /** Where a file is that need not be fetched. */
  #pathInPlace(entry: StoreEntry): string | undefined {
    const path = join(this.#store.description, entry.path);
    return isAbsolute(this.#store.description) && !pattern.test(path) ? path : undefined;
  }

  /** Forgets what was used longest ago, until there is room for what these files lack. */
  async #makeRoom(copies: readonly LocalCopy[], missing: readonly MissingBytes[]): Promise<void> {
    const used = new Set(copies);
    let bytes = copies.reduce((sum, copy) => sum + copy.bytes, 0);
    for (const { start, end } of missing) bytes += end - start;
    if (bytes > this.#maxBytes) {
      const message =
        `sql: what is asked for has ${bytes} bytes in the files of these collections, and at most ` +
        `${this.#maxBytes} are fetched; narrow it with from and to, or with endpoint and deployment`;
      throw invalidArgument(new RangeError(message));
    }
    const others: (readonly [key: string, copy: LocalCopy])[] = [];
    for (const [key, begun] of this.#kept) {
      // Whoever begins it is told what is wrong.
      const copy = await begun.catch(() => undefined);
      if (copy !== undefined && !used.has(copy)) others.push([key, copy]);
    }
    for (const [, copy] of others) bytes += copy.bytes;
    for (const [key, copy] of others) {
      if (bytes <= this.#maxBytes) return;
      this.#kept.delete(key);
      bytes -= copy.bytes;
      await removeFile(copy.path).catch(() => {});
    }
  }

  async #begin(entry: StoreEntry): Promise<LocalCopy> {
    const key = keyOf(entry);
    const copy = this.#kept.get(key) ?? this.#newCopy(entry);
    this.#kept.delete(key);
    this.#kept.set(key, copy);
    try {
      return await copy;
    } catch (thrown) {
      if (this.#kept.get(key) === copy) this.#kept.delete(key);
      throw thrown;
    }
  }

  async #newCopy(entry: StoreEntry): Promise<LocalCopy> {
    // The folders tell the partition, and the name is what a record of JSON lines refers to.
    const parts = entry.path
      .split("/")
      .slice(3)
      .map((part) => part.replaceAll(/[^A-Za-z0-9._=-]/g, "_"));
    const path = join(await this.#open(), String(this.#serial++), ...parts);
    await makeDirectories(join(path, ".."));
    return await LocalCopy.begin(this.#store, entry, path);
  }
}

function keyOf({ path, size, lastModified }: StoreEntry): string {
  return `${size} ${lastModified} ${path}`;
}
