import { type Datatype, datatypes, decodedTexts, type Flat, flattened } from "./datatypes.ts";
import { isArray, isObject, type JsonObject, type JsonValue } from "./json-reader.ts";
import { checkSize, NoTable, type TableColumn, type TableValues } from "./table.ts";

/** Gives the next bytes of a body behind its JSON (Triton's binary extension). */
export type TakeBytes = (size: number) => Buffer;

/** True for tensors of the Open Inference Protocol (`inference_rest.md`): each has name, shape, datatype. */
export function isTensorList(value: JsonValue): value is readonly JsonObject[] {
  return (
    isArray(value) &&
    value.length > 0 &&
    value.every(
      (tensor) => isObject(tensor) && tensor.has("name") && tensor.has("shape") && tensor.has("datatype"),
    )
  );
}

/**
 * The columns of tensors: a row for each step of the first dimension. `[N]` and `[N, 1]` are a column of
 * values, others one of lists, or columns where the only tensor is `[N, k]` and k names are declared.
 */
export function tensorColumns(
  tensors: readonly JsonObject[],
  names: readonly string[] | undefined,
  take?: TakeBytes,
): TableColumn[] {
  let rows: number | undefined;
  let lists = 0;
  const columns: TableColumn[] = [];
  for (const tensor of tensors) {
    const name = tensor.get("name");
    if (typeof name !== "string") throw new NoTable("unknown");
    const shape = shapeOf(tensor.get("shape"));
    const [count = 0, ...inner] = shape;
    if (count !== (rows ??= count)) throw new NoTable("lengths");
    const values = valuesOf(tensor, shape, take);
    const width = inner.reduce((product, size) => product * size, 1);
    checkSize(count, width);
    lists += listCount(shape);
    if (lists > maxLists) throw new NoTable("too_large");
    if (tensors.length === 1 && inner.length === 1 && names?.length === width) {
      columns.push(...names.map((each, place) => ({ name: each, values: everyNth(values, place, width) })));
    } else {
      columns.push({
        name,
        values: width === 1 && inner.length < 2 ? values : listsOf(values, count, inner),
      });
    }
  }
  return columns;
}

/** Lists that the values of all tensors may be in: a binary tensor has a shape of many for few bytes. */
const maxLists = 200_000;

function listCount(shape: readonly number[]): number {
  let lists = 0;
  let product = 1;
  for (const size of shape.slice(0, -1)) lists += product *= size;
  return lists;
}

function shapeOf(value: JsonValue | undefined): readonly number[] {
  if (!isArray(value) || value.length === 0 || value.length > 16) throw new NoTable("shape");
  return value.map((size) => {
    // One of no size has no values, but could have any number of rows.
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 1) throw new NoTable("shape");
    return size;
  });
}

function valuesOf(tensor: JsonObject, shape: readonly number[], take: TakeBytes | undefined): Flat {
  const parameters = tensor.get("parameters");
  const parameter = (name: string): JsonValue | undefined =>
    isObject(parameters) ? parameters.get(name) : undefined;
  if (parameter("shared_memory_region") !== undefined) throw new NoTable("shared_memory");
  const datatype = datatypes.get(String(tensor.get("datatype")));
  if (datatype === undefined) throw new NoTable("datatype");
  const size = parameter("binary_data_size");
  const data = tensor.get("data");
  const values = size === undefined ? fromJson(datatype, data, shape) : fromBytes(datatype, size, data, take);
  if (values.length !== shape.reduce((product, each) => product * each, 1)) throw new NoTable("shape");
  const isBase64 = parameter("content_type") === "base64" && tensor.get("datatype") === "BYTES";
  return isBase64 ? decodedTexts(values) : values;
}

function fromJson({ fromJson: read }: Datatype, data: JsonValue | undefined, shape: readonly number[]): Flat {
  if (!isArray(data)) throw new NoTable("shape");
  if (read === undefined) throw new NoTable("datatype");
  return read(flattened(data, shape));
}

function fromBytes(
  datatype: Datatype,
  size: JsonValue,
  data: JsonValue | undefined,
  take: TakeBytes | undefined,
): Flat {
  if (data !== undefined) throw new NoTable("ambiguous");
  if (take === undefined || typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)
    throw new NoTable("shape");
  if (datatype.size > 0 && size % datatype.size !== 0) throw new NoTable("shape");
  return datatype.fromBytes(take(size));
}

function everyNth(values: Flat, place: number, width: number): TableValues {
  return (values as readonly unknown[]).filter((_, i) => i % width === place);
}

/** A list for each row; of more dimensions, lists of lists. */
function listsOf(values: Flat, rows: number, inner: readonly number[]): unknown[] {
  const [size = 1, ...further] = inner;
  const width = values.length / rows;
  const cut = (from: number, count: number): Flat => values.slice(from, from + count);
  return Array.from({ length: rows }, (_, row) => {
    const own = cut(row * width, width);
    return further.length === 0 ? own : listsOf(own, size, further);
  });
}
