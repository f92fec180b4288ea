import { smallFileBytes } from "../codec/parquet/reading/footer.ts";
import type { RangeSource } from "../codec/range-source.ts";
import { ObjectNotFoundError, type Store } from "../store/store.ts";
import type { DataFile } from "./data-file.ts";
import { unreadableFile } from "./unreadable.ts";

/** A stored file's bytes, and the means to tell bad bytes from bytes that could not be fetched. */
export interface StoredFile {
  readonly source: RangeSource;
  /**
   * What to throw for something thrown while decoding {@link StoredFile.source}: the store's own error if a
   * read failed, else a `CollectorError` with code `CORRUPT` that names the file.
   */
  explain(thrown: unknown): unknown;
}

/** Parts with fewer bytes between them are fetched together: a request takes as long as so many bytes do. */
const maxGapBytes = 64 * 1024;
/** What is fetched together at most, unless one part alone is larger. */
const maxTogetherBytes = 8 * 1024 * 1024;

/**
 * The bytes of a data file. The end of the file, which is read first and holds the footer, is kept and
 * fetched once; of a small file, so is all the rest as soon as something of it is asked for. Parts that are
 * asked for at the same time and lie close together are one request.
 */
export function openStoredFile(store: Store, file: DataFile): StoredFile {
  const reading = new Reading(store, file);
  return {
    source: {
      size: file.size,
      read: (start, end) => reading.read(start, end),
      readNow: (start, end) => reading.readNow(start, end),
    },
    explain: (thrown) =>
      reading.failure === undefined ? unreadableFile(file.path, thrown) : reading.failure.error,
  };
}

interface Part {
  readonly start: number;
  readonly end: number;
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

class Reading {
  failure: { readonly error: unknown } | undefined;
  readonly #store: Store;
  readonly #file: DataFile;
  /** The end of the file. */
  #kept: { readonly start: number; readonly bytes: Uint8Array } | undefined;
  /** All bytes of a small file, once more than its end was asked for. */
  #whole: Promise<Uint8Array> | undefined;
  #waiting: Part[] = [];

  constructor(store: Store, file: DataFile) {
    this.#store = store;
    this.#file = file;
  }

  readNow(start: number, end: number): Uint8Array | undefined {
    const kept = this.#kept;
    return kept !== undefined && start >= kept.start
      ? kept.bytes.subarray(start - kept.start, end - kept.start)
      : undefined;
  }

  read(start: number, end: number): Promise<Uint8Array> {
    const there = this.readNow(start, end);
    if (there !== undefined) return Promise.resolve(there);
    if (this.#kept !== undefined && this.#file.size <= smallFileBytes) {
      this.#whole ??= this.#addRest(this.#kept);
      return this.#whole.then((bytes) => bytes.subarray(start, end));
    }
    // Not `queueMicrotask`, which fake timers may hold.
    if (this.#waiting.length === 0) void Promise.resolve().then(() => this.#fetchWaiting());
    const bytes = new Promise<Uint8Array>((resolve, reject) => {
      this.#waiting.push({ start, end, resolve, reject });
    });
    // Whoever asked may have given up meanwhile.
    bytes.catch(() => {});
    return bytes;
  }

  async #addRest(kept: { readonly start: number; readonly bytes: Uint8Array }): Promise<Uint8Array> {
    const rest = await this.#get(0, kept.start);
    const bytes = Buffer.concat([rest, kept.bytes]);
    this.#kept = { start: 0, bytes };
    return bytes;
  }

  #fetchWaiting(): void {
    const parts = this.#waiting.sort((a, b) => a.start - b.start);
    this.#waiting = [];
    let together: Part[] = [];
    let end = 0;
    for (const part of parts) {
      const [first] = together;
      const near = part.start - end <= maxGapBytes && part.end - (first?.start ?? 0) <= maxTogetherBytes;
      if (first !== undefined && !near) {
        void this.#fetch(together, end);
        together = [];
      }
      end = together.length === 0 ? part.end : Math.max(end, part.end);
      together.push(part);
    }
    if (together.length > 0) void this.#fetch(together, end);
  }

  async #fetch(parts: readonly Part[], end: number): Promise<void> {
    const start = parts[0]?.start ?? end;
    try {
      const bytes = await this.#get(start, end);
      for (const part of parts) part.resolve(bytes.subarray(part.start - start, part.end - start));
    } catch (thrown) {
      for (const part of parts) part.reject(thrown);
    }
  }

  async #get(start: number, end: number): Promise<Uint8Array> {
    const { path, size, etag } = this.#file;
    const bytes = await this.#store.get(path, { range: { start, end }, etag }).catch((thrown: unknown) => {
      const error = thrown instanceof ObjectNotFoundError ? goneSince(path, thrown) : thrown;
      this.failure ??= { error };
      throw error;
    });
    if (bytes.length !== end - start) throw new Error(`it has lost bytes since it was listed with ${size}`);
    if (end === size) this.#kept ??= { start, bytes };
    return bytes;
  }
}

/** What to throw for a file that was listed, and is not there any more. */
function goneSince(path: string, cause: ObjectNotFoundError): ObjectNotFoundError {
  return new ObjectNotFoundError(
    `${path}: it is gone since its folder was listed: compacted, erased or purged meanwhile. Run it again`,
    { cause },
  );
}
