import { bodyChunks, bodySize } from "./object-body.ts";
import { checkListPrefix, checkObjectPath, checkRange } from "./object-path.ts";
import {
  type DeleteResult,
  type GetOptions,
  maxWholeBytes,
  type ObjectBody,
  ObjectNotFoundError,
  type PutOptions,
  type PutResult,
  type StoreEntry,
  type UpkeepStore,
} from "./store.ts";
import { getTooLarge, putConflict, putFailure, toPutError } from "./store-error.ts";

/** An object of a {@link MemoryStore}. */
export interface MemoryObject {
  readonly bytes: Uint8Array;
  readonly metadata: Readonly<Record<string, string>>;
  readonly contentType: string;
  /** Milliseconds since 1970 UTC. */
  readonly lastModified: number;
}

/**
 * An {@link UpkeepStore} that keeps everything in memory and can be told to fail: a test double with the real
 * rules.
 */
export interface MemoryStore extends UpkeepStore {
  /** What is stored, by path. */
  readonly objects: ReadonlyMap<string, MemoryObject>;
  /** How often `put` was called. */
  readonly puts: number;
  /**
   * The next `times` (default 1) puts answer `result`. With `stored: true` they store the object all the
   * same: an answer that was lost on its way.
   */
  failPuts(result: PutResult, options?: { readonly times?: number; readonly stored?: boolean }): void;
  /** The next `times` (default 1) calls of `get`, `list`, `delete` and `replace` throw `error`. */
  failReads(error: Error, times?: number): void;
}

/** Makes an empty {@link MemoryStore}. `now` gives `lastModified`; default the machine's clock. */
export function createMemoryStore(options: { readonly now?: () => number } = {}): MemoryStore {
  return new InMemoryStore(options.now ?? Date.now);
}

class InMemoryStore implements MemoryStore {
  readonly description: string = "memory";
  readonly objects: Map<string, MemoryObject> = new Map();
  puts = 0;
  readonly #now: () => number;
  readonly #putFailures: { result: PutResult; stored: boolean }[] = [];
  readonly #readFailures: Error[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  async put(path: string, body: ObjectBody, options: PutOptions = {}): Promise<PutResult> {
    checkObjectPath(path, "put");
    this.puts += 1;
    const failure = this.#putFailures.shift();
    if (failure && !failure.stored) return failure.result;
    const result = await this.#create(path, body, options);
    return failure?.result ?? result;
  }

  async #create(path: string, body: ObjectBody, options: PutOptions): Promise<PutResult> {
    let bytes: Uint8Array;
    try {
      bytes = await collect(body, options.signal);
    } catch (thrown) {
      return putFailure(toPutError(path, thrown, options.signal));
    }
    const there = this.objects.get(path);
    if (there) return Buffer.compare(there.bytes, bytes) === 0 ? { status: "exists" } : putConflict(path);
    this.objects.set(path, {
      bytes,
      metadata: { ...options.metadata },
      contentType: options.contentType ?? "application/octet-stream",
      lastModified: this.#now(),
    });
    return { status: "stored" };
  }

  async get(path: string, options: GetOptions = {}): Promise<Uint8Array> {
    checkObjectPath(path, "get");
    if (options.range) checkRange(options.range, "get: range");
    this.#failRead();
    options.signal?.throwIfAborted();
    const found = this.objects.get(path);
    if (!found) throw new ObjectNotFoundError(`get ${path}: there is no such object in memory`);
    const { byteLength } = found.bytes;
    if (!options.range && byteLength > maxWholeBytes) throw getTooLarge(path, byteLength, maxWholeBytes);
    return found.bytes.slice(options.range?.start, options.range?.end);
  }

  async *list(prefix: string, options: { signal?: AbortSignal } = {}): AsyncIterable<StoreEntry> {
    checkListPrefix(prefix, "list");
    this.#failRead();
    const paths = [...this.objects.keys()].filter((path) => path.startsWith(prefix)).sort();
    for (const path of paths) {
      options.signal?.throwIfAborted();
      const found = this.objects.get(path);
      if (!found) continue;
      const { bytes, lastModified, metadata } = found;
      yield { path, size: bytes.byteLength, lastModified, metadata };
    }
  }

  async delete(path: string, options: { signal?: AbortSignal } = {}): Promise<DeleteResult> {
    checkObjectPath(path, "delete");
    this.#failRead();
    options.signal?.throwIfAborted();
    return this.objects.delete(path) ? "deleted" : "absent";
  }

  async replace(path: string, bytes: Uint8Array, options: { signal?: AbortSignal } = {}): Promise<void> {
    checkObjectPath(path, "replace");
    this.#failRead();
    options.signal?.throwIfAborted();
    const contentType = "application/octet-stream";
    this.objects.set(path, { bytes: bytes.slice(), metadata: {}, contentType, lastModified: this.#now() });
  }

  async close(): Promise<void> {}

  failPuts(result: PutResult, options: { readonly times?: number; readonly stored?: boolean } = {}): void {
    for (let i = 0; i < (options.times ?? 1); i++) {
      this.#putFailures.push({ result, stored: options.stored ?? false });
    }
  }

  failReads(error: Error, times = 1): void {
    for (let i = 0; i < times; i++) this.#readFailures.push(error);
  }

  #failRead(): void {
    const error = this.#readFailures.shift();
    if (error) throw error;
  }
}

/** A copy of the whole body. */
async function collect(body: ObjectBody, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const bytes = new Uint8Array(bodySize(body));
  let at = 0;
  for await (const chunk of bodyChunks(body, signal)) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
