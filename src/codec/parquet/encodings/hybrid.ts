import type { ByteSink } from "../bytes/byte-sink.ts";

/**
 * The RLE / bit-packed hybrid of Encodings.md ("Run Length Encoding / Bit-Packing Hybrid (RLE = 3)"), in
 * which levels and dictionary codes are written:
 *
 *     run        := varint(count << 1) value            a value repeated, in whole bytes, little-endian
 *                 | varint(groups << 1 | 1) packed…     groups of 8 values, `width` bits each, low bits first
 *
 * Only the last group of all may be partly filled; its rest is zero.
 */

/** A repetition shorter than this is cheaper inside a bit-packed run. */
const minRun = 8;

/**
 * Values of a bit-packed run of codes, as Arrow writes them: its head is a byte then, and Azure ML's
 * `mltable` (1.7) reads beyond the end of a page whose last run has more than 1,024 and is not filled.
 */
const maxPacked = 504;

/** Bits needed for numbers up to `greatest`; 0 for 0. */
export function bitWidth(greatest: number): number {
  return 32 - Math.clz32(greatest);
}

/** Writes `count` times `value`. */
export function writeRun(sink: ByteSink, value: number, count: number, width: number): void {
  if (count === 0) return;
  sink.varint(count * 2);
  for (let shift = 0; shift < width; shift += 8) sink.u8((value >>> shift) & 0xff);
}

/** The head of a bit-packed run of `count` values; the caller writes the groups. */
export function writePackedHead(sink: ByteSink, count: number): void {
  sink.varint(((count + 7) >> 3) * 2 + 1);
}

/** Writes the values, choosing between the two kinds of run. `width` is at most 24. */
export function writeHybrid(sink: ByteSink, values: Uint32Array | Uint8Array, width: number): void {
  const end = values.length;
  if (width === 0) return writeRun(sink, 0, end, 0);
  let literals = 0;
  let at = 0;
  while (at < end) {
    const value = values[at]!;
    let next = at + 1;
    while (next < end && values[next] === value) next++;
    if (next - at >= minRun) {
      // The packed run before must be whole groups: it borrows from this run.
      const borrowed = -(at - literals) & 7;
      if (next - at - borrowed >= minRun) {
        writePacked(sink, values, literals, at + borrowed, width);
        writeRun(sink, value, next - at - borrowed, width);
        literals = next;
      }
    }
    at = next;
  }
  writePacked(sink, values, literals, end, width);
}

function writePacked(
  sink: ByteSink,
  values: Uint32Array | Uint8Array,
  start: number,
  end: number,
  width: number,
): void {
  for (let at = start; at < end; at += maxPacked)
    writePackedRun(sink, values, at, Math.min(end, at + maxPacked), width);
}

function writePackedRun(
  sink: ByteSink,
  values: Uint32Array | Uint8Array,
  start: number,
  end: number,
  width: number,
): void {
  const count = end - start;
  writePackedHead(sink, count);
  const groups = (count + 7) >> 3;
  let out = sink.reserve(groups * width);
  const stop = sink.length;
  const bytes = sink.bytes;
  if (width === 8) {
    for (let i = start; i < end; i++) bytes[out++] = values[i]!;
  } else {
    let pending = 0;
    let bits = 0;
    for (let i = start; i < end; i++) {
      pending |= values[i]! << bits;
      bits += width;
      while (bits >= 8) {
        bytes[out++] = pending;
        pending >>>= 8;
        bits -= 8;
      }
    }
    if (bits > 0) bytes[out++] = pending;
  }
  bytes.fill(0, out, stop);
}

/** Writes values given as repetitions: `lengths[i]` times `values[i]`; neighbours should differ. */
export function writeRuns(
  sink: ByteSink,
  values: Uint32Array,
  lengths: Uint32Array,
  runs: number,
  width: number,
): void {
  let literals = new Uint32Array(1024);
  let pending = 0;
  const push = (value: number, count: number): void => {
    if (pending + count > literals.length) {
      const larger = new Uint32Array((pending + count) * 2);
      larger.set(literals.subarray(0, pending));
      literals = larger;
    }
    literals.fill(value, pending, pending + count);
    pending += count;
  };
  for (let run = 0; run < runs; run++) {
    const value = values[run]!;
    let count = lengths[run]!;
    const borrowed = Math.min(-pending & 7, count);
    push(value, borrowed);
    count -= borrowed;
    if (count >= minRun) {
      writePacked(sink, literals, 0, pending, width);
      pending = 0;
      writeRun(sink, value, count, width);
    } else push(value, count);
  }
  writePacked(sink, literals, 0, pending, width);
}
