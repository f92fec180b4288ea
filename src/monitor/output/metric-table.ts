import type { ColumnType } from "../../layout/column-type.ts";

/** Rows by column, with the type of each: a file to be, of metrics in the long form. */
export interface MetricTable {
  /** The name of the file, without its ending. */
  readonly name: MetricTableName;
  /** Types of columns, in their order. */
  readonly schema: ReadonlyMap<string, ColumnType>;
  /** How many rows. */
  readonly length: number;
  /**
   * Values by column, `length` of them each: instants are bigints of microseconds since 1970 UTC, whole
   * numbers bigints.
   */
  readonly columns: ReadonlyMap<string, readonly unknown[]>;
}

/** What tables there are. */
export type MetricTableName =
  | "completeness_metrics"
  | "profile_metrics"
  | "quality_metrics"
  | "drift_metrics"
  | "performance_metrics"
  | "histograms";

/** A row before it is laid into columns: plain values, times as ISO 8601. */
export type MetricRow = Readonly<Record<string, unknown>>;

/** Lays rows into columns of these types. */
export function metricTable(
  name: MetricTableName,
  types: Readonly<Record<string, ColumnType>>,
  rows: readonly MetricRow[],
): MetricTable {
  const schema = new Map(Object.entries(types));
  const columns = Array.from(schema, ([column, type]) => {
    const convert = converters[String(type)] ?? same;
    return [column, rows.map((row) => (row[column] == null ? null : convert(row[column])))] as const;
  });
  return { name, schema, length: rows.length, columns: new Map(columns) };
}

const same = (value: unknown): unknown => value;

const converters: Readonly<Record<string, (value: unknown) => unknown>> = {
  timestamp: (value) => BigInt(Date.parse(String(value))) * 1000n,
  int64: (value) => BigInt(Math.round(Number(value))),
};

/** What every row of a window begins with: the names are those that Databricks' monitoring gives. */
export const windowTypes: Readonly<Record<string, ColumnType>> = {
  window_start: "timestamp",
  window_end: "timestamp",
  granularity: "string",
  slice_key: "string",
  slice_value: "string",
  collection: "string",
};

const units = [
  [7 * 86_400_000, "week"],
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
] as const;

/** A window's length in words, in the largest unit that it is so many times: `1 day`, `6 hours`. */
export function granularityOf(start: string, end: string): string {
  const ms = Date.parse(end) - Date.parse(start);
  const [unitMs, unit] = units.find(([one]) => ms >= one && ms % one === 0) ?? [1_000, "second"];
  const count = ms / unitMs;
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
