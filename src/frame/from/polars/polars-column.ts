import { elementType, kindOf, polarsCells } from "./polars-cells.ts";
import { isPolarsSeries, type PolarsSeries, polarsType } from "./polars-series.ts";
import { listCell } from "../../cell.ts";
import { OwnCells, type SourceColumn } from "../../source-frame.ts";
import { isTypedArray } from "../../typed-array.ts";

/** A Series of nodejs-polars as a column; undefined for anything else. */
export function polarsColumn(value: object): SourceColumn | undefined {
  if (!isPolarsSeries(value)) return undefined;
  const type = polarsType(value);
  return readAtOnce(value, type) ?? new OwnCells(polarsCells(value, type));
}

/** What `toArray` and `toTypedArray` have exactly, in one call: most columns. */
function readAtOnce(series: PolarsSeries, type: string): SourceColumn | undefined {
  switch (kindOf(type)) {
    case "i8":
    case "i16":
    case "i32":
    case "i64":
    case "u8":
    case "u16":
    case "u32":
    case "u64": {
      const values = series.nullCount() === 0 ? series.toTypedArray() : undefined;
      return isTypedArray(values) ? values : undefined;
    }
    case "f32":
    case "f64":
    case "str":
    case "bool":
    case "cat":
    case "time":
      return series.toArray();
    case "list": {
      const inner = type.slice("list[".length, -1);
      return exactInLists.test(inner) ? simpleLists(series, inner) : undefined;
    }
    default:
      return undefined;
  }
}

/** Inside lists, `toArray` has numbers for 64-bit integers. */
const exactInLists = /^(?:[iu](?:8|16|32)|f32|f64|str|bool|cat)$/;

function simpleLists(series: PolarsSeries, inner: string): OwnCells {
  const element = elementType(inner);
  const type = element === "null" || element === "nested" ? undefined : element;
  return new OwnCells(
    series
      .toArray()
      .map((list) =>
        list === null || list === undefined ? null : listCell(type, Array.from(list as number[])),
      ),
  );
}
