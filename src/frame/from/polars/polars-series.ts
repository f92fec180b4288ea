/** The parts of a nodejs-polars Series that are read. */
export interface PolarsSeries {
  readonly name: string;
  readonly dtype: { readonly constructor: unknown };
  readonly length: number;
  readonly list: { lengths(): PolarsSeries };
  readonly struct: {
    readonly fields: readonly string[];
    toFrame(): { getColumns(): readonly PolarsSeries[] };
  };
  toString(): string;
  toArray(): unknown[];
  toTypedArray(): unknown;
  nullCount(): number;
  isNull(): PolarsSeries;
  dropNulls(): PolarsSeries;
  explode(): PolarsSeries;
  alias(name: string): PolarsSeries;
  slice(start: number, length: number): PolarsSeries;
  cast(type: object): PolarsSeries;
}

/** True for a Series of nodejs-polars. */
export function isPolarsSeries(value: object): value is PolarsSeries {
  const series = value as Partial<PolarsSeries>;
  return (
    typeof series.toTypedArray === "function" &&
    typeof series.nullCount === "function" &&
    typeof series.dropNulls === "function" &&
    typeof series.cast === "function"
  );
}

/** More rows than these are not made text, of which a setting of Polars' could want all. */
const fewRows = 1000;

/**
 * The type of a Series as Polars itself calls it: `i64`, `datetime[μs, UTC]`, `list[struct[2]]`. Throws when
 * it cannot be told. It stands in its text: `dtype` says of every Duration that it has milliseconds, and
 * breaks off at types that JavaScript does not have, such as `binary`.
 */
export function polarsType(series: PolarsSeries): string {
  const mark = `\nSeries: '${series.name}' [`;
  const text = headOf(series);
  const start = text.indexOf(mark) + mark.length;
  const end = text.indexOf("]\n[", start);
  if (start < mark.length || end < 0) throw new TypeError("a Polars Series of a type that cannot be told");
  return text.slice(start, end);
}

function headOf(series: PolarsSeries): string {
  if (series.length > fewRows) return series.slice(0, 0).toString();
  try {
    return series.toString();
  } catch {
    // A date beyond what Polars can write.
    return series.slice(0, 0).toString();
  }
}

interface PolarsTypes {
  readonly Int32: object;
  readonly Int64: object;
  readonly UInt8: object;
  readonly String: object;
  List(inner: object): object;
}

/**
 * Polars' own names for types: the class of every type inherits them. Where `dtype` breaks off, that of a
 * boolean Series has them.
 */
export function polarsTypes(series: PolarsSeries, type: string): PolarsTypes {
  const known = !/^(?:binary|enum|i128|u128)/.test(type);
  return (known ? series : series.isNull()).dtype.constructor as PolarsTypes;
}
