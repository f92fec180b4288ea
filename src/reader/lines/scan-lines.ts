import { type LinesColumns, readLines } from "../../codec/jsonl/jsonl-decoder.ts";
import { dateOfMicros } from "../../codec/parquet/parquet-file.ts";
import type { RangeSource } from "../../codec/range-source.ts";
import { type ColumnBatch, columnBatch, withNumbers } from "../../layout/column-batch.ts";
import { bindFilter, rowTest } from "../../layout/filter/bound-filter.ts";
import type { Filter } from "../../layout/filter/filter.ts";
import type { Store } from "../../store/store.ts";
import type { DataFile } from "../data-file.ts";
import type { PinnedTypes } from "./pinned-types.ts";

/** What to read of a file of JSON lines. */
export interface LinesScan {
  readonly columns?: readonly string[] | ((name: string) => boolean) | undefined;
  readonly timestamps?: "date" | "micros" | undefined;
  readonly filter: (types: ReadonlyMap<string, string>) => Filter | undefined;
}

/** Reads a file of JSON lines. All of it is fetched, for nothing in it says what is not there. */
export async function* scanLines(
  source: RangeSource,
  store: Store,
  file: DataFile,
  pins: PinnedTypes,
  { columns, filter, timestamps }: LinesScan,
): AsyncGenerator<ColumnBatch, void, undefined> {
  for await (const lines of storedLines(source, store, file, pins)) {
    const asked = filter(lines.types);
    const rows = asked === undefined ? undefined : wantedRows(lines, asked);
    const length = rows?.length ?? lines.length;
    if (length === 0) continue;
    const all = [...lines.columns.keys()];
    const names = typeof columns === "function" ? all.filter(columns) : (columns ?? all);
    const taken = names.map((name) => [name, takeRows(lines, name, rows, length, timestamps)] as const);
    const types = new Map(names.flatMap((name) => typed(name, lines.types.get(name))));
    yield columnBatch(length, withNumbers(new Map(taken), types), types);
  }
}

/** All rows of a file of JSON lines. */
export async function* storedLines(
  source: RangeSource,
  store: Store,
  file: DataFile,
  pins: PinnedTypes,
): AsyncGenerator<LinesColumns, void, undefined> {
  const { endpoint, deployment } = file;
  const schema = await pins.of(file);
  yield* readLines(source, { endpoint, deployment, schema, beside: besideReader(store, file) });
}

/** Reads what a file refers to in its folder, by the last part of its path. */
export function besideReader(
  store: Store,
  { path }: Pick<DataFile, "path">,
): (name: string) => Promise<Uint8Array> {
  const folder = path.slice(0, path.lastIndexOf("/"));
  return (name) => store.get(`${folder}/${name}`);
}

function typed(name: string, type: string | undefined): [string, string][] {
  return type === undefined ? [] : [[name, type]];
}

/** The places of the rows that a filter wants. */
export function wantedRows({ length, columns, types }: LinesColumns, filter: Filter): number[] {
  const isWanted = rowTest(bindFilter(filter, types), (name) => columns.get(name));
  return Array.from({ length }, (_, row) => row).filter(isWanted);
}

function takeRows(
  { columns, types }: LinesColumns,
  name: string,
  rows: readonly number[] | undefined,
  length: number,
  timestamps: "date" | "micros" | undefined,
): readonly unknown[] {
  const values = columns.get(name);
  if (values === undefined) return new Array<null>(length).fill(null);
  const taken = rows === undefined ? values : rows.map((row) => values[row]);
  return timestamps !== "micros" && types.get(name)?.includes("timestamp") === true
    ? taken.map(asDate)
    : taken;
}

function asDate(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asDate);
  return typeof value === "bigint" ? dateOfMicros(value) : value;
}
