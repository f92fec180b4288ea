import type { DecodedArray, ParquetParsers, SchemaTree } from "hyparquet";
import { assembleAsync } from "hyparquet/src/rowgroup.js";
import { getTreePath } from "hyparquet/src/schema.js";
import type { RangeSource } from "../../range-source.ts";
import type { Budget } from "./limits.ts";
import type { ColumnChunk, FileMetadata, RowGroup } from "./metadata.ts";
import { chunkExtent, pagePlaces } from "./offset-index.ts";
import { leafDecoder } from "./pages/leaf-decoder.ts";
import { readDictionary, readValues } from "./pages/page.ts";
import { readStoredPage } from "./pages/stored-page.ts";

/** A file whose footer was read and checked. */
export interface CheckedFile {
  readonly source: RangeSource;
  readonly metadata: FileMetadata;
  readonly schema: SchemaTree;
  readonly parsers: ParquetParsers;
}

/** Rows of one row group, counted from its first; `end` is not among them. */
export interface GroupRange {
  readonly group: RowGroup;
  readonly start: number;
  readonly end: number;
}

/** The pages that hold some rows of a chunk. */
interface FetchedPages {
  /** The chunk's dictionary, if it has one, then pages without a gap; or the pages alone. */
  readonly parts: readonly Uint8Array[];
  /** Row of the group with which they begin. */
  readonly firstRow: number;
}

/**
 * The values of one top-level column in some rows, null where there is none; at once if all of them are in
 * memory. Pages that the page index shows not to be needed are not fetched. All of it is checked before it is
 * decoded; see `page-check.ts`.
 */
export function readColumnRange(
  file: CheckedFile,
  column: string,
  range: GroupRange,
  budget: Budget,
): DecodedArray | Promise<DecodedArray> {
  const placed = nodeOf(file.schema, column);
  if (placed === undefined) throw new Error(`it has no column ${column}`);
  const { node, firstChunk } = placed;
  const first = range.group.columns[firstChunk];
  if (first === undefined || placed.chunks === 0 || node.children.length > 0)
    return readNested(file, placed, range, budget).then((read) => {
      const values = rowsOf(column, read, range);
      if (node.children.length > 0) nullsIn(values);
      return values;
    });
  const decoded = (pages: FetchedPages): DecodedArray =>
    rowsOf(column, decode(file, first, pages, range, budget), range);
  const there = pagesThere(file, first, range, budget);
  return there === undefined ? fetchPages(file, first, range, budget).then(decoded) : decoded(there);
}

/** The rows of a range, of values that begin with the row `skipped`. */
function rowsOf(
  column: string,
  { data, skipped }: { readonly data: DecodedArray[] | DecodedArray; readonly skipped: number },
  { start, end }: GroupRange,
): DecodedArray {
  const values = joined(data);
  if (skipped > start || values.length < end - skipped) {
    throw new Error(`column ${column}: it has fewer values than rows`);
  }
  const [from, to] = [start - skipped, end - skipped];
  if (from === 0 && to === values.length) return values;
  return Array.isArray(values) ? values.slice(from, to) : values.subarray(from, to);
}

/** hyparquet leaves out what is null. */
function nullsIn(values: DecodedArray): void {
  if (Array.isArray(values)) for (let i = 0; i < values.length; i++) values[i] ??= null;
}

/** A column whose values are put together of several, or that has no chunk. */
async function readNested(
  file: CheckedFile,
  { node, firstChunk, chunks }: PlacedNode,
  range: GroupRange,
  budget: Budget,
): Promise<{ data: DecodedArray[] | DecodedArray; skipped: number }> {
  const leaves = await Promise.all(
    range.group.columns.slice(firstChunk, firstChunk + chunks).map(async (chunk) => {
      const pages = await fetchPages(file, chunk, range, budget);
      const read = decode(file, chunk, pages, range, budget);
      return { pathInSchema: chunk.path, data: Promise.resolve(read) };
    }),
  );
  const group = {
    groupStart: 0,
    groupRows: range.group.rows,
    selectStart: range.start,
    selectEnd: range.end,
    asyncColumns: leaves,
  };
  const [assembled] = assembleAsync(group, { ...file.schema, children: [node] }, file.parsers).asyncColumns;
  return (await assembled?.data) ?? { data: [], skipped: 0 };
}

/** A top-level column, and which of the chunks of a row group are its: as many as its tree has leaves. */
interface PlacedNode {
  readonly node: SchemaTree;
  readonly firstChunk: number;
  readonly chunks: number;
}

/** Of schemas that are read, which are asked for all of their columns, file after file. */
const knownNodes = new WeakMap<SchemaTree, ReadonlyMap<string, PlacedNode>>();

function nodeOf(schema: SchemaTree, column: string): PlacedNode | undefined {
  let nodes = knownNodes.get(schema);
  if (nodes === undefined) knownNodes.set(schema, (nodes = nodesOf(schema)));
  return nodes.get(column);
}

function nodesOf(schema: SchemaTree): ReadonlyMap<string, PlacedNode> {
  const nodes = new Map<string, PlacedNode>();
  let firstChunk = 0;
  for (const node of schema.children) {
    const chunks = countLeaves(node);
    const { name } = node.element;
    if (!nodes.has(name)) nodes.set(name, { node, firstChunk, chunks });
    firstChunk += chunks;
  }
  return nodes;
}

function countLeaves({ element, children }: SchemaTree): number {
  if (children.length === 0) return element.type === undefined ? 0 : 1;
  return children.reduce((sum, child) => sum + countLeaves(child), 0);
}

/** The values of several pages as one list: numbers stay a typed array where all pages have one. */
function joined(pages: DecodedArray[] | DecodedArray): DecodedArray {
  const parts = pages as readonly ArrayLike<unknown>[];
  const [first] = parts;
  if (first === undefined || parts.length < 2) return (first ?? []) as DecodedArray;
  const rows = parts.reduce((sum, { length }) => sum + length, 0);
  if (parts.every((part) => part instanceof Float64Array)) return joinedInto(parts, new Float64Array(rows));
  if (parts.every((part) => part instanceof BigInt64Array)) return joinedInto(parts, new BigInt64Array(rows));
  if (parts.every((part) => part instanceof Int32Array)) return joinedInto(parts, new Int32Array(rows));
  const all = new Array<unknown>(rows);
  let at = 0;
  for (const part of parts) for (let i = 0; i < part.length; i++) all[at++] = part[i];
  return all;
}

function joinedInto(
  parts: readonly ArrayLike<unknown>[],
  all: Float64Array | BigInt64Array | Int32Array,
): DecodedArray {
  let at = 0;
  for (const part of parts) {
    all.set(part as never, at);
    at += part.length;
  }
  return all;
}

/** All pages of a chunk, if all are wanted and in memory. */
function pagesThere(
  { source }: CheckedFile,
  chunk: ColumnChunk,
  { group, start, end }: GroupRange,
  budget: Budget,
): FetchedPages | undefined {
  if (source.readNow === undefined || start > 0 || end < group.rows) return undefined;
  const extent = chunkExtent(chunk);
  const bytes = source.readNow(extent.start, extent.end);
  if (bytes === undefined) return undefined;
  budget.take(bytes.length);
  return { parts: [bytes], firstRow: 0 };
}

async function fetchPages(
  { source }: CheckedFile,
  chunk: ColumnChunk,
  { group, start, end }: GroupRange,
  budget: Budget,
): Promise<FetchedPages> {
  const extent = chunkExtent(chunk);
  const { rows } = group;
  const read = async (from: number, to: number): Promise<Uint8Array> => {
    budget.take(to - from);
    return await source.read(from, to);
  };
  const { offsetIndexAt: indexAt, offsetIndexLength: indexLength } = chunk;
  if ((start === 0 && end === rows) || indexAt === 0 || indexLength === 0) {
    return { parts: [await read(extent.start, extent.end)], firstRow: 0 };
  }
  const places = pagePlaces(await read(indexAt, indexAt + indexLength), chunk, rows);
  const needed = places.filter(
    ({ firstRow }, i) => firstRow < end && (places[i + 1]?.firstRow ?? rows) > start,
  );
  const [first, last] = [needed[0], needed.at(-1)];
  if (first === undefined || last === undefined) throw new Error("its page index lacks rows");
  // What is before the first page of values is the dictionary; polars writes one without saying so.
  const dictionaryEnd = places[0]?.start ?? extent.start;
  if (dictionaryEnd === extent.start || first === places[0]) {
    const from = first === places[0] ? extent.start : first.start;
    return { parts: [await read(from, last.end)], firstRow: first.firstRow };
  }
  const parts = await Promise.all([read(extent.start, dictionaryEnd), read(first.start, last.end)]);
  return { parts, firstRow: first.firstRow };
}

function decode(
  { schema, parsers }: CheckedFile,
  { path, codec, values: most }: ColumnChunk,
  { parts, firstRow }: FetchedPages,
  { start, end }: GroupRange,
  budget: Budget,
): { data: DecodedArray[]; skipped: number } {
  const leaf = leafDecoder(getTreePath(schema, path), parsers);
  const flat = leaf.isFlat;
  const data: DecodedArray[] = [];
  let dictionary: DecodedArray | undefined;
  let skipped = firstRow;
  let row = firstRow;
  let values = 0;
  for (const part of parts) {
    for (let at = 0; at < part.length; ) {
      if (flat && row >= end) break;
      const page = readStoredPage(part, at);
      at = page.end;
      if (page.header.type === "DICTIONARY_PAGE") {
        if (dictionary !== undefined || values > 0) throw new Error("a column has more than one dictionary");
        dictionary = readDictionary(page, leaf, codec, budget);
        continue;
      }
      // An old kind of index, which nobody writes and which holds no values.
      if (page.header.type === "INDEX_PAGE") continue;
      values += page.values;
      if (values > most) throw new Error("a column has more values than its footer says");
      if (flat && row + page.values <= start) {
        row += page.values;
        if (data.length === 0) skipped = row;
        continue;
      }
      const before = data.at(-1);
      const read = readValues(page, leaf, codec, { dictionary, before }, budget);
      row += read.rows;
      if (read.data !== before && read.data.length > 0) data.push(read.data);
    }
  }
  return { data, skipped };
}
