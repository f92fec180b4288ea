import type { SchemaElement } from "hyparquet";
import { maxDepth, maxIndexBytes } from "./limits.ts";
import type { ColumnChunk, FileMetadata, RowGroup } from "./metadata.ts";

/** A decimal has at most 38 digits in any engine. */
const maxDecimalBytes = 32;
const maxRows = 2 ** 31 - 1;

/**
 * Refuses a footer that cannot be true of a file of `size` bytes: counts below zero, bytes outside the file,
 * columns that the schema does not have. What decodes the file takes all of it for granted.
 */
export function checkMetadata({ schema, rows, rowGroups, keyValues }: FileMetadata, size: number): void {
  let leaves = knownLeaves.get(schema);
  if (leaves === undefined) knownLeaves.set(schema, (leaves = leavesOf(schema)));
  let counted = 0;
  for (const group of rowGroups) counted += checkGroup(group, leaves, size);
  if (whole(rows, Number.MAX_SAFE_INTEGER, "rows") !== counted) {
    throw new Error(`its footer says ${rows} rows, its row groups have ${counted}`);
  }
  for (const { key } of keyValues) {
    if (typeof key !== "string") throw new Error("its footer has a pair without a key");
  }
}

/** Files of one schema share it. */
const knownLeaves = new WeakMap<readonly SchemaElement[], readonly Leaf[]>();

/** A column that holds values. */
interface Leaf {
  /** Those on the way to it, with dots between. */
  readonly name: string;
  /** The same, as the last footer gave it. */
  path: string[] | undefined;
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
      leaves.push({ name: names.join("."), path: undefined, element, flat: !repeated });
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
  const length = whole(type_length ?? 0, maxRows, "bytes", name);
  if (converted_type === "DECIMAL" && length > maxDecimalBytes) {
    throw new Error(`column ${name}: decimals of ${length} bytes`);
  }
}

/** Checks a row group; returns its rows. */
function checkGroup({ columns, rows }: RowGroup, leaves: readonly Leaf[], size: number): number {
  whole(rows, maxRows, "rows");
  if (columns.length !== leaves.length) {
    throw new Error(`a row group has ${columns.length} columns, its schema has ${leaves.length}`);
  }
  for (let i = 0; i < leaves.length; i++)
    checkChunk(columns[i] as ColumnChunk, leaves[i] as Leaf, rows, size);
  return rows;
}

function checkChunk(chunk: ColumnChunk, leaf: Leaf, rows: number, size: number): void {
  const { name, element } = leaf;
  if (!chunk.isPlaced) throw new Error(`column ${name}: its place is not given; it may be encrypted`);
  if (chunk.isInAnotherFile) throw new Error(`column ${name}: it is in another file`);
  if (chunk.path !== leaf.path) {
    if (chunk.path.join(".") !== name) throw new Error(`column ${name}: its place is another column's`);
    // Footers of one schema mostly share it.
    leaf.path = chunk.path;
  }
  if (chunk.type !== element.type)
    throw new Error(`column ${name}: ${chunk.type} where ${element.type} belongs`);
  if (chunk.codec === "") throw new Error(`column ${name}: compressed in an unknown way`);
  const values = whole(chunk.values, maxRows, "values", name);
  if (leaf.flat ? values !== rows : values < rows) {
    throw new Error(`column ${name}: ${values} values in ${rows} rows`);
  }
  const pages = whole(chunk.pagesAt, size, "place", name);
  const dictionary = whole(chunk.dictionaryAt, size, "place", name);
  checkExtent(dictionary || pages, chunk.compressedBytes, size, name);
  checkIndex(chunk.columnIndexAt, chunk.columnIndexLength, size, name);
  checkIndex(chunk.offsetIndexAt, chunk.offsetIndexLength, size, name);
  checkIndex(chunk.filterAt, chunk.filterLength, size, name);
}

function checkIndex(start: number, length: number, size: number, name: string): void {
  if (start === 0 || length === 0) return;
  whole(start, size, "place of an index", name);
  checkExtent(start, whole(length, maxIndexBytes, "bytes of an index", name), size, name);
}

function checkExtent(start: number, length: number, size: number, name: string): void {
  const end = start + whole(length, size, "bytes", name);
  if (end > size) throw new Error(`column ${name}: it ends at ${end}, the file at ${size}`);
}

/** A whole number from 0 to `max`, or an error that says what is none, and of which column. */
function whole(value: unknown, max: number, what: string, column?: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max)
    return value as number;
  const of = column === undefined ? what : `${what} of column ${column}`;
  throw new Error(`${of}: expected a whole number from 0 to ${max}, got ${String(value)}`);
}
