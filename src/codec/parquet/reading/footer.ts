import type { ParquetParsers } from "hyparquet";
import type { RangeSource } from "../../range-source.ts";
import { checkMetadata } from "./check-metadata.ts";
import { type DecodedFooter, decodeFooter } from "./footer-decoder.ts";
import { maxFooterBytes } from "./limits.ts";

/** Magic number twice, the footer's length, and the least there can be in it. */
const minFileBytes = 12;
/** A file that is fetched at once, or the rest of it behind its end. */
export const smallFileBytes: number = 512 * 1024;
/** What holds most footers with their indexes. */
const endBytes = 128 * 1024;
const magic = 0x31_52_41_50;

/** What is fetched first: the end of a file, or all of one that is small. */
export type FirstRead = "end" | "whole";

/**
 * Reads a file's footer, and refuses what cannot be true. Rejects when the bytes are not those of a whole
 * Parquet file.
 */
export async function readFooter(
  source: RangeSource,
  parsers: ParquetParsers,
  first: FirstRead = "whole",
): Promise<DecodedFooter> {
  const { size } = source;
  if (size < minFileBytes) throw new Error(`a Parquet file has at least ${minFileBytes} bytes, got ${size}`);
  const isWhole = size <= (first === "whole" ? smallFileBytes : endBytes);
  const tail = await source.read(isWhole ? 0 : size - endBytes, size);
  const end = new DataView(tail.buffer, tail.byteOffset + tail.length - 8, 8);
  if (end.getUint32(4, true) !== magic) throw new Error("it does not end as a Parquet file does");
  const length = end.getUint32(0, true) + 8;
  if (length > size - 4) throw new Error(`its footer says it has ${length} bytes, the file has ${size}`);
  if (length > maxFooterBytes) throw new Error(`its footer has ${length} bytes, more than this reader takes`);
  const bytes =
    length <= tail.length ? tail.subarray(tail.length - length) : await source.read(size - length, size);
  const footer = decodeFooter(bytes, parsers);
  checkMetadata(footer.metadata, size);
  return footer;
}
