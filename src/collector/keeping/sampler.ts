/**
 * Which requests are kept: decided from the correlation id alone, so that all collections of one rate, in all
 * processes and versions, keep the same ones, and what is kept at a low rate is also kept at every higher
 * one.
 *
 * The rule, for whoever has to repeat it in another language:
 *
 *     kept  =  MurmurHash3_x86_32(UTF-8 bytes of the id, seed 0x6d646331) < rate * 2^32
 *
 * with the hash as an unsigned number and the comparison in double precision, where the product is exact. A
 * lone surrogate counts as U+FFFD, as in every conversion to UTF-8. In Python: `mmh3.hash(id, 0x6d646331,
 * signed=False)`.
 *
 * MurmurHash3 (Austin Appleby, public domain, `smhasher/src/MurmurHash3.cpp`) because every bit of the id
 * moves every bit of the hash, which ids that count upwards need; because it is to be had everywhere; and
 * because two multiplications for four bytes are what JavaScript does fast. The seed spells "mdc1". It is not
 * 0, so that the choice does not go along with an experiment that splits its users by the plain hash of the
 * same id.
 */

/** Part of the stored data's meaning: changing it would tear requests apart that span two versions. */
const seed = 0x6d646331;

/**
 * True if the request `id` is kept at `rate`, from 0 to 1. Exact at both ends: 0 keeps none, 1 all. In
 * between the share is right to 2^-32; a rate below that keeps one id in 2^32.
 */
export function isSampled(id: string, rate: number): boolean {
  if (rate >= 1) return true;
  if (!(rate > 0)) return false;
  return murmur3(id) < rate * 2 ** 32;
}

/** MurmurHash3_x86_32 of the id's UTF-8 bytes, 0 to 2^32 - 1. */
function murmur3(id: string): number {
  const length = id.length;
  let hash = seed;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const a = id.charCodeAt(at);
    const b = id.charCodeAt(at + 1);
    const c = id.charCodeAt(at + 2);
    const d = id.charCodeAt(at + 3);
    // Ids are ASCII nearly always, and then their characters are their bytes.
    if ((a | b | c | d) > 0x7f) return murmur3OfBytes(new TextEncoder().encode(id));
    hash = mixBlock(hash, a | (b << 8) | (c << 16) | (d << 24));
  }
  let tail = 0;
  for (let i = length - 1; i >= at; i--) {
    const code = id.charCodeAt(i);
    if (code > 0x7f) return murmur3OfBytes(new TextEncoder().encode(id));
    tail = (tail << 8) | code;
  }
  return finish(hash, tail, length);
}

function murmur3OfBytes(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let hash = seed;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) hash = mixBlock(hash, view.getInt32(at, true));
  let tail = 0;
  for (let i = bytes.length - 1; i >= at; i--) tail = (tail << 8) | view.getUint8(i);
  return finish(hash, tail, bytes.length);
}

function mixBlock(hash: number, block: number): number {
  return (Math.imul(rotateLeft(hash ^ scramble(block), 13), 5) + 0xe6546b64) | 0;
}

function scramble(block: number): number {
  return Math.imul(rotateLeft(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593);
}

/**
 * The last one to three bytes (0 when there are none changes nothing), the length, and the final avalanche.
 */
function finish(hash: number, tail: number, length: number): number {
  let h = hash ^ scramble(tail) ^ length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
