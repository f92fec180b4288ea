import type { ColumnChunk, FileMetaData, RowGroup, SchemaElement } from "hyparquet";
import { maxDepth, maxIndexBytes } from "./limits.ts";

/** A decimal has at most 38 digits in any engine. */
const maxDecimalBytes = 32;
const maxRows = 2 ** 31 - 1;

/**
 * Refuses a footer that cannot be true of a file of `size` bytes: counts below zero, bytes outside the file,
 * columns that the schema does not have. What decodes the file takes all of it for granted.
 */
export function checkMetadata(
  { schema, num_rows, row_groups, key_value_metadata }: FileMetaData,
  size: number,
): void {
  let leaves = knownLeaves.get(schema);
  if (leaves === undefined) knownLeaves.set(schema, (leaves = leavesOf(schema)));
  let rows = 0;
  for (const group of row_groups) rows += checkGroup(group, leaves, size);
  if (whole(num_rows, Number.MAX_SAFE_INTEGER, "rows") !== rows) {
    throw new Error(`its footer says ${num_rows} rows, its row groups have ${rows}`);
  }
  for (const { key } of key_value_metadata ?? []) {
    if (typeof key !== "string") throw new Error("its footer has a pair without a key");
  }
}

/** Files of one schema share it. */
const knownLeaves = new WeakMap<readonly SchemaElement[], readonly Leaf[]>();

/** A column that holds values. */
interface Leaf {
  readonly path: string;
  readonly element: SchemaElement;
  /** Rows and values are one to one. */
  readonly flat: boolean;
}

/** The schema is its tree in preorder: each element says how many children follow. */
function leavesOf(schema: readonly SchemaElement[]): Leaf[] {
  const [root] = schema;
  if (root === undefined) throw new Error("its footer has no schema");
  const leaves: Leaf[] = [];
  const open = [{ names: [] as string[], left: childrenOf(root), repeated: false }];
  for (const element of schema.slice(1)) {
    while (open.at(-1)?.left === 0) open.pop();
    const parent = open.at(-1);
    if (parent === undefined) throw new Error("its schema has columns outside the root");
    parent.left--;
    const { name } = element;
    if (typeof name !== "string") throw new Error("its schema has a column without a name");
    const names = [...parent.names, name];
    if (names.length > maxDepth) throw new Error("its schema is nested too deeply");
    if (element.repetition_type === undefined)
      throw new Error(`column ${name}: neither required nor optional`);
    const repeated = parent.repeated || element.repetition_type === "REPEATED";
    const children = childrenOf(element);
    if (children > 0) {
      if (element.type !== undefined) throw new Error(`column ${name}: a group with a type`);
      open.push({ names, left: children, repeated });
    } else {
      checkLeaf(element);
      leaves.push({ path: names.join("."), element, flat: !repeated });
    }
  }
  if (open.some(({ left }) => left > 0)) throw new Error("its schema lacks columns");
  return leaves;
}

function childrenOf({ num_children }: SchemaElement): number {
  return whole(num_children ?? 0, maxRows, "columns");
}

function checkLeaf({ name, type, type_length, converted_type }: SchemaElement): void {
  if (type === undefined) throw new Error(`column ${name}: no type`);
  if (type !== "FIXED_LEN_BYTE_ARRAY") return;
  const length = whole(type_length ?? 0, maxRows, `bytes of column ${name}`);
  if (converted_type === "DECIMAL" && length > maxDecimalBytes) {
    throw new Error(`column ${name}: decimals of ${length} bytes`);
  }
}

/** Checks a row group; returns its rows. */
function checkGroup({ columns, num_rows }: RowGroup, leaves: readonly Leaf[], size: number): number {
  const rows = whole(num_rows, maxRows, "rows");
  if (columns.length !== leaves.length) {
    throw new Error(`a row group has ${columns.length} columns, its schema has ${leaves.length}`);
  }
  for (const [index, leaf] of leaves.entries()) checkChunk(columns[index] as ColumnChunk, leaf, rows, size);
  return rows;
}

function checkChunk(chunk: ColumnChunk, { path, element, flat }: Leaf, rows: number, size: number): void {
  const meta = chunk.meta_data;
  if (meta === undefined) throw new Error(`column ${path}: its place is not given; it may be encrypted`);
  if (chunk.file_path) throw new Error(`column ${path}: it is in another file`);
  if (meta.path_in_schema.join(".") !== path)
    throw new Error(`column ${path}: its place is another column's`);
  if (meta.type !== element.type)
    throw new Error(`column ${path}: ${meta.type} where ${element.type} belongs`);
  if (meta.codec === undefined) throw new Error(`column ${path}: compressed in an unknown way`);
  const values = whole(meta.num_values, maxRows, `values of column ${path}`);
  if (flat ? values !== rows : values < rows) {
    throw new Error(`column ${path}: ${values} values in ${rows} rows`);
  }
  const pages = whole(meta.data_page_offset, size, `place of column ${path}`);
  const dictionary = whole(meta.dictionary_page_offset ?? 0n, size, `place of column ${path}`);
  checkExtent(dictionary || pages, meta.total_compressed_size, size, path);
  checkIndex(chunk.column_index_offset, chunk.column_index_length, size, path);
  checkIndex(chunk.offset_index_offset, chunk.offset_index_length, size, path);
  checkIndex(meta.bloom_filter_offset, meta.bloom_filter_length, size, path);
}

function checkIndex(
  offset: bigint | undefined,
  length: number | undefined,
  size: number,
  path: string,
): void {
  if (!offset || !length) return;
  const start = whole(offset, size, `place of an index of column ${path}`);
  checkExtent(start, BigInt(whole(length, maxIndexBytes, `bytes of an index of column ${path}`)), size, path);
}

function checkExtent(start: number, length: bigint, size: number, path: string): void {
  const end = start + whole(length, size, `bytes of column ${path}`);
  if (end > size) throw new Error(`column ${path}: it ends at ${end}, the file at ${size}`);
}

/** A whole number from 0 to `most`, or an error that says what is none. */
function whole(value: unknown, max: number, what: string): number {
  const number = typeof value === "bigint" ? Number(value) : value;
  if (typeof number === "number" && Number.isSafeInteger(number) && number >= 0 && number <= max)
    return number;
  throw new Error(`${what}: expected a whole number from 0 to ${max}, got ${String(value)}`);
}
