import { type Cell, hasFewDigits, jsonCell, manyDigits, rejectedCell, unstorableCell } from "../../cell.ts";
import { type ElementType, typedListCell } from "../nested-cells.ts";
import { type JsonKind, jsonKinds, JsonScanner } from "./json-scanner.ts";

/** Where the cells of a column lie in their text. */
export interface CellPlaces {
  /** Of which kinds they are: the sum of their bits. */
  readonly kinds: number;
  /** For each cell that is there: its row, its first character, and the one behind it. */
  readonly places: readonly number[];
}

/** A column's cells, one a row. */
export function jsonCells(text: string, rows: number, { kinds, places }: CellPlaces): readonly Cell[] {
  const cells = new Array<Cell>(rows).fill(null);
  const read = readerOf(text, kinds, places);
  for (let i = 0; i < places.length; i += 3)
    cells[places[i] as number] = read(text.slice(places[i + 1], places[i + 2]));
  return cells;
}

type Read = (value: string) => Cell;

/**
 * How the values of a column are read: one way for all of them. With an object among them, or arrays of
 * several kinds, they are all JSON.
 */
function readerOf(text: string, kinds: number, places: readonly number[]): Read {
  if ((kinds & jsonKinds.object) !== 0) return readJson;
  if ((kinds & jsonKinds.array) === 0) return scalarReader(kinds);
  if (kinds !== jsonKinds.array) return readJson;
  let elements = 0;
  for (let i = 0; i < places.length; i += 3)
    for (const { kind } of elementsOf(text.slice(places[i + 1], places[i + 2]))) elements |= kind;
  const element = elementType(elements);
  return element === "nested" ? readJson : listReader(element, scalarReader(elements));
}

function scalarReader(kinds: number): Read {
  const readInteger = (kinds & jsonKinds.float) === 0 ? exactInteger : integerAmongFloats;
  return (value) => {
    switch (value[0]) {
      case "n":
        return null;
      case "t":
        return true;
      case "f":
        return false;
      case '"':
        return value.includes("\\") ? (JSON.parse(value) as string) : value.slice(1, -1);
      default:
        return /[.eE]/.test(value) ? float(value) : readInteger(value);
    }
  };
}

function listReader(element: ElementType, readElement: Read): Read {
  return (value) =>
    value === "null"
      ? null
      : typedListCell(
          element,
          elementsOf(value).map(({ start, end }) => readElement(value.slice(start, end))),
        );
}

/** The type of lists' elements that are of these kinds. */
function elementType(kinds: number): ElementType {
  switch (kinds) {
    case jsonKinds.null:
      return "null";
    case jsonKinds.boolean:
      return "boolean";
    case jsonKinds.string:
      return "string";
    case jsonKinds.integer:
      return "int64";
    case jsonKinds.float:
    case jsonKinds.float | jsonKinds.integer:
      return "float64";
    default:
      return "nested";
  }
}

interface Element {
  readonly kind: JsonKind;
  readonly start: number;
  readonly end: number;
}

/** The elements of an array's text, which was checked; of what is no array, none. */
function elementsOf(array: string): readonly Element[] {
  const scanner = new JsonScanner(array);
  const elements: Element[] = [];
  if (!scanner.took("[") || scanner.took("]")) return elements;
  do {
    scanner.skip();
    const start = scanner.at;
    elements.push({ kind: scanner.value(), start, end: scanner.at });
  } while (scanner.took(","));
  return elements;
}

/** The text as it came, but that it has one line, which is what a record of JSON Lines needs. */
function readJson(value: string): Cell {
  return value === "null" ? null : jsonCell(value.replaceAll(/[\r\n]/g, " "));
}

function float(value: string): Cell {
  const number = Number(value);
  return Number.isFinite(number) ? number : rejectedCell(JSON.stringify(value));
}

/** More characters than {@link hasFewDigits} allows; to read them takes ever more time for each. */
const maxDigits = 4_100;

function exactInteger(value: string): Cell {
  const exact = value.length > maxDigits ? undefined : BigInt(value);
  return exact !== undefined && hasFewDigits(exact) ? exact : unstorableCell(manyDigits);
}

/** As a double where that holds it: `1` among `0.5` is one, too. */
function integerAmongFloats(value: string): Cell {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  const exact = exactInteger(value);
  return typeof exact === "bigint" && Number.isFinite(number) && BigInt(number) === exact ? number : exact;
}
