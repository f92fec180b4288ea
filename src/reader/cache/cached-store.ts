import { wrongKind } from "../../base/errors.ts";
import { CacheFolder } from "../../base/files/cache-folder.ts";
import { errorCode } from "../../base/files/file-system.ts";
import { once } from "../../base/once.ts";
import {
  folderOf,
  type GetOptions,
  type ObjectBody,
  type PutOptions,
  type PutResult,
  type Store,
  type StoreEntry,
  type StoreFolder,
} from "../../store/store.ts";
import { StoreError } from "../../store/store-error.ts";

/** Bytes that a cache keeps, of all processes that share it: 4 GiB. */
const maxCacheBytes: number = 4 * 1024 ** 3;

/**
 * `store`, or one that fetches each part of an object once: what came is kept in a folder, by the object's
 * etag, until there is no room for it. Parts are kept of objects that were listed with an etag, so never of a
 * folder, which is as near. Listings are always asked for anew. Throws for a folder that is none.
 */
export function withCache(store: Store, folder: string | undefined, maxBytes: number = maxCacheBytes): Store {
  if (folder === undefined) return store;
  if (typeof folder !== "string" || folder === "")
    throw wrongKind("openDataset: cacheDirectory", "the path of a folder", folder);
  return new CachedStore(store, folder, maxBytes);
}

class CachedStore implements Store {
  readonly description: string;
  readonly #store: Store;
  readonly #cache: CacheFolder;
  readonly #open: () => Promise<void>;

  constructor(store: Store, folder: string, maxBytes: number) {
    this.description = store.description;
    this.#store = store;
    this.#cache = new CacheFolder(folder, maxBytes);
    this.#open = once(async () => {
      try {
        await this.#cache.open();
      } catch (thrown) {
        const code = errorCode(thrown) ?? "unknown";
        throw new StoreError("configuration", `cacheDirectory: ${folder} cannot be made (${code})`, {
          operation: "open",
          code,
        });
      }
    });
  }

  async get(path: string, options: GetOptions = {}): Promise<Uint8Array> {
    const { etag, range } = options;
    if (etag === undefined) return await this.#store.get(path, options);
    await this.#open();
    const part = range === undefined ? "all" : `${range.start}-${range.end}`;
    const key = [this.description, path, etag, part].join("\n");
    const known = await this.#cache.get(key);
    if (known !== undefined) return known;
    const bytes = await this.#store.get(path, options);
    await this.#cache.put(key, bytes);
    return bytes;
  }

  put(path: string, body: ObjectBody, options?: PutOptions): Promise<PutResult> {
    return this.#store.put(path, body, options);
  }

  list(prefix: string, options?: { signal?: AbortSignal }): AsyncIterable<StoreEntry> {
    return this.#store.list(prefix, options);
  }

  listFolder(folder: string, options?: { signal?: AbortSignal }): Promise<StoreFolder> {
    return folderOf(this.#store, folder, options);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}
