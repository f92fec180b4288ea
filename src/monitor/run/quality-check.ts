import type { ColumnKind } from "../../layout/columns/column-groups.ts";
import { type DataQuality, dataQuality, type QualityConstraints } from "../quality/data-quality.ts";
import type { QualityRate, QualityResult } from "./monitor-result.ts";
import type { Strata } from "./rows/strata.ts";
import { nullCode, type StoredColumn } from "./rows/stored-column.ts";
import type { ThresholdSource } from "./verdict.ts";

/** What may be wrong with a column's values, at most, beyond what is wrong with the baseline's. */
export interface QualityThresholds {
  readonly nullValueRate: number;
  readonly dataTypeErrorRate: number;
  readonly outOfBoundsRate: number;
}

/** What a baseline says of a column's values. */
export interface QualityBaseline {
  readonly constraints: QualityConstraints;
  readonly quality: DataQuality;
}

/** The quality of each slice of a column; null of a slice without rows. `strata` leaves no row out. */
export function qualityOf(
  column: StoredColumn,
  strata: Strata,
  constraints: QualityConstraints,
): (DataQuality | null)[] {
  const { type } = constraints;
  const isNumber = type === "float64" || type === "int64";
  if (isNumber && column.storage === "numbers") return numbersQuality(column, strata, constraints);
  if (!isNumber && column.storage === "codes") return codesQuality(column, strata, constraints);
  // Another type than the baseline's: value by value.
  return strata.rows.map((rows, slice) =>
    rows === 0 ? null : dataQuality(constraints, valuesOfSlice(column, strata, slice)),
  );
}

function numbersQuality(
  { numbers }: StoredColumn,
  { parts, sliceOf, rows }: Strata,
  { min = -Infinity, max = Infinity }: QualityConstraints,
): (DataQuality | null)[] {
  const tallies = rows.map(() => ({ nulls: 0, below: 0, above: 0 }));
  for (let row = 0; row < parts.length; row++) {
    const slice = sliceOf[parts[row] as number];
    const tally = slice === undefined ? undefined : tallies[slice];
    if (tally === undefined) continue;
    const value = numbers[row] as number;
    if (value < min) tally.below++;
    else if (value > max) tally.above++;
    else if (Number.isNaN(value)) tally.nulls++;
  }
  return rows.map((count, slice) => {
    const { nulls, below, above } = tallies[slice] as (typeof tallies)[number];
    if (count === 0) return null;
    const known = count - nulls;
    // Nulls are filled with the lower median, of which only the side matters.
    const middle = Math.ceil(known / 2);
    const isFillingOut = known > 0 && (below >= middle || known - above < middle);
    return rates(count, {
      nulls,
      errors: known === 0 ? nulls : 0,
      out: below + above + (isFillingOut ? nulls : 0),
    });
  });
}

function codesQuality(
  { codes, names }: StoredColumn,
  { parts, sliceOf, rows }: Strata,
  { type, values }: QualityConstraints,
): (DataQuality | null)[] {
  const hasBounds = type === "string" && values !== undefined;
  const known = new Set(values);
  const counts = rows.map(() => new Float64Array(names.length));
  const nulls = rows.map(() => 0);
  for (let row = 0; row < parts.length; row++) {
    const slice = sliceOf[parts[row] as number];
    if (slice === undefined) continue;
    const code = codes[row] as number;
    if (code === nullCode) nulls[slice] = (nulls[slice] as number) + 1;
    else {
      const ofSlice = counts[slice] as Float64Array;
      ofSlice[code] = (ofSlice[code] as number) + 1;
    }
  }
  return rows.map((count, slice) => {
    if (count === 0) return null;
    const missing = nulls[slice] as number;
    let [out, most] = [0, -1];
    let filling: string | undefined;
    for (const [code, number] of (counts[slice] as Float64Array).entries()) {
      if (number === 0) continue;
      const name = names[code] as string;
      if (hasBounds && !known.has(name)) out += number;
      if (number > most || (number === most && name < (filling as string))) [most, filling] = [number, name];
    }
    const isFilled = type === "string" && filling !== undefined;
    if (isFilled && hasBounds && !known.has(filling as string)) out += missing;
    return rates(count, { nulls: missing, errors: isFilled ? 0 : missing, out: hasBounds ? out : null });
  });
}

function rates(
  rows: number,
  { nulls, errors, out }: { readonly nulls: number; readonly errors: number; readonly out: number | null },
): DataQuality {
  const rate = (count: number): number => Number((count / rows).toFixed(5));
  return {
    rows,
    nullValueRate: rate(nulls),
    dataTypeErrorRate: rate(errors),
    outOfBoundsRate: out === null ? null : rate(out),
  };
}

function valuesOfSlice(column: StoredColumn, { parts, sliceOf }: Strata, slice: number): unknown[] {
  const values: unknown[] = [];
  for (let row = 0; row < parts.length; row++) {
    if (sliceOf[parts[row] as number] !== slice) continue;
    if (column.storage === "numbers") values.push(column.numbers[row]);
    else values.push(column.names[column.codes[row] as number] ?? null);
  }
  return values;
}

/** What a reference's own column must be, learnt from its rows: for windows that are compared with rows. */
export function learnQuality(column: StoredColumn, type: string): QualityBaseline | undefined {
  const rows = column.rows;
  if (rows === column.nulls || column.storage === "none") return undefined;
  const strata: Strata = {
    parts: new Int32Array(rows),
    sliceOf: [0],
    weights: [1],
    rows: [rows],
    isWhole: true,
  };
  const constraints = constraintsOf(column, type);
  const [quality] = qualityOf(column, strata, constraints);
  return quality == null ? undefined : { constraints, quality };
}

function constraintsOf(column: StoredColumn, type: string): QualityConstraints {
  if (column.storage === "numbers") {
    let [min, max] = [Infinity, -Infinity];
    for (const value of column.numbers) {
      if (value < min) min = value;
      if (value > max) max = value;
    }
    return { type: /^u?int/.test(type) ? "int64" : "float64", min: min + 0, max: max + 0 };
  }
  if (type === "boolean" || type === "timestamp" || type === "binary") return { type };
  const used = new Set<string>();
  for (const code of column.codes) if (code !== nullCode) used.add(column.names[code] as string);
  return { type: "string", values: [...used].sort() };
}

/** A column's quality, judged: a rate may be at most the baseline's own plus the threshold. */
export function judgeQuality(
  column: { readonly name: string; readonly kind: ColumnKind },
  quality: DataQuality | null,
  { quality: before }: QualityBaseline,
  {
    thresholds,
    source,
    minRows,
  }: {
    readonly thresholds: QualityThresholds;
    readonly source: ThresholdSource;
    readonly minRows: number;
  },
): QualityResult {
  const rate = (
    metric: QualityRate["metric"],
    key: "nullValueRate" | "dataTypeErrorRate" | "outOfBoundsRate",
  ): QualityRate => {
    const value = quality?.[key] ?? null;
    const own = before[key] ?? 0;
    const threshold = thresholds[key];
    const breached = value !== null && value > own + threshold;
    return { metric, value, baseline: own, threshold, thresholdSource: source, breached };
  };
  const all = [
    rate("NullValueRate", "nullValueRate"),
    rate("DataTypeErrorRate", "dataTypeErrorRate"),
    rate("OutOfBoundsRate", "outOfBoundsRate"),
  ];
  const rows = quality?.rows ?? 0;
  const isEnough = rows >= minRows;
  const verdict = !isEnough ? "insufficient data" : all.some(({ breached }) => breached) ? "breach" : "pass";
  const reason = isEnough ? null : `${rows} of the ${minRows} rows that are needed`;
  return { column: column.name, kind: column.kind, rows, rates: all, verdict, reason };
}
