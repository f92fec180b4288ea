import type { Values } from "../../frame/batch.ts";
import { ThriftWriter } from "./bytes/thrift.ts";
import { type Hash64, xxHash64 } from "./bytes/xxhash64.ts";
import { eachByteArray } from "./encodings/byte-dictionary.ts";
import { valueCount } from "./piece.ts";

/**
 * A split block Bloom filter (BloomFilter.md): blocks of 8 words of 32 bits; a value sets one bit in each
 * word of one block. A reader that looks for one correlation id learns from it that a row group has no such
 * id, or maybe has.
 */
export class BloomFilter {
  readonly #words: Uint32Array;
  readonly #blocks: number;

  /**
   * For `values` different values. The size is a power of two, as some readers demand, with 7 to 14 bits a
   * value: 0.2 % to 5 % of absent values are taken for present.
   */
  constructor(values: number) {
    const bytes = 2 ** Math.ceil(Math.log2(Math.max(32, (values * minBits) / 8)));
    this.#words = new Uint32Array(bytes / 4);
    this.#blocks = bytes / 32;
  }

  /** Adds a value by the two halves of its xxHash64. */
  add(high: number, low: number): void {
    // floor(high * blocks / 2^32), exact because blocks is a power of two.
    const block = Math.floor((high * this.#blocks) / 0x1_0000_0000) * 8;
    for (let i = 0; i < 8; i++) this.#words[block + i]! |= 1 << (Math.imul(low, salt[i]!) >>> 27);
  }

  /** `BloomFilterHeader` and the bits, as they stand in the file. */
  encode(): Uint8Array {
    const thrift = new ThriftWriter();
    thrift.structElement(() => {
      thrift.i32(1, this.#words.byteLength);
      for (const only of [2, 3, 4]) thrift.struct(only, () => thrift.struct(1, () => {}));
    });
    thrift.sink.put(new Uint8Array(this.#words.buffer));
    return thrift.sink.written();
  }
}

/**
 * The filter of all these texts or 64-bit integers of a row group, as it stands in the file; undefined of
 * values of another kind.
 */
export function valuesFilter(all: readonly Values[]): Uint8Array | undefined {
  let count = 0;
  for (const values of all)
    count += values.kind === "dictionary" ? values.dictionary.count : valueCount(values);
  const filter = new BloomFilter(count);
  const hash: Hash64 = { high: 0, low: 0 };
  for (const values of all) {
    if (values.kind === "int64") {
      const { buffer, byteOffset, byteLength } = values.data;
      const view = new DataView(buffer, byteOffset, byteLength);
      for (let at = 0; at < byteLength; at += 8) {
        xxHash64(view, at, at + 8, hash);
        filter.add(hash.high, hash.low);
      }
      continue;
    }
    const texts = values.kind === "dictionary" ? values.dictionary : values;
    if (!("count" in texts)) return undefined;
    eachByteArray(texts.data, texts.count, (view, start, end) => {
      xxHash64(view, start, end, hash);
      filter.add(hash.high, hash.low);
    });
  }
  return filter.encode();
}

const minBits = 6.9;

const salt = Uint32Array.of(
  0x47b6137b,
  0x44974d91,
  0x8824ad5b,
  0xa2b7289d,
  0x705495c7,
  0x2df1424b,
  0x9efc4947,
  0x5c6bfb31,
);
