import { appendBits, hasBit, setBits } from "../../../base/bitmap.ts";
import type { ByteSink } from "../bytes/byte-sink.ts";
import { writeHybrid, writePackedHead, writeRun } from "./hybrid.ts";
import type { Piece } from "../piece.ts";

/**
 * Repetition and definition levels (README.md, "Nested Encoding"). In a data page of version 1 each kind is a
 * 4-byte length and a hybrid of that many bytes (Encodings.md, "RLE = 3").
 *
 * A flat column has definition levels 0 (null) and 1, which as one bit-packed run *are* the validity bitmap.
 * A list has: 0 null, 1 empty list, 2 null element, 3 element; and repetition 0 at a row's first entry, 1
 * after.
 */

/** Levels of a flat nullable column. */
export function writeFlatLevels(sink: ByteSink, pieces: readonly Piece[]): void {
  let rows = 0;
  let count = 0;
  for (const piece of pieces) {
    rows += piece.rows;
    count += piece.column?.count ?? 0;
  }
  withLength(sink, () => {
    if (count === rows || count === 0) return writeRun(sink, count === 0 ? 0 : 1, rows, 1);
    if (Math.min(count, rows - count) * rare < rows) return writeRareLevels(sink, pieces);
    writePackedHead(sink, rows);
    const start = sink.reserve((rows + 7) >> 3);
    const bitmap = sink.bytes.subarray(start, sink.length).fill(0);
    let bit = 0;
    for (const { rows: part, column } of pieces) {
      if (column !== undefined && column.count > 0) {
        if (column.validity === undefined) setBits(bitmap, bit, part);
        else appendBits(bitmap, bit, column.validity, part);
      }
      bit += part;
    }
  });
}

/**
 * Where fewer than one row in so many is other than the rest, runs take less than the bitmap, which for a
 * column of some values in a hundred thousand rows would be nearly all of its page.
 */
const rare = 64;

/** The levels as runs alone, which may be as short as one. */
function writeRareLevels(sink: ByteSink, pieces: readonly Piece[]): void {
  let level = 0;
  let length = 0;
  const add = (next: number, rows: number): void => {
    if (next !== level) {
      writeRun(sink, level, length, 1);
      level = next;
      length = 0;
    }
    length += rows;
  };
  for (const { rows, column } of pieces) {
    if (column === undefined || column.count === 0) add(0, rows);
    else if (column.validity === undefined || column.count === rows) add(1, rows);
    else {
      const { validity } = column;
      for (let row = 0; row < rows; ) {
        const byte = validity[row >> 3]!;
        const alike = (row & 7) === 0 && row + 8 <= rows && (byte === 0 || byte === 0xff);
        add((byte >> (row & 7)) & 1, alike ? 8 : 1);
        row += alike ? 8 : 1;
      }
    }
  }
  writeRun(sink, level, length, 1);
}

/** Levels of a list column; returns how many entries there are. */
export function writeListLevels(sink: ByteSink, pieces: readonly Piece[]): number {
  let max = 0;
  for (const { rows, column } of pieces) {
    max += rows + (column?.values.kind === "list" ? column.values.elements.total : 0);
  }
  const repetition = new Uint8Array(max);
  const definition = new Uint8Array(max);
  let entry = 0;
  for (const { rows, column } of pieces) {
    if (column === undefined || column.values.kind !== "list") {
      entry += rows;
      continue;
    }
    const { lengths, elements } = column.values;
    let list = 0;
    let element = 0;
    for (let row = 0; row < rows; row++) {
      if (column.validity !== undefined && !hasBit(column.validity, row)) {
        entry++;
        continue;
      }
      const length = lengths[list++]!;
      if (length === 0) definition[entry++] = 1;
      for (let i = 0; i < length; i++, element++) {
        repetition[entry] = i === 0 ? 0 : 1;
        definition[entry++] = elements.validity === undefined || hasBit(elements.validity, element) ? 3 : 2;
      }
    }
  }
  withLength(sink, () => writeHybrid(sink, repetition.subarray(0, entry), 1));
  withLength(sink, () => writeHybrid(sink, definition.subarray(0, entry), 2));
  return entry;
}

/** Writes what `body` writes, with its length before it. */
export function withLength(sink: ByteSink, body: () => void): void {
  const at = sink.reserve(4);
  body();
  sink.view.setUint32(at, sink.length - at - 4, true);
}
