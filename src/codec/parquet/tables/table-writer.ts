import { ownJson } from "../../../base/own-json.ts";
import { version } from "../../../base/version.ts";
import { setBits } from "../../../base/bitmap.ts";
import type { Values } from "../../../frame/batch.ts";
import { createBuilder } from "../../../frame/builders/create-builder.ts";
import { bigintRange } from "../../../frame/value-range.ts";
import { binaryCell, type Cell, jsonCell, listCell, timestampCell } from "../../../frame/cell.ts";
import { type ColumnType, type ScalarType, typeText } from "../../../layout/column-type.ts";
import type { Schema } from "../../../layout/schema.ts";
import { createZstdCompressor } from "../bytes/compressor.ts";
import { type ChunkContext, createChunkContext, writeChunk } from "../column-chunk.ts";
import { fileNotes } from "../file-notes.ts";
import { valuesFilter } from "../bloom-filter.ts";
import type { PlacedChunk, WrittenRowGroup } from "../footer.ts";
import { magic } from "../format.ts";
import { type Leaf, leafOf } from "../leaf.ts";
import { leafValues, type Piece } from "../piece.ts";
import { writeFileEnd } from "./file-end.ts";

/** Some rows by column, as files are decoded: instants are bigints of microseconds since 1970 UTC. */
export interface TableRows {
  readonly length: number;
  readonly columns: ReadonlyMap<string, ArrayLike<unknown>>;
}

/** What a table's file has beside its columns. */
export interface TableOptions {
  /** Columns that have a value in every row. Default: all can be null. */
  readonly required?: ReadonlySet<string>;
  /** Columns of texts or 64-bit integers that get a Bloom filter. Default: none. */
  readonly filters?: ReadonlySet<string>;
  /** Notes for the footer. Default: the types of the columns. */
  readonly notes?: Readonly<Record<string, string>>;
}

const groupRows = 122_880;
const pageBytes = 256 * 1024;
/** By so many rows a builder of texts can tell whether they repeat, before it puts all into a dictionary. */
const sampleRows = 2_048;

/**
 * A Parquet file of any columns, all of which can be null: zstd, with statistics and page index, in the types
 * of docs/stored-data.md. A column that rows lack is null in them. A batch of 122,880 rows is a row group;
 * smaller ones are put together. Throws for a value that its column cannot hold.
 */
export async function* writeTable(
  schema: Schema,
  batches: AsyncIterable<TableRows>,
  { required, filters, notes }: TableOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const context = createChunkContext(createZstdCompressor(1), pageBytes);
  const { output } = context;
  const leaves = [...schema].map(([name, type]) => leafOf(name, type, required?.has(name) !== true));
  const rowGroups: WrittenRowGroup[] = [];
  let gathered: TableRows[] = [];
  let rows = 0;
  const writeGroup = function* (): Iterable<Uint8Array> {
    if (rows === 0) return;
    rowGroups.push(yield* writeRowGroup(context, leaves, schema, gathered, rows, filters));
    gathered = [];
    rows = 0;
  };
  output.write(magic);
  for await (const batch of batches) {
    if (rows + batch.length > groupRows) yield* writeGroup();
    gathered.push(batch);
    rows += batch.length;
  }
  yield* writeGroup();
  const types = Object.fromEntries([...schema].map(([name, type]) => [name, typeText(type)]));
  yield* writeFileEnd(context, {
    leaves,
    rows: rowGroups.reduce((sum, group) => sum + group.rows, 0),
    rowGroups,
    keyValues: Object.entries(notes ?? { [fileNotes.schema]: ownJson(types) }),
    createdBy: `model-data-collector version ${version}`,
  });
}

function* writeRowGroup(
  context: ChunkContext,
  leaves: readonly Leaf[],
  schema: Schema,
  batches: readonly TableRows[],
  rows: number,
  filters: ReadonlySet<string> | undefined,
): Generator<Uint8Array, WrittenRowGroup, undefined> {
  const chunks: PlacedChunk[] = [];
  const found: [index: number, filter: Uint8Array][] = [];
  for (const leaf of leaves) {
    const type = schema.get(leaf.name) ?? "string";
    const pieces = batches.map(({ columns, length }) =>
      pieceOf(leaf.name, type, columns.get(leaf.name), length),
    );
    const chunk = writeChunk(leaf, pieces, context);
    const filter =
      filters?.has(leaf.name) === true
        ? valuesFilter(pieces.map(leafValues).filter((values) => values !== undefined))
        : undefined;
    if (filter !== undefined) found.push([chunks.length, filter]);
    chunks.push({ chunk, bloomFilter: undefined, columnIndex: undefined, offsetIndex: undefined });
    yield* context.output.take();
  }
  // They stand after all pages, so that a column's pages and the next's are one range.
  for (const [index, filter] of found) {
    const bloomFilter = { offset: context.output.position, length: filter.length };
    context.output.write(filter);
    chunks[index] = { ...(chunks[index] as PlacedChunk), bloomFilter };
  }
  yield* context.output.take();
  return { rows, chunks };
}

function pieceOf(
  name: string,
  type: ColumnType,
  values: ArrayLike<unknown> | undefined,
  rows: number,
): Piece {
  if (values === undefined) return { rows, column: undefined, measured: true };
  if (type === "int32") return { rows, column: int32Column(values, rows), measured: true };
  const numbers = numberColumn(values, type, rows);
  if (numbers !== undefined) return { rows, column: numbers, measured: true };
  const builder = createBuilder(type, Number.MAX_SAFE_INTEGER, false);
  const cells = cellsOf(values, rows, type);
  const sample = Math.min(rows, sampleRows);
  if (builder.fill(cells, 0, sample, 0) !== sample || builder.fill(cells, sample, rows, sample) !== rows)
    throw new Error(`column ${name}: a value is no ${typeText(type)}`);
  const column = { validity: builder.validity(rows), count: builder.count, values: builder.values() };
  return { rows, column, measured: true };
}

/** Numbers of every row as they were decoded, if they are; the encoder copies what it takes. */
function numberColumn(values: ArrayLike<unknown>, type: ColumnType, rows: number): Piece["column"] {
  if (type === "float64" && values instanceof Float64Array && values.length >= rows) {
    const data = values.subarray(0, rows);
    let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let row = 0; row < rows; row++) {
      const value = data[row]!;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    return { validity: undefined, count: rows, values: { kind: "float64", data, min, max } };
  }
  if (
    (type === "int64" || type === "timestamp") &&
    values instanceof BigInt64Array &&
    values.length >= rows
  ) {
    const data = values.subarray(0, rows);
    return { validity: undefined, count: rows, values: { kind: "int64", data, ...bigintRange(data) } };
  }
  return undefined;
}

/** Decoded values as builders take them; mostly they are already. */
function cellsOf(values: ArrayLike<unknown>, rows: number, type: ColumnType): readonly Cell[] {
  const isPlain = type === "string" || type === "float64" || type === "int64" || type === "boolean";
  if (isPlain && Array.isArray(values)) return values as readonly Cell[];
  // A loop: `Array.from` with a function takes ten times as long.
  const cells = new Array<Cell>(rows);
  for (let row = 0; row < rows; row++) cells[row] = cellOf(values[row], type);
  return cells;
}

/** A decoded value as builders take it. */
function cellOf(value: unknown, type: ColumnType): Cell {
  if (value === null || value === undefined) return null;
  if (typeof type === "object") {
    const items = Array.isArray(value) ? value.map((item: unknown) => scalarCell(item, type.list)) : [];
    return listCell(items.some((item) => item !== null) ? type.list : undefined, items);
  }
  return scalarCell(value, type);
}

function scalarCell(value: unknown, type: ScalarType): Cell {
  if (value === null || value === undefined) return null;
  if (type === "timestamp" && typeof value === "bigint") return timestampCell(value);
  if (type === "json" && typeof value === "string") return jsonCell(value);
  if (type === "binary" && value instanceof Uint8Array) return binaryCell(value);
  return value as Cell;
}

/** Which no builder makes, for features have no such type. */
function int32Column(values: ArrayLike<unknown>, rows: number): NonNullable<Piece["column"]> {
  const data = new Int32Array(rows);
  const validity = new Uint8Array((rows + 7) >> 3);
  let [count, min, max] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let row = 0; row < rows; row++) {
    const value = values[row];
    if (typeof value !== "number") continue;
    setBits(validity, row, 1);
    data[count++] = value;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  const dense: Values = { kind: "int32", data: data.subarray(0, count), min, max };
  return { validity: count === rows ? undefined : validity, count, values: dense };
}
