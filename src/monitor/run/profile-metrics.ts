import { categoryOf, isNull } from "../../profile/category.ts";
import { CollectionProfile } from "../../profile/collection-profile.ts";
import type { ColumnProfile } from "../../profile/column-profile.ts";
import type { ColumnKind } from "../../layout/columns/column-groups.ts";
import { isSystemColumn } from "../../layout/system-columns.ts";
import type { ColumnBatch } from "../../layout/column-batch.ts";
import { TextLengths } from "../columns/text-lengths.ts";
import type { MonitorSource, TimeSpan } from "./rows/monitor-source.ts";

/** What there is to know of a column in a window and slice: one row of the table `profile_metrics`. */
export interface ProfileMetrics {
  /** ISO times; the end is not in it. */
  readonly window_start: string;
  readonly window_end: string;
  /** The column and value of the slice; null for all rows. */
  readonly slice_key: string | null;
  readonly slice_value: string | null;
  readonly collection: string;
  readonly column_name: string;
  /** Its type in the files. */
  readonly data_type: string;
  readonly kind: ColumnKind;
  readonly count: number;
  readonly num_nulls: number;
  readonly num_nan: number;
  readonly num_zeros: number;
  /** Exact up to 512, then within 1.6 % (a standard error). */
  readonly distinct_count: number;
  readonly min: number | string | null;
  readonly max: number | string | null;
  readonly avg: number | null;
  readonly stddev: number | null;
  readonly median: number | null;
  /** At 1, 5, 10, 25, 50, 75, 90, 95 and 99 %; none of categories. */
  readonly quantiles: readonly number[];
  /** The 20 most frequent categories with their counts; none of numbers. */
  readonly frequent_items: readonly (readonly [string, number])[];
  /** Of texts in characters (code points); null for other types, and without a value. */
  readonly min_length: number | null;
  readonly max_length: number | null;
  readonly avg_length: number | null;
  readonly percent_null: number;
  readonly percent_distinct: number;
}

/** What is profiled. */
export interface ProfileRowsOptions {
  readonly collection: string;
  readonly windows: readonly TimeSpan[];
  /** Only these columns. Default: all but system columns. */
  readonly features?: readonly string[];
  /** Also by the values of this column: the 20 most frequent ones. */
  readonly by?: string;
  /** Called now and then with what is being done, for people. */
  readonly onProgress?: (what: string) => void;
}

const shares = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];
const maxSlices = 20;

/**
 * Profiles stored rows by window, and by slice. In little memory: rows are read once and forgotten.
 *
 * @throws what the source throws.
 * @example
 * ```ts
 * import { profileRows } from "model-data-collector/monitor";
 * import { openDataset } from "model-data-collector/reader";
 *
 * await using data = await openDataset("./collected");
 * const windows = [{ from: new Date("2026-11-29"), to: new Date("2026-11-30") }];
 * for (const { column_name, avg } of await profileRows(data, { collection: "model_inputs", windows }))
 *   console.log(column_name, avg);
 * ```
 */
export async function profileRows(
  source: MonitorSource,
  options: ProfileRowsOptions,
): Promise<ProfileMetrics[]> {
  const rows: ProfileMetrics[] = [];
  for (const window of options.windows) {
    options.onProgress?.(`profiling ${options.collection} from ${window.from.toISOString()} …`);
    rows.push(...(await profileWindow(source, window, options)));
  }
  return rows;
}

async function profileWindow(
  source: MonitorSource,
  { from, to }: TimeSpan,
  { collection, features, by }: ProfileRowsOptions,
): Promise<ProfileMetrics[]> {
  const part = (): ProfiledPart => ({
    profile: new CollectionProfile({ collection, from, to }),
    lengths: new Map(),
  });
  const whole = part();
  const slices = new Map<string | null, ProfiledPart>();
  const types = new Map<string, string>();
  const asked =
    features === undefined ? undefined : [...new Set([...features, ...(by === undefined ? [] : [by])])];
  const options = { from, to, columns: asked ?? ((name: string) => !isSystemColumn(name) || name === by) };
  for await (const batch of source.table(collection, options)) {
    for (const [name, type] of batch.types) if (!types.has(name)) types.set(name, type);
    const fitting = withoutObjects(batch, features);
    addTo(whole, fitting, types);
    if (by === undefined) continue;
    for (const [value, rows] of partsOf(fitting, batch.columns.get(by))) {
      let slice = slices.get(value);
      if (slice === undefined) slices.set(value, (slice = part()));
      addTo(slice, rows, types);
    }
  }
  const largest = [...slices]
    .sort(([a, { profile: m }], [b, { profile: n }]) => n.rows - m.rows || (String(a) < String(b) ? -1 : 1))
    .slice(0, maxSlices);
  const all = [
    { key: null, value: null, ...whole },
    ...largest.map(([value, slice]) => ({ key: by ?? null, value, ...slice })),
  ];
  return all.flatMap(({ key, value, profile, lengths }) =>
    [...profile.columns]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, column]) => ({
        window_start: from.toISOString(),
        window_end: to.toISOString(),
        ...{ slice_key: key, slice_value: value, collection, column_name: name },
        data_type: types.get(name) ?? "",
        ...metricsOf(column),
        ...lengthsOf(lengths.get(name)),
      })),
  );
}

/** What is known of the rows of a window or slice. */
interface ProfiledPart {
  readonly profile: CollectionProfile;
  /** By column, of those that are texts. */
  readonly lengths: Map<string, TextLengths>;
}

function addTo({ profile, lengths }: ProfiledPart, rows: Rows, types: ReadonlyMap<string, string>): void {
  profile.add(rows);
  for (const [name, values] of rows.columns) {
    if (types.get(name) !== "string") continue;
    let known = lengths.get(name);
    if (known === undefined) lengths.set(name, (known = new TextLengths()));
    known.add(values);
  }
}

function lengthsOf(
  known: TextLengths | undefined,
): Pick<ProfileMetrics, "min_length" | "max_length" | "avg_length"> {
  const { min, max, avg } = known?.lengths ?? { min: null, max: null, avg: null };
  return { min_length: min, max_length: max, avg_length: avg };
}

type Rows = Pick<ColumnBatch, "length" | "columns">;

/** The features that have scalars: a profile takes no lists or objects. */
function withoutObjects({ length, columns }: Rows, features: readonly string[] | undefined): Rows {
  const wanted = features === undefined ? undefined : new Set(features);
  const kept = [...columns].filter(([name, values]) => wanted?.has(name) !== false && areScalars(values));
  return { length, columns: new Map(kept) };
}

function areScalars(values: ArrayLike<unknown>): boolean {
  if (ArrayBuffer.isView(values)) return true;
  for (let i = 0; i < values.length; i++)
    if (!isNull(values[i]) && categoryOf(values[i]) === undefined) return false;
  return true;
}

/** The rows of a batch by the value of a column. */
function* partsOf(
  { columns }: Rows,
  by: ArrayLike<unknown> | undefined,
): Generator<readonly [string | null, Rows]> {
  const rows = new Map<string | null, number[]>();
  for (let row = 0; row < (by?.length ?? 0); row++) {
    const value = isNull(by?.[row]) ? null : (categoryOf(by?.[row]) ?? null);
    const list = rows.get(value);
    if (list === undefined) rows.set(value, [row]);
    else list.push(row);
  }
  for (const [value, list] of rows) {
    const own = [...columns].map(([name, values]) => [name, list.map((row) => values[row])] as const);
    yield [value, { length: list.length, columns: new Map(own) }];
  }
}

function metricsOf(
  column: ColumnProfile,
): Omit<
  ProfileMetrics,
  | ("window_start" | "window_end" | "slice_key" | "slice_value" | "collection" | "column_name" | "data_type")
  | ("min_length" | "max_length" | "avg_length")
> {
  const { kind, rows } = column;
  const isNumber = kind === "numerical" && rows - column.nulls - column.nans - column.infinite > 0;
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  const bound = (value: number | string | null) => (typeof value === "number" ? finite(value) : value);
  return {
    kind,
    count: rows,
    num_nulls: column.nulls,
    num_nan: column.nans,
    num_zeros: column.zeros,
    distinct_count: column.distinct,
    min: bound(column.min),
    max: bound(column.max),
    avg: finite(column.mean),
    stddev: finite(column.standardDeviation),
    median: finite(column.quantile(0.5)),
    quantiles: isNumber ? shares.map((share) => column.quantile(share)) : [],
    frequent_items: column.frequent(),
    percent_null: rows === 0 ? 0 : (100 * (column.nulls + column.nans)) / rows,
    percent_distinct: rows === 0 ? 0 : (100 * column.distinct) / rows,
  };
}
