import { hasBit, setBits } from "../../base/bitmap.ts";
import type { Batch, BatchColumn, SystemConstants, Values } from "../../frame/batch.ts";
import { type SystemColumnKey, systemColumns } from "../../layout/system-columns.ts";
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

/** A system column, and where a file's values of it come from. */
export interface SystemLeaf {
  readonly leaf: Leaf;
  readonly origin: Origin;
}

const constant =
  (key: Exclude<keyof SystemConstants, "profiled">) =>
  (batch: Batch): string | null =>
    batch.header.constants[key];

/** The columns with a text per batch or file. */
const texts: Readonly<Record<SystemColumnKey<"batch" | "file">, Extract<Origin, { from: "batch" }>["text"]>> =
  {
    collection: (batch) => batch.header.collection,
    source: constant("source"),
    endpoint: constant("endpoint"),
    deployment: constant("deployment"),
    modelName: constant("modelName"),
    modelVersion: constant("modelVersion"),
    instanceId: constant("instanceId"),
    agent: constant("agent"),
    schemaFingerprint: (_batch, fingerprint) => fingerprint,
  };

/** The columns with a value per row. */
const ofRows: Readonly<Record<SystemColumnKey<"row">, Origin>> = {
  rowIndex: { from: "row" },
  rejected: { from: "rejected" },
};

/** All system columns in the order in which they stand in a file, before the features. */
export const systemLeaves: readonly SystemLeaf[] = (Object.keys(systemColumns) as SystemColumnKey[]).map(
  (key) => {
    const { name, type, nullable } = systemColumns[key];
    return { leaf: leafOf(name, type, nullable), origin: originOf(key) };
  },
);

function originOf(key: SystemColumnKey): Origin {
  if (key in texts) return { from: "batch", text: texts[key as keyof typeof texts] };
  return key in ofRows ? ofRows[key as keyof typeof ofRows] : { from: "frame" };
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

/**
 * A column of a value per frame, as a value per row: better than repetitions when frames hardly have more
 * than one.
 */
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

/**
 * The rows' places in their frames, in scratch memory; with a dictionary, in which each number is its own
 * code, where that is shorter.
 */
export function rowIndexes(
  batches: readonly Batch[],
  scratch: DictionaryScratch,
): { readonly pieces: readonly Piece[]; readonly coded?: Coded } {
  let total = 0;
  for (const { header } of batches) total += header.rows;
  const data = scratch.numbers(total);
  let at = 0;
  let max = 0;
  const pieces = batches.map(({ frames: { rows: counts } }): Piece => {
    const start = at;
    let rows = 0;
    for (let frame = 0; frame < counts.length; frame++) {
      const count = counts[frame]!;
      for (let row = 0; row < count; row++) data[at++] = row;
      if (count > rows) rows = count;
    }
    if (rows > max) max = rows;
    const values: Values = { kind: "int32", data: data.subarray(start, at), min: 0, max: rows - 1 };
    return { rows: at - start, column: { validity: undefined, count: at - start, values }, measured: true };
  });
  if (max * 4 > total || max > maxCodes) return { pieces };
  const { dictionary } = scratch;
  dictionary.reset(4);
  const value = new DataView(new ArrayBuffer(4));
  for (let index = 0; index < max; index++) {
    value.setInt32(0, index, true);
    dictionary.code(value, 0, 4);
  }
  return { pieces, coded: { dictionary, codes: new Uint32Array(data.buffer, data.byteOffset, total) } };
}

/**
 * Of longer frames too few fit into a page to repeat each other, and differences of one take next to nothing.
 */
const maxCodes = 1_024;

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
