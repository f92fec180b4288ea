/**
 * Why a body has no columns, though it was looked at: what is so with it, after "it". Also the table in
 * docs/payload.md.
 */
export const noTableReasons = {
  cut: "is stored in part only",
  encoded: "is compressed, or its bytes are no text",
  not_json: "is neither JSON nor tensors; bare NaN and Infinity are no JSON",
  unknown: "is JSON of no shape that is known",
  ambiguous: "could be read in more than one way, or names something twice",
  names: "has rows without names, and none, or another number of them, are declared",
  lengths: "has columns or rows of different lengths or kinds",
  shape: "has a tensor with more or fewer values than its shape says, or with none",
  datatype: "has a tensor of an unknown datatype, or of one that is not written so",
  value: "has a value that its datatype does not have",
  shared_memory: "has tensors in shared memory",
  too_large: "takes too much to read",
} as const;

export type NoTableReason = keyof typeof noTableReasons;

/** Thrown inside this folder when a body is no table. */
export class NoTable extends Error {
  readonly reason: NoTableReason;

  constructor(reason: NoTableReason) {
    super(reason);
    this.reason = reason;
  }
}

/** A column's values, one a row: what a frame of column arrays may have. */
export type TableValues = readonly unknown[] | Int32Array | BigInt64Array | BigUint64Array | Float64Array;

/** A column as the body names it. */
export interface TableColumn {
  readonly name: string;
  readonly values: TableValues;
}

/** Which body it is: what goes into a model, or what comes out. */
export type Side = "inputs" | "outputs";

/** Columns of one table. */
export const maxColumns = 2_000;
/** Rows times columns of one table: some formats have short texts for many empty cells. */
export const maxCells = 4_000_000;

/** Refuses a table of more than a frame may have, before it is made. */
export function checkSize(rows: number, columns: number): void {
  if (columns > maxColumns || rows * columns > maxCells) throw new NoTable("too_large");
}
