import { hasBit, setBits } from "../../base/bitmap.ts";
import type { Batch, BatchColumn, SystemConstants, Values } from "../../frame/batch.ts";
import type { ColumnType } from "../../layout/column-type.ts";
import { eachByteArray } from "./encodings/byte-dictionary.ts";
import type { Coded, DictionaryScratch } from "./encodings/dictionary-choice.ts";
import { type Leaf, leafOf } from "./leaf.ts";
import type { Piece } from "./piece.ts";
import type { RunBuilder } from "./encodings/runs.ts";

/** Where the values of a system column come from. */
type Origin =
  /** `FrameTable.columns`: a value per frame. */
  | { readonly from: "frame" }
  /** The batch's header or the file: a value per batch. */
  | { readonly from: "batch"; readonly text: (batch: Batch, fingerprint: string) => string | null }
  /** The row's place in its frame. */
  | { readonly from: "row" }
  /** What did not fit the schema. */
  | { readonly from: "rejected" };

/** A column whose name begins with `mdc_`. */
export interface SystemColumn {
  readonly leaf: Leaf;
  readonly origin: Origin;
}

/** All system columns in the order in which they stand in a file, before the features. */
export const systemColumns: readonly SystemColumn[] = [
  column("mdc_correlation_id", "string", "required", { from: "frame" }),
  column("mdc_row_index", "int32", "required", { from: "row" }),
  column("mdc_event_id", "string", "required", { from: "frame" }),
  column("mdc_event_time", "timestamp", "required", { from: "frame" }),
  column("mdc_request_time", "timestamp", "required", { from: "frame" }),
  column("mdc_request_id", "string", "nullable", { from: "frame" }),
  column("mdc_collection", "string", "required", { from: "batch", text: (batch) => batch.header.collection }),
  constant("mdc_source", "required", "source"),
  constant("mdc_endpoint", "nullable", "endpoint"),
  constant("mdc_deployment", "nullable", "deployment"),
  constant("mdc_model_name", "nullable", "modelName"),
  constant("mdc_model_version", "nullable", "modelVersion"),
  constant("mdc_instance_id", "nullable", "instanceId"),
  constant("mdc_agent", "required", "agent"),
  column("mdc_schema_fingerprint", "string", "required", {
    from: "batch",
    text: (_batch, fingerprint) => fingerprint,
  }),
  column("mdc_sampling_rate", "float64", "required", { from: "frame" }),
  column("mdc_config_version", "int32", "required", { from: "frame" }),
  column("mdc_rejected", "json", "nullable", { from: "rejected" }),
  column("mdc_tags", "json", "nullable", { from: "frame" }),
];

function column(
  name: string,
  type: ColumnType,
  presence: "required" | "nullable",
  origin: Origin,
): SystemColumn {
  return { leaf: leafOf(name, type, presence === "nullable"), origin };
}

function constant(name: string, presence: "required" | "nullable", key: keyof SystemConstants): SystemColumn {
  return column(name, "string", presence, { from: "batch", text: (batch) => batch.header.constants[key] });
}

/** A column of a value per batch, as repetitions. */
export function batchRuns(
  runs: RunBuilder,
  leaf: Leaf,
  batches: readonly Batch[],
  text: (batch: Batch) => string | null,
): void {
  runs.reset(leaf.physical);
  for (const batch of batches) runs.addText(text(batch), batch.header.rows);
}

/** A column of a value per frame, as repetitions. */
export function frameRuns(runs: RunBuilder, leaf: Leaf, batches: readonly Batch[]): void {
  runs.reset(leaf.physical);
  for (const batch of batches) runs.addFrames(frameColumn(batch, leaf.name), batch.frames.rows);
}

/** A column of a value per frame, as a value per row: better than repetitions when frames hardly have more than one. */
export function framePiece(leaf: Leaf, batch: Batch): Piece {
  const column = frameColumn(batch, leaf.name);
  const frames = batch.frames.rows;
  if (frames.every((rows) => rows === 1)) return { rows: batch.header.rows, column, measured: true };
  return {
    rows: batch.header.rows,
    column: repeatFrames(column, frames, batch.header.rows),
    measured: false,
  };
}

/** The rows' places in their frames, in scratch memory; with a dictionary, in which each number is its own code, where that is shorter. */
export function rowIndexes(
  batches: readonly Batch[],
  scratch: DictionaryScratch,
): { readonly pieces: readonly Piece[]; readonly coded?: Coded } {
  let total = 0;
  for (const { header } of batches) total += header.rows;
  const data = scratch.numbers(total);
  let at = 0;
  let most = 0;
  const pieces = batches.map(({ frames: { rows: counts } }): Piece => {
    const start = at;
    let rows = 0;
    for (let frame = 0; frame < counts.length; frame++) {
      const count = counts[frame]!;
      for (let row = 0; row < count; row++) data[at++] = row;
      if (count > rows) rows = count;
    }
    if (rows > most) most = rows;
    const values: Values = { kind: "int32", data: data.subarray(start, at), min: 0, max: rows - 1 };
    return { rows: at - start, column: { validity: undefined, count: at - start, values }, measured: true };
  });
  if (most * 4 > total || most > mostCodes) return { pieces };
  const { dictionary } = scratch;
  dictionary.reset(4);
  const value = new DataView(new ArrayBuffer(4));
  for (let index = 0; index < most; index++) {
    value.setInt32(0, index, true);
    dictionary.code(value, 0, 4);
  }
  return { pieces, coded: { dictionary, codes: new Uint32Array(data.buffer, data.byteOffset, total) } };
}

/** Of longer frames too few fit into a page to repeat each other, and differences of one take next to nothing. */
const mostCodes = 1_024;

/** The frame column of that name. */
export function frameColumn(batch: Batch, name: string): BatchColumn {
  for (const column of batch.frames.columns) if (column.name === name) return column;
  throw new Error(`batch: frame column ${name} is missing`);
}

/** A row-level column from a frame-level one. */
function repeatFrames(column: BatchColumn, frames: Uint32Array, rows: number): Piece["column"] {
  const index: number[] = [];
  const validity = new Uint8Array((rows + 7) >> 3);
  let row = 0;
  let next = 0;
  for (let frame = 0; frame < frames.length; frame++) {
    const repeat = frames[frame]!;
    if (column.validity === undefined || hasBit(column.validity, frame)) {
      setBits(validity, row, repeat);
      for (let i = 0; i < repeat; i++) index.push(next);
      next++;
    }
    row += repeat;
  }
  const complete = index.length === rows;
  return {
    validity: complete ? undefined : validity,
    count: index.length,
    values: pick(column.values, index),
  };
}

function pick(values: Values, index: readonly number[]): Values {
  switch (values.kind) {
    case "float64":
      return { ...values, data: Float64Array.from(index, (i) => values.data[i]!) };
    case "int64":
      return { ...values, data: BigInt64Array.from(index, (i) => values.data[i]!) };
    case "int32":
      return { ...values, data: Int32Array.from(index, (i) => values.data[i]!) };
    case "dictionary":
      return { ...values, codes: Uint32Array.from(index, (i) => values.codes[i]!) };
    case "bytes": {
      const { count, data } = values;
      const ends = new Uint32Array(count + 1);
      eachByteArray(data, count, (_view, _start, end, i) => {
        ends[i + 1] = end;
      });
      const dictionary = { count, data };
      return { kind: "dictionary", codes: Uint32Array.from(index), dictionary };
    }
    default:
      throw new Error(`batch: ${values.kind} values in a frame column`);
  }
}
