import type { ColumnKind } from "../../../layout/columns/column-groups.ts";
import { sortNumbers } from "../../numbers/sort-numbers.ts";
import { sumOf } from "../../numbers/sum.ts";
import type { CategorySample } from "../compare/compare-categories.ts";
import { NumberSample } from "../compare/number-sample.ts";
import type { SpanTable } from "./span-table.ts";
import { nullCode, type StoredColumn } from "./stored-column.ts";

/**
 * The rows of a table in parts: by the slice that they belong to, and by the rate at which they were sampled.
 */
export interface Strata {
  /** The part of each row; -1 for one that is left out. */
  readonly parts: Int32Array;
  /** The slice of each part. */
  readonly sliceOf: readonly number[];
  /** How many rows each row of a part stands for. */
  readonly weights: readonly number[];
  /** Rows of each slice. */
  readonly rows: readonly number[];
  /** True when there is one part, of all rows. */
  readonly isWhole: boolean;
}

/** Which slices rows are parted into. */
export interface Slicing {
  readonly column: string;
  /** The values, each a slice; null is that of rows without one. Rows of other values are in no slice. */
  readonly values: readonly (string | null)[];
}

/** Parts the rows of a table. `slicing` undefined: all are one slice. `dropped` marks rows to be left out. */
export function strataOf(
  table: SpanTable,
  slicing: Slicing | undefined,
  dropped: Uint8Array | undefined,
): Strata {
  const slices = sliceCodes(table, slicing);
  const parts = new Int32Array(table.rows);
  const sliceOf: number[] = [];
  const weights: number[] = [];
  const known = new Map<number, number[]>();
  const rows = new Array<number>(slicing?.values.length ?? 1).fill(0);
  const { rates } = table;
  for (let row = 0; row < parts.length; row++) {
    const slice = slices === undefined ? 0 : (slices[row] as number);
    if (slice < 0) {
      parts[row] = -1;
      continue;
    }
    rows[slice] = (rows[slice] as number) + 1;
    if (dropped?.[row] === 1) {
      parts[row] = -1;
      continue;
    }
    const rate = rates[row] as number;
    const weight = rate > 0 && rate < 1 ? 1 / rate : 1;
    let bySlice = known.get(weight);
    if (bySlice === undefined) known.set(weight, (bySlice = []));
    let part = bySlice[slice];
    if (part === undefined) {
      bySlice[slice] = part = sliceOf.length;
      sliceOf.push(slice);
      weights.push(weight);
    }
    parts[row] = part;
  }
  const isWhole = slices === undefined && weights.length === 1 && dropped?.includes(1) !== true;
  return { parts, sliceOf, weights, rows, isWhole };
}

/** The slice of each row, -1 where it is in none; undefined when all are in one. */
function sliceCodes(table: SpanTable, slicing: Slicing | undefined): Int32Array | undefined {
  if (slicing === undefined) return undefined;
  const column = table.slices.get(slicing.column);
  if (column === undefined) return new Int32Array(table.rows).fill(-1);
  const places = new Map(slicing.values.map((value, i) => [value, i]));
  const byCode = column.names.map((name) => places.get(name) ?? -1);
  const ofNull = places.get(null) ?? -1;
  return column.codes.map((code) => (code === nullCode ? ofNull : (byCode[code] ?? -1)));
}

/** How many rows the rows of a slice stand for. */
export function weightedRows(table: SpanTable, slicing: Slicing | undefined): number[] {
  const { parts, sliceOf, weights, rows } = strataOf(table, slicing, undefined);
  const counts = new Array<number>(weights.length).fill(0);
  for (const part of parts) if (part >= 0) counts[part] = (counts[part] as number) + 1;
  return rows.map((_, slice) =>
    sumOf(counts.map((count, part) => (sliceOf[part] === slice ? count * (weights[part] as number) : 0))),
  );
}

/**
 * The numbers of each slice, sorted; rows without a value are left out. Infinite ones have no bin and no
 * distance, and are left out, too, unless they are to be categories.
 */
export function numberSamples(
  column: StoredColumn,
  strata: Strata,
  kind: ColumnKind = "numerical",
): NumberSample[] {
  const { numbers } = column;
  const { parts, weights, sliceOf } = strata;
  const bound = kind === "numerical" ? Number.MAX_VALUE : Infinity;
  if (strata.isWhole && column.nulls + (kind === "numerical" ? column.infinite : 0) === 0)
    return [new NumberSample([{ values: sortNumbers(numbers.slice()), weight: weights[0] as number }])];
  const counts = new Array<number>(weights.length).fill(0);
  for (let row = 0; row < parts.length; row++) {
    const part = parts[row] as number;
    if (part >= 0 && Math.abs(numbers[row] as number) <= bound) counts[part] = (counts[part] as number) + 1;
  }
  const filled = counts.map((count) => new Float64Array(count));
  const at = new Array<number>(weights.length).fill(0);
  for (let row = 0; row < parts.length; row++) {
    const part = parts[row] as number;
    const value = numbers[row] as number;
    if (part < 0 || !(Math.abs(value) <= bound)) continue;
    (filled[part] as Float64Array)[at[part] as number] = value;
    at[part] = (at[part] as number) + 1;
  }
  const byWeight = filled
    .map((values, part) => ({
      values: sortNumbers(values),
      weight: weights[part] as number,
      slice: sliceOf[part] as number,
    }))
    // Whatever the order in which rates were seen.
    .sort((a, b) => a.weight - b.weight);
  return strata.rows.map((_, slice) => new NumberSample(byWeight.filter((part) => part.slice === slice)));
}

/** The categories of each slice of a column that has codes, without rows that have none. */
export function categorySamples(column: StoredColumn, strata: Strata): CategorySample[] {
  const { parts, weights, sliceOf } = strata;
  const { codes, names } = column;
  const counts = weights.map(() => new Float64Array(names.length));
  for (let row = 0; row < parts.length; row++) {
    const part = parts[row] as number;
    const code = codes[row] as number;
    if (part < 0 || code === nullCode) continue;
    const ofPart = counts[part] as Float64Array;
    ofPart[code] = (ofPart[code] as number) + 1;
  }
  const inOrder = counts
    .map((ofPart, part) => ({
      ofPart,
      weight: weights[part] as number,
      slice: sliceOf[part] as number,
      rows: ofPart.reduce((sum, count) => sum + count, 0),
    }))
    .sort((a, b) => a.weight - b.weight);
  return strata.rows.map((_, slice) => {
    const own = inOrder.filter((part) => part.slice === slice && part.rows > 0);
    const isEven = own.length <= 1;
    const totals = new Map<string, number>();
    for (const { ofPart, weight } of own)
      for (let code = 0; code < ofPart.length; code++) {
        const count = (ofPart[code] as number) * (isEven ? 1 : weight);
        const name = names[code] as string;
        if (count > 0) totals.set(name, (totals.get(name) ?? 0) + count);
      }
    const rows = own.reduce((sum, part) => sum + part.rows, 0);
    const total = sumOf(own.map((part) => part.rows * part.weight));
    const squares = sumOf(own.map((part) => part.rows * part.weight ** 2));
    return { counts: totals, rows, effectiveRows: isEven ? rows : total ** 2 / squares };
  });
}
