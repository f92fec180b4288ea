import type { Batch, BatchColumn } from "../batch.ts";
import { ColumnSink } from "./column-sink.ts";
import { type ColumnType, typeText } from "../../layout/column-type.ts";
import { JsonBytes } from "./json-bytes.ts";
import type { Schema } from "../../layout/schema.ts";
import { systemColumns } from "../../layout/system-columns.ts";
import { ColumnFitter, type RejectedColumn, variantText, maxKeptBytes } from "./column-fitter.ts";

/** A batch as the pinned types make it. */
export interface ConformedBatch {
  /** At most one per entry of the schema, and of exactly its type; one that is not there is all null. */
  readonly columns: readonly BatchColumn[];
  /**
   * `mdc_rejected`: in each row that has any, a JSON object of column names and the values that did not fit.
   */
  readonly rejected: BatchColumn | undefined;
  /** What did not fit, by column and type that came. */
  readonly report: readonly RejectedColumn[];
}

/**
 * What the schema's pinned types make of a batch. A column that came only in its pinned type is passed on as
 * it is. Otherwise values are converted where that loses nothing: integers become float64 up to 2^53, whole
 * doubles become integers in range (`-0` becomes 0), a list without values fits every list type, json takes
 * all that JSON can say, and NaN beside a type that is not numeric means "missing", as in danfojs and pandas.
 * Everything else is kept in `rejected`, exactly; so are the values of a column that has no type yet because
 * they decide none, but they are not reported: nothing is wrong with them.
 */
export function conformBatch(batch: Batch, schema: Schema): ConformedBatch {
  const conforming = new Conforming(batch, schema);
  while (!conforming.advance());
  return conforming.result();
}

/** Cells between two looks at whether somebody else wants to go on. */
const cellsPerStep = 16_384;

/**
 * {@link conformBatch} in small steps. It goes through the batch row by row, and what it makes are bytes
 * outside of V8's heap: of a frame, however large and whatever it holds, no more than one value at a time is
 * a value of JS.
 */
export class Conforming {
  readonly #rows: number;
  readonly #columns: (BatchColumn | ColumnFitter)[] = [];
  readonly #fitters: ColumnFitter[] = [];
  readonly #rejected = new ColumnSink("json");
  readonly #members = new JsonBytes();
  #row = 0;

  constructor(batch: Batch, schema: Schema) {
    this.#rows = batch.header.rows;
    const variants = new Map<string, BatchColumn[]>();
    for (const column of batch.columns) {
      const found = variants.get(column.name);
      if (found === undefined) variants.set(column.name, [column]);
      else found.push(column);
    }
    // Not over the schema: that can have thousands of columns, of which a batch has one.
    for (const [name, found] of variants) this.#columns.push(this.#conform(name, schema.get(name), found));
  }

  /** Some of the work; true when there is no more. */
  advance(): boolean {
    const fitters = this.#fitters;
    if (fitters.length === 0) return true;
    const members = this.#members;
    const end = Math.min(this.#rows, this.#row + Math.max(1, Math.floor(cellsPerStep / fitters.length)));
    for (; this.#row < end; this.#row++) {
      members.clear(maxKeptBytes);
      for (const fitter of fitters) fitter.next(members);
      if (members.length === 0) this.#rejected.skip();
      else {
        members.ascii("}");
        const bytes = members.written();
        this.#rejected.putBytes(bytes, 0, bytes.length);
      }
    }
    return end === this.#rows;
  }

  /** What came of it. */
  result(): ConformedBatch {
    return {
      columns: this.#columns.flatMap((column) =>
        column instanceof ColumnFitter ? (column.column() ?? []) : column,
      ),
      rejected: this.#rejected.count === 0 ? undefined : this.#rejected.column(systemColumns.rejected.name),
      report: this.#fitters.flatMap((fitter) => fitter.report()),
    };
  }

  /** The column itself if it is as it is to be. */
  #conform(
    name: string,
    type: ColumnType | undefined,
    variants: readonly BatchColumn[],
  ): BatchColumn | ColumnFitter {
    const [only] = variants;
    if (
      variants.length === 1 &&
      only !== undefined &&
      type !== undefined &&
      variantText(only) === typeText(type)
    ) {
      return only;
    }
    const fitter = new ColumnFitter(name, type, variants);
    this.#fitters.push(fitter);
    return fitter;
  }
}
