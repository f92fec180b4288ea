import { type Cell, rejectedCell, timestampCell } from "./cell.ts";
import { copyValue } from "./copy-value.ts";
import { FrameProblem, OwnCells, type SourceColumn } from "./source-frame.ts";
import { isTypedArray } from "./typed-array.ts";

/** The parts of a nodejs-polars Series that are read. */
export interface PolarsSeries {
  readonly name: string;
  readonly dtype: PolarsType;
  readonly length: number;
  toArray(): unknown[];
  toTypedArray(): unknown;
  nullCount(): number;
  isNull(): PolarsSeries;
  dropNulls(): PolarsSeries;
  cast(type: PolarsType): PolarsSeries;
}

interface PolarsType {
  readonly identity: string;
  readonly variant: string;
  readonly timeUnit?: string;
  readonly inner?: readonly unknown[] | null;
  readonly constructor: unknown;
}

/** Microseconds per tick of a Datetime, as a fraction. */
const ticks: Readonly<Record<string, readonly [bigint, bigint]>> = {
  ms: [1000n, 1n],
  us: [1n, 1n],
  ns: [1n, 1000n],
};

/** A Series of nodejs-polars as a column; undefined for anything else. */
export function polarsColumn(value: object): SourceColumn | undefined {
  const series = value as Partial<PolarsSeries>;
  if (series.dtype?.identity !== "DataType" || typeof series.dtype.variant !== "string") return undefined;
  if (typeof series.toArray !== "function" || typeof series.cast !== "function") return undefined;
  return readSeries(value as PolarsSeries);
}

function readSeries(series: PolarsSeries): SourceColumn {
  const { variant } = series.dtype;
  switch (variant) {
    case "Int8":
    case "Int16":
    case "Int32":
    case "UInt8":
    case "UInt16":
    case "UInt32":
    case "Int64":
    case "UInt64":
      return integers(series);
    case "Datetime":
      return instants(series);
    case "Decimal":
    case "Duration":
      return series.cast(typeNamed(series, "String")).toArray();
    case "List":
    case "FixedSizeList":
      return lists(series);
    case "Object":
      throw new FrameProblem(
        `Polars column ${JSON.stringify(series.name)} is of Object type: convert it first`,
      );
    default:
      return series.toArray();
  }
}

/** Integers, exactly: `toArray` gives Int64 as numbers, which above 2^53 are not what is in the column. */
function integers(series: PolarsSeries): SourceColumn {
  if (series.nullCount() === 0) {
    const values = series.toTypedArray();
    if (isTypedArray(values)) return values;
  }
  return new OwnCells(withNulls(series, (value) => BigInt(value)));
}

/** Instants from their ticks: `toArray` gives Dates, which have milliseconds only. */
function instants(series: PolarsSeries): SourceColumn {
  const [times, per] = ticks[series.dtype.timeUnit ?? "ms"] ?? [1000n, 1n];
  const physical = series.cast(typeNamed(series, "Int64"));
  return new OwnCells(
    withNulls(physical, (value) => {
      const count = BigInt(value) * times;
      if (count % per !== 0n) return rejectedCell(JSON.stringify(`${value} ns since 1970`));
      return timestampCell(count / per);
    }),
  );
}

function withNulls(series: PolarsSeries, convert: (value: number | bigint) => Cell): Cell[] {
  const values = series.dropNulls().toTypedArray() as ArrayLike<number | bigint>;
  const isNull = series.isNull().toArray();
  let next = 0;
  return isNull.map((missing) => (missing === true ? null : convert(values[next++] as number | bigint)));
}

/** Lists of integers keep their type; Polars hands them out as numbers. */
function lists(series: PolarsSeries): SourceColumn {
  const inner = JSON.stringify(series.dtype.inner ?? null);
  const values = series.toArray();
  if (!/^\[\{"DataType":"U?Int(8|16|32|64)"\}\]$/.test(inner)) return values;
  const cells = values.map((list): Cell => {
    if (list === null || list === undefined) return null;
    const elements = Array.from(list as ArrayLike<unknown>, (element) =>
      typeof element === "number" && Number.isSafeInteger(element) ? BigInt(element) : element,
    );
    return copyValue(elements, undefined, Number.POSITIVE_INFINITY);
  });
  return new OwnCells(cells);
}

/** A type by its name: every type's class inherits the factories of Polars' own `DataType`. */
function typeNamed(series: PolarsSeries, name: "Int64" | "String"): PolarsType {
  const type = (series.dtype.constructor as Partial<Record<string, PolarsType>>)[name];
  if (type?.identity === "DataType") return type;
  throw new FrameProblem(
    `Polars column ${JSON.stringify(series.name)} of type ${series.dtype.variant} can not be read: cast it first`,
  );
}
