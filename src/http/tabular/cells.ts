import { isArray, isObject, type JsonObject, type JsonValue } from "./json-reader.ts";
import { checkSize, NoTable, type TableColumn } from "./table.ts";

/*
 * Rows and columns of JSON. Without a datatype a number is a float64, as everywhere in this package, so that
 * `1` and `1.0` are of one column; a column of nothing but integers beyond 2^53 keeps all their digits.
 */

/** Rows that are objects: their members are the columns, and one that a row does not have is null there. */
export function recordColumns(rows: readonly JsonValue[]): TableColumn[] {
  const places = new Map<string, number>();
  const columns: JsonValue[][] = [];
  for (const [i, row] of rows.entries()) {
    if (!isObject(row)) throw new NoTable("lengths");
    for (const [name, value] of row) {
      let place = places.get(name);
      if (place === undefined) {
        place = columns.length;
        checkSize(rows.length, place + 1);
        places.set(name, place);
        columns.push(new Array<JsonValue>(rows.length).fill(null));
      }
      (columns[place] as JsonValue[])[i] = value;
    }
  }
  if (columns.length === 0) throw new NoTable("unknown");
  return [...places.keys()].map((name, place) => jsonColumn(name, columns[place] as JsonValue[]));
}

/** Rows that are lists, with a name for each of their places. */
export function namedColumns(names: readonly string[], rows: readonly JsonValue[]): TableColumn[] {
  checkSize(rows.length, names.length);
  const lists = rows.map((row) => {
    if (!isArray(row)) throw new NoTable("lengths");
    if (row.length !== names.length) throw new NoTable("names");
    return row;
  });
  return names.map((name, place) =>
    jsonColumn(
      name,
      lists.map((row) => row[place] as JsonValue),
    ),
  );
}

/** Rows without names, of one kind: lists, or single values, with the names that are declared. */
export function declaredColumns(
  names: readonly string[] | undefined,
  rows: readonly JsonValue[],
): TableColumn[] {
  const lists = rows.filter(isArray).length;
  if (lists !== 0 && lists !== rows.length) throw new NoTable("lengths");
  if (names === undefined) throw new NoTable("names");
  if (lists > 0) return namedColumns(names, rows);
  const [name] = names;
  if (name === undefined || names.length > 1) throw new NoTable("names");
  return [jsonColumn(name, rows)];
}

/** An object of lists, one a column. */
export function listColumns(columns: JsonObject): TableColumn[] {
  let rows: number | undefined;
  const made: TableColumn[] = [];
  for (const [name, values] of columns) {
    if (!isArray(values)) throw new NoTable("unknown");
    if (values.length !== (rows ??= values.length)) throw new NoTable("lengths");
    checkSize(rows, made.length + 1);
    made.push(jsonColumn(name, values));
  }
  if (made.length === 0) throw new NoTable("unknown");
  return made;
}

/** A column of JSON values. */
export function jsonColumn(name: string, values: readonly JsonValue[]): TableColumn {
  const isFloat = values.some((value) => typeof value === "number");
  return { name, values: values.map((value) => cellOf(value, isFloat)) };
}

/** @param isFloat whether its column's numbers are doubles: integers that these hold exactly then are, too */
function cellOf(value: JsonValue, isFloat: boolean): unknown {
  if (typeof value === "bigint") return isFloat && BigInt(Number(value)) === value ? Number(value) : value;
  if (isArray(value)) {
    const floats = value.some((element) => typeof element === "number");
    return value.map((element) => cellOf(element, floats));
  }
  return isObject(value) ? (encodedBytes(value) ?? plainObject(value)) : value;
}

/** Bytes as TensorFlow Serving writes them: an object whose only member is `b64`. */
function encodedBytes(value: JsonObject): Buffer | undefined {
  const text = value.get("b64");
  return value.size === 1 && typeof text === "string" ? fromBase64(text) : undefined;
}

/** The bytes of a base64 text (RFC 4648, 4 and 5); undefined if it is none. */
export function fromBase64(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, "base64");
  const digits = text.replace(/=+$/, "");
  return bytes.toString("base64url") === digits.replaceAll("+", "-").replaceAll("/", "_") ? bytes : undefined;
}

function plainObject(value: JsonObject): Record<string, unknown> {
  const plain = Object.create(null) as Record<string, unknown>;
  for (const [name, member] of value) plain[name] = cellOf(member, false);
  return plain;
}
