import { arrowTypes as T } from "../arrow/arrow-chunk.ts";
import { timeText, toMicros } from "../arrow/arrow-time.ts";
import { binaryCell, type Cell, rejectedCell, timestampCell, unstorableCell } from "../../cell.ts";
import { type ElementType, structCell, typedListCell } from "../nested-cells.ts";
import { type PolarsSeries, polarsType, polarsTypes } from "./polars-series.ts";

/**
 * The cells of a Series, each exactly what is in it. `toArray` alone does not do: it has numbers for 64-bit
 * integers inside lists and structs, milliseconds for every time, and a struct of nulls for a null. Throws
 * what Polars throws.
 */
export function polarsCells(series: PolarsSeries, type: string): Cell[] {
  switch (kindOf(type)) {
    case "i8":
    case "i16":
    case "i32":
    case "u8":
    case "u16":
    case "u32":
    case "u64":
      return series.toArray().map((value) => (value === null ? null : integer(value as number | bigint)));
    case "i64":
      return physical(series, integer);
    case "i128":
    case "u128":
      return texts(series, type).map((digits) => (digits === null ? null : integer(BigInt(digits))));
    case "decimal":
    case "enum":
      return texts(series, type);
    case "f16":
    case "f32":
    case "f64":
    case "bool":
    case "str":
    case "cat":
    case "time":
    case "null":
      return series.toArray() as Cell[];
    case "date":
      return physical(series.cast(polarsTypes(series, type).Int32), (days) =>
        instant(BigInt(days), { typeId: T.date, unit: 0 }),
      );
    case "datetime": {
      const time = { typeId: T.timestamp, unit: unitOf(type) };
      return physical(series.cast(polarsTypes(series, type).Int64), (ticks) => instant(BigInt(ticks), time));
    }
    case "duration": {
      const time = { typeId: T.duration, unit: unitOf(type) };
      return physical(series.cast(polarsTypes(series, type).Int64), (ticks) => timeText(BigInt(ticks), time));
    }
    case "binary":
      return binaries(series);
    case "list":
    case "array":
      return lists(series, type);
    case "struct":
      return structs(series);
    default: {
      const unknown = unstorableCell(`a Polars value of type ${kindOf(type)}`);
      return series
        .isNull()
        .toArray()
        .map((missing) => (missing === true ? null : unknown));
    }
  }
}

/** `datetime` of `datetime[μs, UTC]`. */
export function kindOf(type: string): string {
  const end = type.indexOf("[");
  return end < 0 ? type : type.slice(0, end);
}

/** Arrow's number for the unit of a type of time. */
function unitOf(type: string): number {
  const unit = ["ms", "μs", "ns"].findIndex((name) => type.includes(`[${name}`));
  if (unit < 0) throw new TypeError("a Polars time has a unit that is not known");
  return unit + 1;
}

function integer(value: number | bigint): Cell {
  return BigInt(value);
}

function instant(ticks: bigint, time: { typeId: number; unit: number }): Cell {
  const micros = toMicros(ticks, time);
  return micros === undefined ? rejectedCell(JSON.stringify(timeText(ticks, time))) : timestampCell(micros);
}

/** The values of an integer Series, which as typed arrays are exact. */
function physical(series: PolarsSeries, convert: (value: number | bigint) => Cell): Cell[] {
  if (series.nullCount() === 0) {
    return Array.from(series.toTypedArray() as ArrayLike<number | bigint>, convert);
  }
  const values = series.dropNulls().toTypedArray() as ArrayLike<number | bigint>;
  let next = 0;
  return nulls(series).map((missing) => (missing ? null : convert(values[next++] as number | bigint)));
}

function nulls(series: PolarsSeries): boolean[] {
  return series
    .isNull()
    .toArray()
    .map((missing) => missing === true);
}

function texts(series: PolarsSeries, type: string): (string | null)[] {
  return series.cast(polarsTypes(series, type).String).toArray() as (string | null)[];
}

/** Bytes, which JavaScript cannot have from Polars but as lists of small integers. */
function binaries(series: PolarsSeries): Cell[] {
  const { List, UInt8 } = polarsTypes(series, "binary");
  return series
    .cast(List(UInt8))
    .toArray()
    .map((bytes) => (bytes === null ? null : binaryCell(Uint8Array.from(bytes as ArrayLike<number>))));
}

/** Lists from the one Series of all their elements, in which a null or an empty list has a place, too. */
function lists(series: PolarsSeries, type: string): Cell[] {
  const missing = nulls(series);
  const fixed = /^array\[.*, (\d+)\]$/s.exec(type)?.[1];
  // Not under its own name, which `lengths` would take for a pattern.
  const lengths = fixed === undefined ? series.alias("list").list.lengths().toArray() : undefined;
  const elements = series.explode();
  const inner = polarsType(elements);
  const element = elementType(inner);
  const cells = polarsCells(elements, inner);
  let next = 0;
  const all = missing.map((isNull, row): Cell => {
    const length = isNull ? 0 : Number(lengths === undefined ? fixed : lengths[row]);
    const start = next;
    next += Math.max(1, length);
    return isNull ? null : typedListCell(element, cells.slice(start, start + length));
  });
  if (next !== cells.length) throw new TypeError("the lists of a Polars column cannot be told apart");
  return all;
}

function structs(series: PolarsSeries): Cell[] {
  const keys = series.struct.fields.map((name) => JSON.stringify(name));
  const fields = series.struct
    .toFrame()
    .getColumns()
    .map((field) => polarsCells(field, polarsType(field)));
  return nulls(series).map((missing, row) =>
    missing
      ? null
      : structCell(
          keys,
          fields.map((cells) => cells[row]),
        ),
  );
}

/** What the elements of a list of this type are. */
export function elementType(type: string): ElementType {
  const kind = kindOf(type);
  if (/^[iu]\d+$/.test(kind)) return "int64";
  if (/^f\d+$/.test(kind)) return "float64";
  return elementTypes[kind] ?? "nested";
}

const elementTypes: Readonly<Record<string, ElementType>> = {
  bool: "boolean",
  str: "string",
  cat: "string",
  enum: "string",
  decimal: "string",
  time: "string",
  duration: "string",
  date: "timestamp",
  datetime: "timestamp",
  binary: "binary",
  null: "null",
};
