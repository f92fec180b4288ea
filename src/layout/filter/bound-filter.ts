import type { Filter, Scalar, Test } from "./filter.ts";
import { compareValues, contains, type Stored, storedAs } from "./stored-values.ts";

/** A filter in the terms of one file: its values as the file's columns are decoded. */
export type BoundFilter =
  | { readonly kind: "all" | "any"; readonly of: readonly BoundFilter[] }
  | { readonly kind: "not"; readonly of: BoundFilter }
  | BoundTest;

/** What is asked of one column, of the values that it can have. */
export type BoundTest = {
  readonly kind: "test";
  readonly column: string;
  /** What the answer is, of a value that is there or is not (`null`, `undefined`). */
  readonly matches: (value: unknown) => boolean;
} & BoundFacts;

/** What a reader can look up to tell that no value is wanted. */
type BoundFacts =
  | { readonly asks: "null" }
  | { readonly asks: "in"; readonly values: readonly Stored[] }
  | { readonly asks: "range"; readonly from?: Stored; readonly to?: Stored; readonly open: boolean }
  /** Nothing that could be looked up. */
  | { readonly asks: "other" }
  /** No value of this column can be wanted. */
  | { readonly asks: "nothing" };

/**
 * The filter for a file whose columns have these types, as `typeText` writes them; a column that is not among
 * them has no value in any row.
 */
export function bindFilter(filter: Filter, types: ReadonlyMap<string, string>): BoundFilter {
  switch (filter.kind) {
    case "all":
    case "any":
      return { kind: filter.kind, of: filter.of.map((one) => bindFilter(one, types)) };
    case "not":
      return { kind: "not", of: bindFilter(filter.of, types) };
    case "column": {
      const { column, test } = filter;
      return { kind: "test", column, ...boundTest(test, types.get(column)) };
    }
  }
}

type Answer = BoundFacts & Pick<BoundTest, "matches">;

function boundTest(test: Test, type: string | undefined): Answer {
  if (test.kind === "null")
    return { asks: "null", matches: (value) => value === null || value === undefined };
  if (type === undefined) return nothing;
  switch (test.kind) {
    case "in":
      return boundIn(test.values, type);
    case "range":
      return boundRange(test, type);
    case "contains":
      return boundContains(test.value, type);
  }
}

const nothing: Answer = { asks: "nothing", matches: () => false };

function boundIn(given: readonly Scalar[], type: string): Answer {
  const values = given.map((value) => storedAs(value, type)).filter((value) => value !== undefined);
  if (values.length === 0) return nothing;
  const bytes = values.filter((value) => value instanceof Uint8Array);
  if (bytes.length > 0) {
    const matches = (value: unknown): boolean =>
      value instanceof Uint8Array && bytes.some((one) => compareValues(one, value) === 0);
    return { asks: "in", values, matches };
  }
  // Of a set, NaN is one value, and -0 is 0.
  const set = new Set<unknown>(values);
  return { asks: "in", values, matches: (value) => set.has(value) };
}

function boundRange({ from, to, open }: Extract<Test, { kind: "range" }>, type: string): Answer {
  const low = from === undefined ? undefined : storedAs(from, type, "down");
  const high = to === undefined ? undefined : storedAs(to, type, "down");
  const limit = low ?? high;
  if (limit === undefined) return nothing;
  const sign = low === undefined ? -1 : 1;
  const matches = (value: unknown): boolean => {
    if (value === null || value === undefined) return false;
    const order = compareValues(value, limit);
    return order === undefined ? false : order === 0 ? !open : Math.sign(order) === sign;
  };
  const limits = low === undefined ? { to: limit } : { from: limit };
  return { asks: "range", ...limits, open, matches };
}

function boundContains(value: Scalar, type: string): Answer {
  const element = /^list<(.+)>$/.exec(type)?.[1];
  if (element !== undefined) {
    const { matches } = boundIn([value], element);
    return { asks: "other", matches: (list) => Array.isArray(list) && list.some(matches) };
  }
  const part = typeof value === "string" ? value : undefined;
  if (part === undefined || !["string", "json", "binary"].includes(type)) return nothing;
  return { asks: "other", matches: contains(part) };
}

/** Whether a row is wanted, by its number, in columns of decoded values. */
export function rowTest(
  filter: BoundFilter,
  columns: (name: string) => ArrayLike<unknown> | undefined,
): (row: number) => boolean {
  switch (filter.kind) {
    case "all": {
      const tests = filter.of.map((one) => rowTest(one, columns));
      return (row) => tests.every((test) => test(row));
    }
    case "any": {
      const tests = filter.of.map((one) => rowTest(one, columns));
      return (row) => tests.some((test) => test(row));
    }
    case "not": {
      const test = rowTest(filter.of, columns);
      return (row) => !test(row);
    }
    case "test": {
      const values = columns(filter.column);
      const { matches } = filter;
      return values === undefined ? () => matches(null) : (row) => matches(values[row]);
    }
  }
}
