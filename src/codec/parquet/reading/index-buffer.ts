import type { AsyncBuffer, FileMetaData } from "hyparquet";
import type { RangeSource } from "../../range-source.ts";
import { maxPageBytes } from "./limits.ts";
import { pagePlaces } from "./offset-index.ts";
import { skimStruct } from "./thrift-skim.ts";

/** A page index or Bloom filter in a file. */
interface IndexExtent {
  readonly start: number;
  readonly end: number;
  check(bytes: Uint8Array): void;
}

/**
 * A file's bytes for whoever looks through its page indexes and Bloom filters: these are checked before they
 * are given.
 */
export function indexBuffer(source: RangeSource, metadata: FileMetaData): AsyncBuffer {
  const extents = extentsOf(metadata);
  const slice = async (start: number, end: number): Promise<ArrayBuffer> => {
    if (end - start > maxPageBytes) throw new Error("its page indexes are larger than this reader takes");
    const bytes = await source.read(start, end);
    for (const extent of extents) {
      if (extent.start >= start && extent.end <= end) {
        extent.check(bytes.subarray(extent.start - start, extent.end - start));
      }
    }
    const { buffer, byteOffset, byteLength } = bytes;
    const whole = buffer instanceof ArrayBuffer && byteOffset === 0 && byteLength === buffer.byteLength;
    return whole ? buffer : new Uint8Array(bytes).buffer;
  };
  return {
    byteLength: source.size,
    slice(start, end = source.size) {
      const bytes = slice(start, end);
      // Prefetched, it may fail before anybody waits for it, or when something else has failed and nobody
      // will.
      bytes.catch(() => {});
      return bytes;
    },
  };
}

function extentsOf(metadata: FileMetaData): IndexExtent[] {
  const extents: IndexExtent[] = [];
  const add = (
    offset: bigint | undefined,
    length: number | undefined,
    check: (bytes: Uint8Array) => void,
  ): void => {
    if (!offset || !length) return;
    extents.push({ start: Number(offset), end: Number(offset) + length, check });
  };
  const skim = (bytes: Uint8Array): void => {
    skimStruct(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0);
  };
  for (const { columns, num_rows } of metadata.row_groups) {
    for (const chunk of columns) {
      add(chunk.column_index_offset, chunk.column_index_length, skim);
      add(chunk.offset_index_offset, chunk.offset_index_length, (bytes) => {
        pagePlaces(bytes, chunk, Number(num_rows));
      });
      // Of a Bloom filter its header alone: the rest is bits.
      add(chunk.meta_data?.bloom_filter_offset, chunk.meta_data?.bloom_filter_length, skim);
    }
  }
  return extents;
}
