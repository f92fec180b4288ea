/** A value to compare with. */
export type Scalar = string | number | bigint | boolean | Date | Uint8Array;

/**
 * Which rows are wanted. Every row is either given or not: `not` gives exactly the rows that the other does
 * not, those without a value among them.
 */
export type Filter =
  | { readonly kind: "all"; readonly of: readonly Filter[] }
  | { readonly kind: "any"; readonly of: readonly Filter[] }
  | { readonly kind: "not"; readonly of: Filter }
  | { readonly kind: "column"; readonly column: string; readonly test: Test };

/** What is asked of one column's value. */
export type Test =
  /** There is none. */
  | { readonly kind: "null" }
  | { readonly kind: "in"; readonly values: readonly Scalar[] }
  | Range
  | { readonly kind: "contains"; readonly value: Scalar };

/** From or to a bound, `open` without it. */
interface Range {
  readonly kind: "range";
  readonly from?: Scalar;
  readonly to?: Scalar;
  readonly open: boolean;
}

/** The columns that a filter asks about. */
export function filterColumns(filter: Filter, into: Set<string> = new Set()): Set<string> {
  if (filter.kind === "column") into.add(filter.column);
  else if (filter.kind === "not") filterColumns(filter.of, into);
  else for (const one of filter.of) filterColumns(one, into);
  return into;
}

/** Both. */
export function allOf(...filters: readonly (Filter | undefined)[]): Filter | undefined {
  const given = filters.filter((one) => one !== undefined);
  return given.length > 1 ? { kind: "all", of: given } : given[0];
}

/** Rows of one column's values in a range of times, milliseconds since 1970 UTC; infinite where open. */
export function timeBetween(column: string, from: number, to: number): Filter | undefined {
  const limits: Filter[] = [];
  if (Number.isFinite(from))
    limits.push({ kind: "column", column, test: { kind: "range", from: new Date(from), open: false } });
  if (Number.isFinite(to))
    limits.push({ kind: "column", column, test: { kind: "range", to: new Date(to), open: true } });
  return allOf(...limits);
}
