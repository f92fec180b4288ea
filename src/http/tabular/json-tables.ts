import { declaredColumns, jsonColumn, listColumns, namedColumns, recordColumns } from "./cells.ts";
import { isArray, isObject, type JsonObject, type JsonValue } from "./json-reader.ts";
import { checkSize, NoTable, type Side, type TableColumn } from "./table.ts";
import { isTensorList, tensorColumns } from "./tensors.ts";

/** What is known of a body besides its bytes. */
export interface TableHints {
  readonly side: Side;
  /** Names for rows that have none. */
  readonly names: readonly string[] | undefined;
}

type Format = (value: JsonValue, hints: TableHints) => TableColumn[];

/**
 * Members by which a format is known, each on the side where it stands. A body with two of them could be
 * read in two ways. `inputs` of a request and `outputs` of a response are tensors (v2), or columns
 * (TensorFlow Serving), and `outputs` of a request only names what is asked for.
 */
const members: Readonly<Record<Side, ReadonlyMap<string, Format>>> = {
  inputs: new Map<string, Format>([
    ["instances", rowFormat],
    ["inputs", tensorsOrColumns],
    ["dataframe_split", splitFormat],
    ["dataframe_records", recordFormat],
    ["input_data", splitFormat],
  ]),
  outputs: new Map<string, Format>([
    ["predictions", rowFormat],
    ["outputs", tensorsOrColumns],
  ]),
};

/** Members that language models' protocols use: what they hold is text, and no table. */
const conversation = ["messages", "prompt", "input"];

/** The columns of a JSON body. Throws {@link NoTable}. */
export function jsonTable(body: JsonValue, hints: TableHints): TableColumn[] {
  if (isArray(body)) return isRecords(body) ? recordColumns(body) : unknown();
  if (!isObject(body)) return unknown();
  const known = [...members[hints.side]].filter(([name]) => body.has(name));
  if (known.length > 1) throw new NoTable("ambiguous");
  const [found] = known;
  if (found !== undefined) return found[1](body.get(found[0]) as JsonValue, hints);
  if (conversation.some((name) => body.has(name))) return unknown();
  if (body.has("columns") && body.has("data")) return splitFormat(body);
  const data = body.get("data");
  if (isObject(data) && data.has("names")) return seldonFormat(data);
  return body.size === 1 ? rootFormat(body, hints) : indexedColumns(body);
}

/** TensorFlow Serving's row format, and KServe's v1: objects are rows by themselves. */
function rowFormat(rows: JsonValue, { names }: TableHints): TableColumn[] {
  if (!isArray(rows) || rows.length === 0) return unknown();
  const objects = rows.filter(isObject).length;
  if (objects === 0) return declaredColumns(names, rows);
  if (objects < rows.length) throw new NoTable("lengths");
  // Alone `{"b64": …}` is a value, and no row.
  const isBytes = rows.every((row) => isObject(row) && row.size === 1 && row.has("b64"));
  return isBytes ? declaredColumns(names, rows) : recordColumns(rows);
}

function tensorsOrColumns(value: JsonValue, { names }: TableHints): TableColumn[] {
  if (isTensorList(value)) return tensorColumns(value, names);
  return isObject(value) ? listColumns(value) : unknown();
}

function recordFormat(rows: JsonValue): TableColumn[] {
  return isArray(rows) && isRecords(rows) ? recordColumns(rows) : unknown();
}

/** `{"columns": […], "index": […], "data": [[…]]}`: pandas' `split`; its index is no column. */
function splitFormat(value: JsonValue): TableColumn[] {
  if (!isObject(value)) return unknown();
  const data = value.get("data");
  const names = namesIn(value.get("columns"));
  if (!isArray(data) || data.length === 0) return unknown();
  const index = value.get("index");
  if (isArray(index) && index.length !== data.length) throw new NoTable("lengths");
  return namedColumns(names, data);
}

/** Names of columns: pandas also has numbers there. */
function namesIn(value: JsonValue | undefined): readonly string[] {
  if (!isArray(value) || value.length === 0) throw new NoTable("names");
  const names = value.map((name) => {
    if (typeof name !== "string" && !Number.isSafeInteger(name)) throw new NoTable("names");
    return String(name);
  });
  if (new Set(names).size < names.length) throw new NoTable("ambiguous");
  return names;
}

/** Seldon's v1 protocol: names beside an `ndarray`, or a `tensor` of two dimensions. */
function seldonFormat(data: JsonObject): TableColumn[] {
  const names = namesIn(data.get("names"));
  const rows = data.get("ndarray");
  const tensor = data.get("tensor");
  if (rows !== undefined && tensor !== undefined) throw new NoTable("ambiguous");
  if (isArray(rows)) return rows.length === 0 ? unknown() : namedColumns(names, rows);
  if (!isObject(tensor)) return unknown();
  const shape = tensor.get("shape");
  const values = tensor.get("values");
  if (!isArray(shape) || !isArray(values) || shape.length !== 2 || values.length === 0) return unknown();
  const [count, width] = shape;
  if (typeof count !== "number" || typeof width !== "number" || count * width !== values.length)
    throw new NoTable("shape");
  if (width !== names.length) throw new NoTable("names");
  return names.map((name, place) =>
    jsonColumn(
      name,
      values.filter((_, i) => i % width === place),
    ),
  );
}

/** One member, named by the model's own signature: `data`, or an argument's name. */
function rootFormat(body: JsonObject, { side, names }: TableHints): TableColumn[] {
  const [[name, value]] = [...body] as [[string, JsonValue]];
  if (isArray(value) && value.length > 0) {
    if (isRecords(value)) return side === "inputs" || name === "data" ? recordColumns(value) : unknown();
    // A list of lists under `data`; under any other name it may be anything.
    return name === "data" && value.every(isArray) ? declaredColumns(names, value) : unknown();
  }
  if (!isObject(value) || value.size === 0 || side === "outputs") return indexedColumns(body);
  if (value.has("columns") && value.has("data")) return splitFormat(value);
  const lists = [...value.values()].filter(isArray).length;
  if (lists === value.size) return listColumns(value);
  return isIndexed(value) ? indexedColumns(value) : indexedColumns(body);
}

/**
 * pandas' default: an object of objects, columns by name and then cells by the key of their row. Whose outer
 * keys look like those of rows may be the other way round (`index`).
 */
function indexedColumns(body: JsonObject): TableColumn[] {
  if (!isIndexed(body)) return unknown();
  const columns = [...(body as ReadonlyMap<string, JsonObject>)];
  const keys = [...(columns[0]?.[1].keys() ?? [])];
  checkSize(keys.length, columns.length);
  return columns.map(([name, cells]) => {
    if (cells.size !== keys.length) throw new NoTable("lengths");
    const values = keys.map((key) => {
      const value = cells.get(key);
      if (value === undefined) throw new NoTable("lengths");
      return value;
    });
    return jsonColumn(name, values);
  });
}

/** An object of objects whose names are those of rows. Throws if its own names are, too. */
function isIndexed(body: JsonObject): boolean {
  if (body.size === 0) return false;
  let isByRow = true;
  for (const cells of body.values()) {
    if (!isObject(cells) || cells.size === 0) return false;
    for (const key of cells.keys()) isByRow &&= isRowKey(key);
  }
  const rowKeys = [...body.keys()].filter(isRowKey).length;
  if (rowKeys === body.size || (isByRow && rowKeys > 0)) throw new NoTable("ambiguous");
  return isByRow;
}

function isRowKey(key: string): boolean {
  return /^(0|[1-9]\d{0,15})$/.test(key);
}

function isRecords(rows: readonly JsonValue[]): boolean {
  return rows.length > 0 && rows.every(isObject);
}

function unknown(): never {
  throw new NoTable("unknown");
}
