import { oneOf, type Random } from "./random.ts";
import { numbersIn, type NumberPlace } from "./thrift-numbers.ts";
import { pageHeaders } from "./page-headers.ts";

/** A file, damaged in some way. */
export interface Damaged {
  readonly how: string;
  readonly bytes: Uint8Array;
}

/** Damages a file in one of many ways, now and then in several. */
export function damage(whole: Uint8Array, others: readonly Uint8Array[], random: Random): Damaged {
  const times = oneOf(random, [1, 1, 1, 1, 2, 3, 8]);
  let bytes = whole;
  const hows: string[] = [];
  for (let i = 0; i < times; i++) {
    const way = oneOf(random, ways);
    const changed = bytes.length < 16 ? undefined : way(bytes, others, random);
    if (changed === undefined) continue;
    bytes = changed;
    hows.push(way.name);
  }
  return { how: hows.join(", "), bytes };
}

/** What can become of bytes; undefined if this cannot. */
export type Way = (
  bytes: Uint8Array,
  others: readonly Uint8Array[],
  random: Random,
) => Uint8Array | undefined;

/** Numbers at which programs break. */
const extremes = [
  0,
  1,
  2,
  3,
  7,
  8,
  15,
  63,
  64,
  127,
  128,
  255,
  256,
  4095,
  65_535,
  1_000_000,
  16_777_215,
  2 ** 24,
  2 ** 27,
  2 ** 31 - 2,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 2,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53,
  2 ** 63,
  2 ** 64,
].map((value) => BigInt(value));

const bits: Way = (bytes, _, random) => {
  const copy = bytes.slice();
  for (let i = oneOf(random, [1, 1, 2, 8, 64]); i > 0; i--) {
    const at = random(copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << random(8));
  }
  return copy;
};

const footerBytes: Way = (bytes, _, random) => {
  const copy = bytes.slice();
  const { start, end } = footerOf(bytes);
  for (let i = oneOf(random, [1, 1, 2, 4]); i > 0; i--) {
    copy[start + random(Math.max(1, end - start))] = oneOf(random, [random(256), 0, 0x7f, 0x80, 0xff, 0xfe]);
  }
  return copy;
};

const footerNumber: Way = (bytes, _, random) => {
  const { start, end } = footerOf(bytes);
  const places = numbersIn(bytes, start, end);
  if (places.length === 0) return undefined;
  const place = oneOf(random, places);
  const number = numberFor(place, random);
  const footer = end - start - (place.end - place.start) + number.length;
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, footer, true);
  return join(
    bytes.subarray(0, place.start),
    number,
    bytes.subarray(place.end, end),
    length,
    bytes.subarray(end + 4),
  );
};

const pageNumber: Way = (bytes, _, random) => {
  const headers = pageHeaders(bytes);
  if (headers.length === 0) return undefined;
  const { start, end } = oneOf(random, headers);
  const places = numbersIn(bytes, start, end);
  if (places.length === 0) return undefined;
  const place = oneOf(random, places);
  const number = numberFor(place, random);
  const stays = random(3) > 0;
  // Mostly in the same number of bytes: then all the rest is where it was.
  const fitted = stays ? fit(number, place.end - place.start) : number;
  return join(bytes.subarray(0, place.start), fitted, bytes.subarray(place.end));
};

const pageBody: Way = (bytes, _, random) => {
  const headers = pageHeaders(bytes);
  if (headers.length === 0) return undefined;
  const { end, bodyEnd } = oneOf(random, headers);
  const copy = bytes.slice();
  for (let i = oneOf(random, [1, 1, 2, 4, 16]); i > 0; i--) {
    copy[end + random(Math.max(1, Math.min(bodyEnd - end, oneOf(random, [4, 8, 64, 1e9]))))] = oneOf(random, [
      random(256),
      0,
      0x80,
      0xfe,
      0xff,
    ]);
  }
  return copy;
};

const footerLength: Way = (bytes, _, random) => {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  const value = oneOf(random, [
    0,
    1,
    bytes.length,
    bytes.length - 8,
    bytes.length - 12,
    2 ** 32 - 1,
    random(2 ** 32),
  ]);
  view.setUint32(copy.length - 8, value, true);
  return copy;
};

const cutEnd: Way = (bytes, _, random) => bytes.slice(0, random(bytes.length));
const cutStart: Way = (bytes, _, random) => bytes.slice(random(bytes.length));
const cutMiddle: Way = (bytes, _, random) => {
  const [from, to] = ends(bytes, random);
  return join(bytes.subarray(0, from), bytes.subarray(to));
};
const zeros: Way = (bytes, _, random) => {
  const [from, to] = ends(bytes, random);
  return bytes.slice().fill(oneOf(random, [0, 0xff, 0x80]), from, to);
};
const swap: Way = (bytes, _, random) => {
  const size = 1 + random(Math.min(4096, bytes.length >> 1));
  const [a, b] = [random(bytes.length - size), random(bytes.length - size)];
  const copy = bytes.slice();
  copy.set(bytes.subarray(a, a + size), b);
  copy.set(bytes.subarray(b, b + size), a);
  return copy;
};
const repeat: Way = (bytes, _, random) => {
  const [from, to] = ends(bytes, random);
  return join(bytes.subarray(0, to), bytes.subarray(from, to), bytes.subarray(to));
};
const grow: Way = (bytes, _, random) => {
  const at = oneOf(random, [random(bytes.length), bytes.length, 0]);
  const more = Uint8Array.from({ length: 1 + random(300) }, () => random(256));
  return join(bytes.subarray(0, at), more, bytes.subarray(at));
};
const splice: Way = (bytes, others, random) => {
  const other = oneOf(random, others);
  const size = 1 + random(Math.min(bytes.length, other.length) - 1);
  const copy = bytes.slice();
  const from = random(other.length - size);
  copy.set(other.subarray(from, from + size), random(copy.length - size));
  return copy;
};
const otherFooter: Way = (bytes, others, random) => {
  const other = oneOf(random, others);
  return join(bytes.subarray(0, footerOf(bytes).start), other.subarray(footerOf(other).start));
};

/** What can become of any file. */
export const anyWays: readonly Way[] = [bits, cutEnd, cutStart, cutMiddle, zeros, swap, repeat, grow, splice];

const ways: readonly Way[] = [
  bits,
  footerBytes,
  footerBytes,
  footerNumber,
  footerNumber,
  footerNumber,
  pageNumber,
  pageNumber,
  pageNumber,
  pageBody,
  pageBody,
  pageBody,
  footerLength,
  cutEnd,
  cutStart,
  cutMiddle,
  zeros,
  swap,
  repeat,
  grow,
  splice,
  otherFooter,
];

/** Where a file's footer is, as its end says, whatever it says. */
export function footerOf(bytes: Uint8Array): { readonly start: number; readonly end: number } {
  const end = bytes.length - 8;
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(end, true);
  return { start: Math.max(0, end - length), end };
}

function ends(bytes: Uint8Array, random: Random): [number, number] {
  const from = random(bytes.length);
  return [from, Math.min(bytes.length, from + 1 + random(oneOf(random, [4, 64, 4096])))];
}

function numberFor({ kind }: NumberPlace, random: Random): Uint8Array {
  const value = random(3) === 0 ? BigInt(random(2 ** 16)) : oneOf(random, extremes);
  if (kind === "list header") return Uint8Array.of((random(16) << 4) | random(13));
  return varint(kind === "length" ? value : zigzag(random(4) === 0 ? -value : value));
}

function zigzag(value: bigint): bigint {
  return value < 0n ? -2n * value - 1n : 2n * value;
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let left = value; ; left >>= 7n) {
    if (left < 128n) return Uint8Array.from([...bytes, Number(left)]);
    bytes.push(Number(left & 127n) | 128);
  }
}

/** The number's first bytes, or with noughts behind that do not change it. */
function fit(number: Uint8Array, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => {
    const byte = (number[i] ?? 0) & 127;
    return i < length - 1 ? byte | 128 : byte;
  });
}

/** Pieces as one. */
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
