/**
 * What this reader takes into memory of one file, whatever its headers promise. A file beyond them may be
 * whole; it is refused all the same, because decoding it could end the process.
 */

/** Bytes of a footer. Ten thousand columns in ten row groups take 15 MB. */
export const maxFooterBytes: number = 64 * 1024 * 1024;
/** Structs, texts, lists and elements of lists in one Thrift struct: 2.5 million in a footer as above. */
export const maxThriftItems = 4_000_000;
/** Bytes of one page, compressed or not. Writers aim at one MB, DuckDB at up to a hundred. */
export const maxPageBytes: number = 256 * 1024 * 1024;
/** Values of one page, nulls included. A run makes any number of them from a few bytes. */
export const maxPageValues: number = 16 * 1024 * 1024;
/** Bytes of a page index or Bloom filter. */
export const maxIndexBytes: number = 64 * 1024 * 1024;
/** Bytes, estimated, of what is fetched and decoded for one batch. */
export const maxBatchBytes: number = 1024 * 1024 * 1024;
/** Groups within groups of columns. */
export const maxDepth = 32;

/** Counts what a batch takes into memory. */
export interface Budget {
  /** Throws when this and what was taken before are more than {@link maxBatchBytes}. */
  take(bytes: number): void;
}

/** The budget of one batch. */
export function createBudget(): Budget {
  let taken = 0;
  return {
    take(bytes) {
      taken += bytes;
      if (!(taken <= maxBatchBytes)) {
        throw new Error(`a batch of it would take more than ${maxBatchBytes / 1024 ** 2} MiB of memory`);
      }
    },
  };
}
