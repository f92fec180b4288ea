import { reading, wrongKind, wrongValue } from "../../base/errors.ts";
import { typedArrayName } from "../../frame/typed-array.ts";
import { type CategoryCounts, categoryOf, isNull } from "../../profile/category.ts";

/**
 * A column that a metric is asked about: an array, a typed array, what a batch of the reader holds, any
 * iterable; or, for categories, how often each occurs. `null`, `undefined`, `NaN` and invalid dates are
 * nulls.
 */
export type MetricColumn = ArrayLike<unknown> | Iterable<unknown> | CategoryCounts;

/** The numbers of a column, without its nulls. */
export interface Numbers {
  /** In the order of the column. Ours: it may be sorted in place. */
  readonly values: Float64Array;
  /** True when all came as integers: `bigint`, or from a typed array of integers. */
  readonly integers: boolean;
}

/** How often each category of a column occurs; nulls are none. */
export type Categories = ReadonlyMap<string, number>;

/** True for counts, which are no list of values. */
export function isCounts(column: unknown): column is CategoryCounts {
  return (
    typeof column === "object" &&
    column !== null &&
    !(Symbol.iterator in column) &&
    Object.hasOwn(column, "counts")
  );
}

/** The values of a column as a list. Throws a `TypeError` for what is none. */
export function valuesOf(column: MetricColumn, where: string): ArrayLike<unknown> {
  return reading(where, () => {
    if (Array.isArray(column) || typedArrayName(column) !== undefined) return column as ArrayLike<unknown>;
    if (typeof column === "object" && column !== null && !isCounts(column)) {
      if (Symbol.iterator in column) return Array.from(column as Iterable<unknown>);
      if (Number.isSafeInteger((column as ArrayLike<unknown>).length)) return column as ArrayLike<unknown>;
    }
    throw wrongKind(where, "a list of values", column);
  });
}

/**
 * The numbers of a column. Throws a `TypeError` for any other value, and a `RangeError` when there is none.
 */
export function numbersOf(column: MetricColumn, where: string): Numbers {
  const given = valuesOf(column, where);
  const name = typedArrayName(given);
  const values = new Float64Array(given.length);
  let length = 0;
  let integers = true;
  for (let i = 0; i < given.length; i++) {
    const value = given[i];
    if (typeof value === "number") {
      integers = false;
      if (!Number.isNaN(value)) values[length++] = value;
    } else if (typeof value === "bigint") values[length++] = Number(value);
    else if (!isNull(value)) throw wrongKind(`${where}, row ${i}`, "a number", value);
  }
  if (length === 0) throw wrongValue(where, "at least one value", given);
  if (name !== undefined) integers = !name.startsWith("Float");
  return { values: values.subarray(0, length), integers };
}

/** The same, sorted. What is sorted already stays so, which takes a hundredth of the time. */
export function sortedNumbersOf(column: MetricColumn, where: string): Numbers {
  const numbers = numbersOf(column, where);
  if (!isSorted(numbers.values)) numbers.values.sort();
  return numbers;
}

/** The same of finite numbers only: infinite ones have no place in bins, and no distance. */
export function finiteNumbersOf(column: MetricColumn, where: string): Numbers {
  const numbers = sortedNumbersOf(column, where);
  const last = numbers.values.at(-1) as number;
  const infinite = Number.isFinite(numbers.values[0]) ? last : numbers.values[0];
  if (!Number.isFinite(infinite)) throw wrongValue(where, "finite numbers", infinite);
  return numbers;
}

function isSorted(values: Float64Array): boolean {
  for (let i = 1; i < values.length; i++) if ((values[i] as number) < (values[i - 1] as number)) return false;
  return true;
}

/**
 * The categories of a column: its values as text, so that 1 and "1" are one category, and so are -0 and 0.
 */
export function categoriesOf(column: MetricColumn, where: string): Categories {
  const counts = isCounts(column)
    ? givenCounts(column, where)
    : countedValues(valuesOf(column, where), where);
  for (const count of counts.values()) if (count > 0) return counts;
  throw wrongValue(where, "at least one value", column);
}

function givenCounts({ counts }: CategoryCounts, where: string): Categories {
  const isMap = counts instanceof Map;
  if (!isMap && (typeof counts !== "object" || counts === null))
    throw wrongKind(`${where}.counts`, "an object or a Map of counts", counts);
  const entries = isMap ? [...(counts as ReadonlyMap<string, number>)] : Object.entries(counts);
  for (const [name, count] of entries) {
    const place = `${where}.counts`;
    if (typeof name !== "string") throw wrongKind(place, "texts as names of categories", name);
    if (typeof count !== "number") throw wrongKind(place, "numbers", count);
    if (!(count >= 0 && count < Infinity)) throw wrongValue(place, "finite numbers from 0 on", count);
  }
  return new Map(entries);
}

function countedValues(values: ArrayLike<unknown>, where: string): Categories {
  const counts = new Map<string, number>();
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (isNull(value)) continue;
    const name = categoryOf(value);
    if (name === undefined)
      throw wrongKind(`${where}, row ${i}`, "a text, number, boolean, date or bytes", value);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
