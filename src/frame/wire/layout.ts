import type { Values } from "../batch.ts";
import { scalarTypes } from "../../layout/column-type.ts";

/**
 * The wire form of a batch: one buffer, which a thread hands to another and the spool keeps as a record.
 * Reading it makes views and copies nothing.
 *
 * ```text
 *  0  "MDCB"                                       40  header: JSON, UTF-8
 *  4  u8 version (1, 2), u8 × 3 zero                …  names: UTF-8, one after another
 *  8  u32 bytes of the whole                        …  (zeros up to a multiple of 8)
 * 12  u32 bytes of the header                       …  directory: an entry of 64 bytes per column:
 * 16  u32 bytes of the names                              first the frame table's, then the features'
 * 20  u32 start of the directory                    …  buffers, each at a multiple of 8, zeros between
 * 24  u32 entries of the directory
 * 28  u32 frames
 * 32  u32 rows
 * 36  u32 columns of the frame table
 *
 * an entry of the directory
 *  0  u8 type: index in `typeCodes`; 255 rejected; +128: list of it
 *  1  u8 kind of values: index in `kinds`
 *  2  u8 1 when there is a validity bitmap; u8 zero
 *  4  u32 values
 *  8  u32 start and u32 bytes of its name, among the names
 * 16  u32 start of the validity bitmap (bit per row, least significant first)
 * 20  u32 start and u32 bytes of the data; of a dictionary: its codes, of a list: its lengths
 * 28  u32 start and u32 bytes of the second buffer: a dictionary's values
 * 36  u32 entries of the dictionary; of a list: elements, nulls included
 * 40  8 bytes least value and 8 bytes greatest value, as int64 for int64 and timestamp, else as float64
 * 56  zeros
 * ```
 *
 * A list's entry is followed by one for its elements, without a name, whose "rows" are the elements. The
 * frames' row counts are a u32 array right after the directory. All numbers are little-endian, and so must
 * the machine be: Node's typed arrays then are the buffers. Starts count from the first byte of the whole.
 *
 * Decoding (`wire/decode.ts`) believes nothing: it checks each offset, length, count and bitmap.
 */
export const wireMagic = 0x4243444d;
/**
 * The newest version of the wire form. Versions differ in the columns of the frame table alone: version 2 has
 * the client request id. A batch is written in the oldest version that holds all its values, so that an older
 * release of this package, with which it shares a spool, can read it; all of them are read.
 */
export const wireVersion = 2;
/** Bytes before the header. */
export const wirePreamble = 40;
/** Bytes of a directory's entry. */
export const wireEntry = 64;
/** Kinds of values, by their code. */
export const kinds: readonly Values["kind"][] = [
  "float64",
  "int64",
  "int32",
  "boolean",
  "bytes",
  "dictionary",
  "list",
];
/** Scalar types, by their code. Only ever appended to. */
export const typeCodes: typeof scalarTypes = scalarTypes;
/** Code of the pseudo-type `rejected`. */
export const rejectedCode = 255;
/** Added to a scalar's code for a list of it. */
export const listFlag = 128;

/** The next multiple of 8. */
export function align(at: number): number {
  return Math.ceil(at / 8) * 8;
}
