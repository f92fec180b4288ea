import type { RangeSource } from "../codec/range-source.ts";
import type { Store } from "../store/store.ts";
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

/**
 * The bytes of a data file. The end of the file, which is read first and holds the footer, is kept and
 * fetched once.
 */
export function openStoredFile(store: Store, file: DataFile): StoredFile {
  let failure: { readonly error: unknown } | undefined;
  let kept: { readonly start: number; readonly end: number; readonly bytes: Uint8Array } | undefined;

  const read = async (start: number, end: number): Promise<Uint8Array> => {
    if (kept !== undefined && start >= kept.start && end <= kept.end) {
      return kept.bytes.subarray(start - kept.start, end - kept.start);
    }
    const bytes = await store.get(file.path, { range: { start, end } }).catch((error: unknown) => {
      failure ??= { error };
      throw error;
    });
    if (bytes.length !== end - start) {
      throw new Error(`it has lost bytes since it was listed with ${file.size}`);
    }
    if (end === file.size) kept ??= { start, end, bytes };
    return bytes;
  };

  return {
    source: { size: file.size, read },
    explain(thrown) {
      if (failure !== undefined) return failure.error;
      return unreadableFile(file.path, thrown);
    },
  };
}
