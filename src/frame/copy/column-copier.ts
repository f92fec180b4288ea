import { types } from "node:util";
import { hasBit } from "../../base/bitmap.ts";
import { quote } from "../../base/errors.ts";
import { countOf } from "../../base/plural.ts";
import {
  type Cell,
  fitsInt64,
  hasFewDigits,
  manyDigits,
  type NumericCells,
  timestampCell,
  unstorableCell,
} from "../cell.ts";
import type { ColumnType } from "../../layout/column-type.ts";
import { copyTyped, plainOf } from "./copy-typed.ts";
import { cellBytes, cellOverhead, copyValue, stringOverhead } from "./copy-value.ts";
import { type NumberChunk, type NumberRoom, WrittenNumbers } from "./number-room.ts";
import { naturalValue } from "./natural-value.ts";
import { lengthOf, sliceOf } from "./read-array.ts";
import { type Redactor, redactValue } from "./redaction.ts";
import {
  FrameProblem,
  frameTooLarge,
  isCount,
  OwnCells,
  OwnNumbers,
  type SourceColumn,
  type SourceFrame,
} from "../source-frame.ts";
import {
  elementType,
  isDetached,
  isTypedArray,
  type TypedArray,
  typedArrayName,
  typedLength,
} from "../typed-array.ts";
import { readAt, readEach } from "../unreadable.ts";

/** A value per row: cells of any type, or numbers of one. */
export type SnapshotColumn = readonly Cell[] | NumericCells;

/** What one frame may have. */
export interface CopyLimits {
  readonly maxFrameBytes: number;
  readonly maxFrameRows: number;
}

/** Copies the columns of one frame and watches over their lengths and bytes. */
export class ColumnCopier {
  /** Rows of the frame; -1 until the first column says. */
  rows: number;
  /** About the bytes copied. */
  bytes = 64;
  /**
   * About the bytes of memory that they take beyond that: what holds them, and what they grow by on their way
   * into a batch.
   */
  overhead = 0;
  /** Where numbers of the frame were written, if any were. Whoever is done with the columns gives it back. */
  chunk: NumberChunk | undefined;
  #askedForRoom = false;
  readonly #room: NumberRoom;
  readonly #columns: number;
  readonly #owned: boolean;
  readonly #maxRows: number;
  readonly #maxBytes: number;
  #firstName = "";

  constructor(source: SourceFrame, limits: CopyLimits, room: NumberRoom) {
    this.#room = room;
    this.#columns = source.names.length;
    this.rows = source.rows;
    this.#owned = source.owned;
    this.#maxRows = limits.maxFrameRows;
    this.#maxBytes = limits.maxFrameBytes;
  }

  copy(column: SourceColumn, name: string, declared: ColumnType | undefined): SnapshotColumn {
    if (Array.isArray(column)) return this.#copyArray(column, name, declared);
    if (column instanceof OwnCells) {
      this.#expect(column.cells.length, name, 8);
      for (const cell of column.cells) {
        this.bytes += cellBytes(cell);
        this.overhead += cellOverhead(cell);
      }
      this.#checkBytes();
      return column.cells;
    }
    if (column instanceof OwnNumbers) {
      this.#expect(column.numbers.data.length, name, 8);
      return column.numbers;
    }
    const array = column as TypedArray;
    if (isDetached(array)) throw new FrameProblem(`column ${quote(name)}: its buffer was transferred away`);
    const length = typedLength(array);
    const Plain = plainOf(array);
    this.#expect(length, name, Plain.BYTES_PER_ELEMENT);
    // In a batch each takes eight bytes.
    this.overhead += length * (8 - Plain.BYTES_PER_ELEMENT);
    return copyTyped(array, Plain, length);
  }

  /** The values of a column after redaction, before anything of it is kept. */
  redact(
    column: SourceColumn,
    name: string,
    redactor: Exclude<Redactor, "drop">,
    declared: ColumnType | undefined,
  ): SourceColumn {
    const redactCell = (cell: Cell): Cell => this.#redactCell(cell, redactor, declared);
    if (column instanceof OwnCells) return new OwnCells(column.cells.map(redactCell));
    if (column instanceof OwnNumbers) {
      const { type, data, validity } = column.numbers;
      const cells = Array.from<number | bigint, Cell>(data, (value, i) => {
        if (validity !== undefined && !hasBit(validity, i)) return null;
        if (type === "timestamp") return redactCell(timestampCell(value));
        const redacted = redactCell(value);
        return type === "int64" ? (asInteger(redacted) as Cell) : redacted;
      });
      return new OwnCells(cells);
    }
    const values = column as ArrayLike<unknown>;
    this.#expect(values.length, name, 0);
    const integers = isTypedArray(column) && elementType(typedArrayName(column) as string) === "int64";
    const redacted: unknown[] = [];
    for (let i = 0; i < this.rows; i++) {
      const value = redactValue(redactor, readAt(values, i));
      redacted.push(integers ? asInteger(value) : value);
    }
    return redacted;
  }

  /**
   * A cell of ours after redaction. What comes back as it was is kept as it is: a Date has no microseconds, a
   * text is no JSON.
   */
  #redactCell(cell: Cell, redactor: Exclude<Redactor, "drop">, declared: ColumnType | undefined): Cell {
    const natural = naturalValue(cell);
    const ms = types.isDate(natural) ? natural.getTime() : undefined;
    const redacted = redactValue(redactor, natural);
    const same = types.isDate(redacted) ? redacted.getTime() === ms : typeof redacted !== "object";
    if (same && Object.is(redacted, natural)) return cell;
    return copyValue(redacted, declared, this.#maxBytes - this.bytes);
  }

  #copyArray(column: readonly unknown[], name: string, declared: ColumnType | undefined): SnapshotColumn {
    this.#expect(lengthOf(column, name), name, 8);
    const { rows } = this;
    let cells = column as unknown[];
    if (!this.#owned) {
      try {
        if (typeof column[0] === "number" && (declared === undefined || declared === "float64")) {
          const numbers = this.#writeNumbers(column, rows);
          if (numbers !== undefined) return numbers;
        }
        cells = sliceOf(column, rows);
      } catch {
        cells = readEach(column, rows);
      }
    }
    if (cells.length !== rows) throw new FrameProblem("a column changed its length while it was read");
    // A loop over one kind of values is several times as fast as one over all kinds: it sees fewer kinds of
    // arrays.
    let i = 0;
    const first = cells[0];
    if (typeof first === "number") {
      i = countNumbers(cells, rows);
      if (i === rows) return cells as readonly Cell[];
    } else if (typeof first === "string") i = this.#takeStrings(cells, rows);
    if (i < rows) this.#copyCells(cells, i, declared);
    this.#checkBytes();
    return cells as readonly Cell[];
  }

  /**
   * The numbers of a short column in room of ours; undefined when it holds anything else, or there is no
   * room.
   */
  #writeNumbers(column: readonly unknown[], rows: number): NumericCells | undefined {
    if (this.chunk === undefined) {
      if (this.#askedForRoom) return undefined;
      this.#askedForRoom = true;
      this.chunk = this.#room.take(rows * this.#columns);
      if (this.chunk === undefined) return undefined;
    }
    const { chunk } = this;
    const { numbers, used } = chunk;
    const end = used + rows;
    // What is read next, and what was read before, can be a getter that collects another frame.
    if (end > numbers.length) return undefined;
    chunk.used = end;
    for (let at = used, i = 0; i < rows; i++) {
      const value = column[i];
      if (typeof value !== "number") {
        if (chunk.used === end) chunk.used = used;
        return undefined;
      }
      numbers[at++] = value;
    }
    return new WrittenNumbers(numbers, used);
  }

  /** How many strings there are before the first other value. */
  #takeStrings(cells: readonly unknown[], rows: number): number {
    let length = 0;
    let i = 0;
    for (; i < rows; i++) {
      const value = cells[i];
      if (typeof value !== "string") break;
      length += value.length;
    }
    this.bytes += length;
    this.overhead += length + i * stringOverhead;
    return i;
  }

  /** Replaces what is no primitive by a copy of ours. */
  #copyCells(cells: unknown[], from: number, declared: ColumnType | undefined): void {
    for (let i = from; i < cells.length; i++) {
      const value = cells[i];
      // Comparisons, for the engine makes a call of each `switch (typeof value)`.
      if (typeof value === "number" || typeof value === "boolean") continue;
      if (value === null || value === undefined) continue;
      if (typeof value === "string") {
        this.bytes += value.length;
        this.overhead += value.length + stringOverhead;
      } else cells[i] = this.#copyCell(value, declared);
    }
  }

  #copyCell(value: unknown, declared: ColumnType | undefined): Cell {
    if (typeof value === "bigint") return this.#copyBigint(value);
    const cell = copyValue(value, declared, this.#maxBytes - this.bytes);
    this.bytes += cellBytes(cell);
    this.overhead += cellOverhead(cell);
    return cell;
  }

  #copyBigint(value: bigint): Cell {
    this.bytes += 16;
    if (fitsInt64(value)) return value;
    this.overhead += longBigint;
    return hasFewDigits(value) ? value : unstorableCell(manyDigits);
  }

  /** All columns have as many rows as the first; counts `cellBytes` for each. */
  #expect(length: number, name: string, cellSize: number): void {
    if (length !== this.rows) {
      if (!isCount(length)) throw new FrameProblem(`the length of column ${quote(name)} is no whole number`);
      if (this.rows >= 0) {
        const other = this.#firstName === "" ? "the frame" : `column ${quote(this.#firstName)}`;
        throw new FrameProblem(
          `column ${quote(name)} has ${countOf(length, "row")} but ${other} has ${this.rows}`,
        );
      }
      if (length > this.#maxRows) {
        throw new FrameProblem(
          `the frame has ${length} rows, more than the ${this.#maxRows} of limits.maxFrameRows: pass it in parts`,
          "too_large",
        );
      }
      this.rows = length;
      this.#firstName = name;
    }
    this.bytes += length * cellSize;
    this.#checkBytes();
  }

  #checkBytes(): void {
    if (this.bytes > this.#maxBytes) throw frameTooLarge;
  }
}

/** A whole number from an integer column stays an integer. */
function asInteger(value: unknown): unknown {
  return Number.isSafeInteger(value) ? BigInt(value as number) : value;
}

/** How many numbers there are before the first other value. */
function countNumbers(cells: readonly unknown[], rows: number): number {
  let i = 0;
  while (i < rows && typeof cells[i] === "number") i++;
  return i;
}

/** About the bytes that a bigint of the longest kind takes. */
const longBigint = 2_048;
