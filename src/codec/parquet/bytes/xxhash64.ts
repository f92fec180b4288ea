/**
 * xxHash64 with seed 0 (xxHash's doc/xxhash_spec.md), the hash of Parquet's Bloom filters. On pairs of 32-bit
 * numbers: BigInt takes ten times as long.
 *
 * The functions leave their 64-bit result in `high` and `low`; nothing here is asynchronous, so nobody sees
 * another's.
 */

/** Upper half of the last result. Signed, because V8 keeps a signed 32-bit number without allocating. */
let high = 0;
/** Lower half of the last result. */
let low = 0;

/** The two halves of a hash, both unsigned. */
export interface Hash64 {
  high: number;
  low: number;
}

/** Hashes `view`'s bytes from `start` to `end`, into `into`. */
export function xxHash64(view: DataView, start: number, end: number, into: Hash64): void {
  let at = start;
  let h: number;
  let l: number;
  if (end - start >= 32) {
    at = stripes(view, start, end);
    h = high;
    l = low;
  } else {
    h = p5h;
    l = p5l;
  }
  add(h, l, 0, end - start);
  for (; at + 8 <= end; at += 8) {
    h = high;
    l = low;
    round(0, 0, view.getUint32(at + 4, true), view.getUint32(at, true));
    rotate(h ^ high, l ^ low, 27);
    multiply(high, low, p1h, p1l);
    add(high, low, p4h, p4l);
  }
  if (at + 4 <= end) {
    h = high;
    l = low;
    multiply(0, view.getUint32(at, true), p1h, p1l);
    rotate(h ^ high, l ^ low, 23);
    multiply(high, low, p2h, p2l);
    add(high, low, p3h, p3l);
    at += 4;
  }
  for (; at < end; at++) {
    h = high;
    l = low;
    multiply(0, view.getUint8(at), p5h, p5l);
    rotate(h ^ high, l ^ low, 11);
    multiply(high, low, p1h, p1l);
  }
  multiply(high, low ^ (high >>> 1), p2h, p2l);
  // h ^= h >>> 29
  multiply(high ^ (high >>> 29), low ^ ((low >>> 29) | (high << 3)), p3h, p3l);
  into.high = high >>> 0;
  into.low = (low ^ high) >>> 0;
}

/** Whole stripes of 32 bytes; returns where they end. */
function stripes(view: DataView, start: number, end: number): number {
  let at = start;
  add(p1h, p1l, p2h, p2l);
  let ah = high;
  let al = low;
  let bh = p2h;
  let bl = p2l;
  let ch = 0;
  let cl = 0;
  add(~p1h, ~p1l, 0, 1);
  let dh = high;
  let dl = low;
  for (; at + 32 <= end; at += 32) {
    round(ah, al, view.getUint32(at + 4, true), view.getUint32(at, true));
    ah = high;
    al = low;
    round(bh, bl, view.getUint32(at + 12, true), view.getUint32(at + 8, true));
    bh = high;
    bl = low;
    round(ch, cl, view.getUint32(at + 20, true), view.getUint32(at + 16, true));
    ch = high;
    cl = low;
    round(dh, dl, view.getUint32(at + 28, true), view.getUint32(at + 24, true));
    dh = high;
    dl = low;
  }
  rotate(ah, al, 1);
  let h = high;
  let l = low;
  rotate(bh, bl, 7);
  add(high, low, h, l);
  h = high;
  l = low;
  rotate(ch, cl, 12);
  add(high, low, h, l);
  h = high;
  l = low;
  rotate(dh, dl, 18);
  add(high, low, h, l);
  merge(ah, al);
  merge(bh, bl);
  merge(ch, cl);
  merge(dh, dl);
  return at;
}

function merge(vh: number, vl: number): void {
  const h = high;
  const l = low;
  round(0, 0, vh, vl);
  multiply(h ^ high, l ^ low, p1h, p1l);
  add(high, low, p4h, p4l);
}

function round(ah: number, al: number, vh: number, vl: number): void {
  multiply(vh, vl, p2h, p2l);
  add(ah, al, high, low);
  rotate(high, low, 31);
  multiply(high, low, p1h, p1l);
}

function add(ah: number, al: number, bh: number, bl: number): void {
  const sum = (al >>> 0) + (bl >>> 0);
  low = sum | 0;
  high = (ah + bh + (sum > 0xffffffff ? 1 : 0)) | 0;
}

/** To the left, by 1 to 31 bits. */
function rotate(h: number, l: number, bits: number): void {
  high = (h << bits) | (l >>> (32 - bits));
  low = (l << bits) | (h >>> (32 - bits));
}

/** The lower 64 bits of a product, from 16-bit digits of the lower halves. */
function multiply(ah: number, al: number, bh: number, bl: number): void {
  const a0 = al & 0xffff;
  const a1 = al >>> 16;
  const b0 = bl & 0xffff;
  const b1 = bl >>> 16;
  const bottom = Math.imul(a0, b0);
  const left = Math.imul(a1, b0);
  const right = Math.imul(a0, b1);
  const middle = (bottom >>> 16) + (left & 0xffff) + (right & 0xffff);
  const top = Math.imul(a1, b1) + (left >>> 16) + (right >>> 16) + (middle >>> 16);
  high = (Math.imul(ah, bl) + Math.imul(al, bh) + top) | 0;
  low = (middle << 16) | (bottom & 0xffff);
}

const p1h = 0x9e3779b1 | 0;
const p1l = 0x85ebca87 | 0;
const p2h = 0xc2b2ae3d | 0;
const p2l = 0x27d4eb4f | 0;
const p3h = 0x165667b1 | 0;
const p3l = 0x9e3779f9 | 0;
const p4h = 0x85ebca77 | 0;
const p4l = 0xc2b2ae63 | 0;
const p5h = 0x27d4eb2f | 0;
const p5l = 0x165667c5 | 0;
