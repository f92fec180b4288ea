import {
  folderOf,
  type GetOptions,
  type ObjectBody,
  type PutOptions,
  type PutResult,
  type Store,
  type StoreEntry,
  type StoreFolder,
} from "../store/store.ts";

/** What was asked of a store. */
export interface StoreCounts {
  /** Listings, each of which takes a request for every few thousand objects. */
  readonly listings: number;
  /** Objects in them. */
  readonly listed: number;
  /** Requests for bytes. */
  readonly reads: number;
  /** Bytes that came. */
  readonly bytes: number;
}

/** `store`, which counts what it is asked for. */
export class CountedStore implements Store {
  readonly description: string;
  readonly #store: Store;
  readonly #onListed: ((path: string) => void) | undefined;
  #counts: StoreCounts = { listings: 0, listed: 0, reads: 0, bytes: 0 };

  /** @param onListed Told the path of each object and folder in a listing. */
  constructor(store: Store, onListed?: (path: string) => void) {
    this.description = store.description;
    this.#store = store;
    this.#onListed = onListed;
  }

  /** What it was asked for so far. */
  get counts(): StoreCounts {
    return this.#counts;
  }

  put(path: string, body: ObjectBody, options?: PutOptions): Promise<PutResult> {
    return this.#store.put(path, body, options);
  }

  async get(path: string, options?: GetOptions): Promise<Uint8Array> {
    this.#add({ reads: 1 });
    const bytes = await this.#store.get(path, options);
    this.#add({ bytes: bytes.length });
    return bytes;
  }

  async *list(prefix: string, options?: { signal?: AbortSignal }): AsyncIterable<StoreEntry> {
    this.#add({ listings: 1 });
    for await (const entry of this.#store.list(prefix, options)) {
      this.#add({ listed: 1 });
      this.#onListed?.(entry.path);
      yield entry;
    }
  }

  async listFolder(folder: string, options?: { signal?: AbortSignal }): Promise<StoreFolder> {
    const found = await folderOf(this.#store, folder, options);
    this.#add({ listings: 1, listed: found.objects.length });
    for (const path of [...found.folders, ...found.objects.map((entry) => entry.path)])
      this.#onListed?.(path);
    return found;
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #add({ listings = 0, listed = 0, reads = 0, bytes = 0 }: Partial<StoreCounts>): void {
    const before = this.#counts;
    this.#counts = {
      listings: before.listings + listings,
      listed: before.listed + listed,
      reads: before.reads + reads,
      bytes: before.bytes + bytes,
    };
  }
}
