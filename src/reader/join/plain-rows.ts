import { type OpenedParquet, openParquet } from "../../codec/parquet/parquet-decoder.ts";
import { readColumnRange } from "../../codec/parquet/reading/column-range.ts";
import { type Budget, createBudget } from "../../codec/parquet/reading/limits.ts";
import { readUuidColumn } from "../../codec/parquet/reading/uuid-column.ts";
import { systemColumns } from "../../layout/system-columns.ts";
import type { Store } from "../../store/store.ts";
import { openStoredFile } from "../stored-file.ts";
import type { MatchRules } from "./match-request.ts";
import type { SideFile } from "./stretches.ts";
import { maxTableSides, UuidTable } from "./uuid-table.ts";

const { correlationId, rowIndex, eventTime, requestTime } = systemColumns;

/** Rows by UUID, and how many were read. */
export interface PlainRows {
  readonly table: UuidTable;
  readonly rows: number;
}

/**
 * The rows of some files by UUID, in a fraction of the time and memory that {@link readKeyRows} takes.
 * Undefined for files that it cannot be done for: of another format, without statistics, with other ids; of
 * which a row may be late; or with more than so many rows.
 */
export async function readPlainRows(
  files: readonly SideFile[],
  store: Store,
  rules: MatchRules,
  maxRows: number,
): Promise<PlainRows | undefined> {
  if (files.some(({ file }) => file.format !== "parquet")) return undefined;
  const opened: Opened[] = [];
  let rows = 0;
  for (const { side, file } of files) {
    const stored = openStoredFile(store, file);
    const one = await openParquet(stored.source).catch(() => undefined);
    if (one === undefined) return undefined;
    opened.push({ side, file: one });
    rows += one.info.rows;
    if (rows > maxRows) return undefined;
  }
  if (!areInTime(opened, rules)) return undefined;
  const table = new UuidTable(Math.max(...rowsBySide(opened)));
  for (const one of opened)
    for (const [i, group] of one.file.metadata.row_groups.entries())
      if (!(await addGroup(table, one, group, i).catch(() => false))) return undefined;
  return { table, rows };
}

type RowGroup = OpenedParquet["metadata"]["row_groups"][number];

interface Opened {
  readonly side: number;
  readonly file: OpenedParquet;
}

/** Milliseconds; undefined where the file does not say. */
function boundsOf(
  { info }: OpenedParquet,
  group: number,
  column: string,
): { readonly min: number; readonly max: number } | undefined {
  const { min, max } = info.rowGroups[group]?.statistics(column) ?? {};
  const known =
    (typeof min === "number" || min instanceof Date) && (typeof max === "number" || max instanceof Date);
  return known ? { min: Number(min), max: Number(max) } : undefined;
}

/** Whether no output can be later than it may, by the statistics of all files. */
function areInTime(opened: readonly Opened[], { lateness }: MatchRules): boolean {
  let first = Infinity;
  let last = -Infinity;
  for (const { side, file } of opened)
    for (const group of file.info.rowGroups.keys()) {
      const bounds = boundsOf(file, group, side === 0 ? requestTime.name : eventTime.name);
      if (bounds === undefined) return false;
      if (side === 0) first = Math.min(first, bounds.min);
      else last = Math.max(last, bounds.max);
    }
  // Bounds are cut to whole milliseconds.
  return last + 1 - first <= lateness / 1_000;
}

async function addGroup(
  table: UuidTable,
  { side, file }: Opened,
  group: RowGroup,
  number: number,
): Promise<boolean> {
  const budget = createBudget();
  const uuids = await readUuidColumn(file, correlationId.name, group, budget);
  if (uuids === undefined) return false;
  const places = boundsOf(file, number, rowIndex.name);
  const times = wordsOf(await columnOf(asIntegers(file, requestTime.name), requestTime.name, group, budget));
  const isFirst = places?.max === 0 && places.min === 0;
  const indexes = isFirst ? undefined : await columnOf(file, rowIndex.name, group, budget);
  for (let row = 0; row < uuids.length / 4; row++)
    table.add(uuids, row, indexes === undefined ? 0 : Number(indexes[row]), side, times, row * 2);
  return true;
}

async function columnOf(
  file: OpenedParquet,
  name: string,
  group: RowGroup,
  budget: Budget,
): Promise<ArrayLike<unknown>> {
  return await readColumnRange(file, name, { group, start: 0, end: Number(group.num_rows) }, budget);
}

/** The same file, of whose times in microseconds no objects are made. */
function asIntegers(file: OpenedParquet, column: string): OpenedParquet {
  const children = file.schema.children.map((child) => {
    const { converted_type: converted, logical_type: logical, ...element } = child.element;
    const isMicros =
      converted === "TIMESTAMP_MICROS" || (logical?.type === "TIMESTAMP" && logical.unit === "MICROS");
    return element.name === column && isMicros ? { ...child, element } : child;
  });
  return { ...file, schema: { ...file.schema, children } };
}

/** Numbers of 64 bits as two of 32 each, the lower first. */
function wordsOf(values: ArrayLike<unknown>): Uint32Array {
  const whole = values instanceof BigInt64Array ? values : BigInt64Array.from(values as ArrayLike<bigint>);
  return new Uint32Array(whole.buffer, whole.byteOffset, whole.length * 2);
}

function rowsBySide(opened: readonly Opened[]): number[] {
  const rows = new Array<number>(maxTableSides).fill(0);
  for (const { side, file } of opened) rows[side] = (rows[side] ?? 0) + file.info.rows;
  return rows;
}
