import { told, wrongValue } from "../../base/errors.ts";
import { oneOf, optionsOf, parseFields } from "../../base/fields.ts";
import { typedArrayName } from "../../frame/typed-array.ts";
import { type MetricColumn, valuesOf } from "../columns/metric-column.ts";
import { isNull } from "../../profile/category.ts";
import { castValue, type QualityType } from "./cast-value.ts";

/** What a column's values must be, learnt from a baseline. Plain data, to be kept as JSON. */
export interface QualityConstraints {
  /** The type of its values. */
  readonly type: QualityType;
  /** The least value, of numbers. */
  readonly min?: number;
  /** The greatest value, of numbers. */
  readonly max?: number;
  /** All values, of texts, in order. */
  readonly values?: readonly string[];
}

/** What is wrong with a column: shares of its rows, from 0 to 1, rounded to five places as Azure ML does. */
export interface DataQuality {
  /** How many rows. */
  readonly rows: number;
  /** The share of nulls. */
  readonly nullValueRate: number;
  /** The share of values that the baseline's type cannot hold. */
  readonly dataTypeErrorRate: number;
  /**
   * The share of numbers or texts that the baseline does not reach or have; null for types without bounds.
   */
  readonly outOfBoundsRate: number | null;
}

/** What {@link qualityConstraints} may be told. */
export interface QualityOptions {
  /** The type, when it is known. By default that of the values; of values of several types it is `string`. */
  readonly type?: QualityType;
}

/**
 * What the values of a baseline's column are: their type, the bounds of numbers, the set of texts. {@link
 * dataQuality} holds other columns against it.
 *
 * @throws TypeError or RangeError for a column without values.
 * @example
 * ```ts
 * import { qualityConstraints } from "model-data-collector/monitor";
 *
 * console.log(qualityConstraints([404, 712, 2475]));
 * console.log(qualityConstraints(["SEA", "JFK", null]));
 * ```
 */
export function qualityConstraints(baseline: MetricColumn, options: QualityOptions = {}): QualityConstraints {
  const callee = "qualityConstraints";
  const { type: given } = parseFields<QualityOptions>(options, optionsOf(callee), {
    type: oneOf("float64", "int64", "boolean", "string", "timestamp", "binary"),
  });
  const values = valuesOf(baseline, `${callee} baseline`);
  const type = given ?? typeOf(values);
  const texts = new Set<string>();
  let [min, max] = [Infinity, -Infinity];
  let known = 0;
  for (let i = 0; i < values.length; i++) {
    if (isNull(values[i])) continue;
    const value = castValue(values[i], type);
    if (value === undefined) continue;
    known++;
    if (typeof value === "number") [min, max] = [Math.min(min, value), Math.max(max, value)];
    if (typeof value === "string") texts.add(value);
  }
  if (known === 0) throw wrongValue(`${callee} baseline`, `at least one value of ${type}`, told("none"));
  if (isNumeric(type)) return { type, min: min + 0, max: max + 0 };
  return type === "string" ? { type, values: [...texts].sort() } : { type };
}

/**
 * What is wrong with a column, held against what a baseline's values are, in the order of Azure ML's
 * monitoring: `nullValueRate` is the share of nulls. Then nulls are filled, numbers with the column's own
 * median (the lower of two), texts with its most frequent one (the first by name of several).
 * `dataTypeErrorRate` is the share of rows that cannot be cast to the baseline's type by Spark's rules; nulls
 * that were not filled (of booleans, timestamps, bytes, or where there is no value at all) are among them.
 * `outOfBoundsRate` is the share of rows below the baseline's least number, above its greatest, or of texts
 * that it does not have.
 *
 * Azure ML takes the baseline's own rate plus the threshold (by default 0) as the bound; more is a breach.
 * Equal to the digit whatever the order of the rows.
 *
 * @throws TypeError or RangeError for a column without rows.
 * @example
 * ```ts
 * import { dataQuality, qualityConstraints } from "model-data-collector/monitor";
 *
 * const constraints = qualityConstraints([404, 712, 2475]);
 * console.log(dataQuality(constraints, [404, null, 9999, "unknown"]));
 * ```
 */
export function dataQuality(constraints: QualityConstraints, production: MetricColumn): DataQuality {
  const where = "dataQuality production";
  const values = valuesOf(production, where);
  const rows = values.length;
  if (rows === 0) throw wrongValue(where, "at least one row", told("none"));
  const { type } = constraints;
  const known = new Set(constraints.values);
  const isOut = (value: number | string | true): boolean =>
    typeof value === "number"
      ? value < (constraints.min ?? -Infinity) || value > (constraints.max ?? Infinity)
      : typeof value === "string" && constraints.values !== undefined && !known.has(value);
  let [nulls, errors, out] = [0, 0, 0];
  const fitting: (number | string | true)[] = [];
  for (let i = 0; i < rows; i++) {
    if (isNull(values[i])) {
      nulls++;
      continue;
    }
    const value = castValue(values[i], type);
    if (value === undefined) errors++;
    else fitting.push(value);
    if (value !== undefined && isOut(value)) out++;
  }
  const filling = nulls === 0 ? undefined : usualValue(fitting, type);
  if (filling === undefined) errors += nulls;
  else if (isOut(filling)) out += nulls;
  const hasBounds = isNumeric(type) || constraints.values !== undefined;
  const rate = (count: number): number => Number((count / rows).toFixed(5));
  return {
    rows,
    nullValueRate: rate(nulls),
    dataTypeErrorRate: rate(errors),
    outOfBoundsRate: hasBounds ? rate(out) : null,
  };
}

/** What nulls are filled with. */
function usualValue(
  values: readonly (number | string | true)[],
  type: QualityType,
): number | string | undefined {
  if (isNumeric(type)) {
    const sorted = Float64Array.from(values as readonly number[]).sort();
    return sorted[Math.ceil(sorted.length / 2) - 1];
  }
  if (type !== "string") return undefined;
  const counts = new Map<string, number>();
  for (const value of values as readonly string[]) counts.set(value, (counts.get(value) ?? 0) + 1);
  const most = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return most[0]?.[0];
}

function isNumeric(type: QualityType): boolean {
  return type === "float64" || type === "int64";
}

function typeOf(values: ArrayLike<unknown>): QualityType {
  const name = typedArrayName(values);
  if (name !== undefined) return name.startsWith("Float") ? "float64" : "int64";
  const types = new Set<QualityType>();
  for (let i = 0; i < values.length; i++) if (!isNull(values[i])) types.add(typeOfValue(values[i]));
  const [first = "string"] = types;
  return types.size === 1 ? first : "string";
}

function typeOfValue(value: unknown): QualityType {
  if (typeof value === "number") return "float64";
  if (typeof value === "bigint") return "int64";
  if (typeof value === "boolean") return "boolean";
  if (value instanceof Date) return "timestamp";
  return value instanceof Uint8Array ? "binary" : "string";
}
