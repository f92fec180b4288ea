import { type OpenedParquet, openParquet } from "../../../codec/parquet/parquet-decoder.ts";
import { readColumnRange } from "../../../codec/parquet/reading/column-range.ts";
import { type Budget, createBudget } from "../../../codec/parquet/reading/limits.ts";
import type { RowGroup } from "../../../codec/parquet/reading/metadata.ts";
import { fetchTextChunk, type TextChunk } from "../../../codec/parquet/reading/pages/text-pages.ts";
import { systemColumns } from "../../../layout/system-columns.ts";
import type { Store } from "../../../store/store.ts";
import { mapConcurrent } from "../../map-concurrent.ts";
import { openStoredFile } from "../../stored-file.ts";
import type { MatchRules } from "../match-request.ts";
import type { SideFile } from "../stretches.ts";
import { countedWhen, isCounted, isWhen } from "./counted-when.ts";
import type { AddedRows } from "./uuid-rows.ts";

const { correlationId, rowIndex, eventTime, requestTime } = systemColumns;

const filesAtOnce = 8;

/** Row groups of some files. */
export interface PlainGroups {
  readonly groups: readonly Group[];
  readonly rows: number;
}

/**
 * Opens files whose rows may be counted by their ids alone. Undefined for those of which that cannot be: of
 * another format, without statistics; of which a row may be late.
 */
export async function openGroups(
  files: readonly SideFile[],
  store: Store,
  rules: MatchRules,
): Promise<PlainGroups | undefined> {
  if (files.some(({ file }) => file.format !== "parquet")) return undefined;
  const groups: Group[] = [];
  let rows = 0;
  const opening = mapConcurrent(files, filesAtOnce, async ({ side, file }) => {
    const opened = await openParquet(openStoredFile(store, file).source).catch(() => undefined);
    return opened === undefined ? undefined : { side, file: opened };
  });
  for await (const one of opening) {
    if (one === undefined) return undefined;
    const { side, file } = one;
    rows += file.info.rows;
    for (const [number, group] of file.metadata.rowGroups.entries())
      groups.push({ side, file, group, number });
  }
  return areInTime(groups, rules) ? { groups, rows } : undefined;
}

/** A row group of a side. */
export interface Group {
  readonly side: number;
  readonly file: OpenedParquet;
  readonly group: RowGroup;
  /** Its place in the file. */
  readonly number: number;
}

/** Milliseconds; undefined where the file does not say. */
function boundsOf(
  { file: { info }, number }: Group,
  column: string,
): { readonly min: number; readonly max: number } | undefined {
  const { min, max } = info.rowGroups[number]?.statistics(column) ?? {};
  const known =
    (typeof min === "number" || min instanceof Date) && (typeof max === "number" || max instanceof Date);
  return known ? { min: Number(min), max: Number(max) } : undefined;
}

/** Whether no output can be later than it may, by the statistics of all files. */
function areInTime(groups: readonly Group[], { lateness }: MatchRules): boolean {
  let first = Infinity;
  let last = -Infinity;
  for (const group of groups) {
    const collected = boundsOf(group, eventTime.name);
    const requested = boundsOf(group, requestTime.name);
    if (collected === undefined || requested === undefined) return false;
    if (group.side === 0) first = Math.min(first, Math.max(requested.min, collected.min));
    else last = Math.max(last, collected.max);
  }
  // Bounds are cut to whole milliseconds.
  return last + 1 - first <= lateness / 1_000;
}

/** What was read of a row group. */
export interface FetchedGroup extends AddedRows {
  readonly ids: TextChunk;
  readonly budget: Budget;
}

/** Between which texts the ids of a row group are; undefined where the file does not say. */
export function idBoundsOf({
  file,
  number,
}: Group): { readonly min: string; readonly max: string } | undefined {
  const { min, max } = file.info.rowGroups[number]?.statistics(correlationId.name) ?? {};
  return typeof min === "string" && typeof max === "string" ? { min, max } : undefined;
}

/** Reads what rows are counted by; undefined where it cannot be read so. */
export async function fetchGroup(group: Group, rules: MatchRules): Promise<FetchedGroup | undefined> {
  try {
    return await fetchColumns(group, rules);
  } catch {
    return undefined;
  }
}

async function fetchColumns(group: Group, rules: MatchRules): Promise<FetchedGroup | undefined> {
  const budget = createBudget();
  const places = boundsOf(group, rowIndex.name);
  const isFirst = places?.max === 0 && places.min === 0;
  const [ids, when, indexes] = await Promise.all([
    fetchTextChunk(group.file, correlationId.name, group.group, budget),
    whenOf(group, rules) ?? whensOf(group, rules, budget),
    isFirst ? undefined : indexesOf(group, budget),
  ]);
  if (ids === undefined) return undefined;
  return { side: group.side, ids, when, indexes, budget };
}

/** When all requests of a row group are counted, if its statistics show that it is one time for all. */
function whenOf(group: Group, rules: MatchRules): number | undefined {
  const bounds = boundsOf(group, requestTime.name);
  if (bounds === undefined) return undefined;
  const first = countedWhen(bounds.min * 1_000, rules);
  const last = countedWhen(bounds.max * 1_000 + 999, rules);
  return first === last && isCounted(first) && isWhen(first) ? first : undefined;
}

async function whensOf(group: Group, rules: MatchRules, budget: Budget): Promise<Int32Array> {
  const times = await columnOf(group, asIntegers(group.file, requestTime.name), requestTime.name, budget);
  return Int32Array.from(times as ArrayLike<bigint | number>, (time) => {
    const when = countedWhen(Number(time), rules);
    if (!isWhen(when)) throw new Error("a request's time is no time");
    return when;
  });
}

async function indexesOf(group: Group, budget: Budget): Promise<Int32Array> {
  const indexes = await columnOf(group, group.file, rowIndex.name, budget);
  if (indexes instanceof Int32Array) return indexes;
  return Int32Array.from(indexes, (index) => {
    if (!Number.isInteger(index)) throw new Error("a row's index is no whole number");
    return index as number;
  });
}

async function columnOf(
  { group }: Group,
  file: OpenedParquet,
  name: string,
  budget: Budget,
): Promise<ArrayLike<unknown>> {
  return await readColumnRange(file, name, { group, start: 0, end: group.rows }, budget);
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
