import type { Values } from "../batch.ts";
import type { Cell, NumericCells } from "../cell.ts";

/** Collects the values of one column under one type, densely, with the rows they belong to. */
export interface ValuesBuilder {
  /** Values so far. */
  readonly count: number;
  /** Bytes so far, about what they take in a batch. */
  readonly byteLength: number;
  /**
   * Takes `cells[from]` … `cells[to - 1]`, which belong to the rows `row` … , up to the first one that is
   * neither null nor of this type. Returns its index, or `to`.
   */
  fill(cells: readonly Cell[], from: number, to: number, row: number): number;
  /** Bit per row, or undefined when all `rows` have a value. Valid until the next change. */
  validity(rows: number): Uint8Array | undefined;
  /** The values so far. Views, valid until the next change. */
  values(): Values;
  /** Forgets the values of all rows from `rows` on. */
  truncate(rows: number): void;
  /** Forgets all values, keeps the buffers for reuse. */
  clear(): void;
}

/** A builder that also takes numbers of one type in bulk. */
export interface NumericBuilder extends ValuesBuilder {
  /** Takes the slots `from` … `to - 1`, which belong to the rows `row` … */
  fillNumeric(cells: NumericCells, from: number, to: number, row: number): void;
}
