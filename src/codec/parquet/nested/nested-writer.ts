import { version } from "../../../base/version.ts";
import { createZstdCompressor } from "../bytes/compressor.ts";
import { type Chunk, type ChunkContext, createChunkContext } from "../column-chunk.ts";
import { bitWidth, writeHybrid } from "../encodings/hybrid.ts";
import { withLength } from "../encodings/levels.ts";
import { type Extent, extentOf, union } from "../extent.ts";
import type { WrittenRowGroup } from "../footer.ts";
import { magic } from "../format.ts";
import { PageWriter } from "../page-writer.ts";
import { writeFileEnd } from "../tables/file-end.ts";
import { type NestedField, nestedTree, writeNestedSchema } from "./nested-type.ts";
import { denseValues, type LeafEntries, type NestedRow, ShreddedRows } from "./shredded-rows.ts";

/** A row group is closed at so many rows, or bytes of values. */
const groupRows = 20_000;
const groupBytes = 32 * 1024 * 1024;
/** The same of a page. */
const pageRows = 20_000;
const pageBytes = 1024 * 1024;

/**
 * A Parquet file of nested columns, all of which can be null: structs, maps with texts for keys, and lists.
 * Collections have none; it is for what is told of files, such as checkpoints of a Delta table. Throws for a
 * value that its column cannot hold.
 */
export async function* writeNested(
  columns: readonly NestedField[],
  rows: AsyncIterable<NestedRow> | Iterable<NestedRow>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const context = createChunkContext(createZstdCompressor(1), pageBytes);
  const { output } = context;
  const { nodes, leaves } = nestedTree(columns);
  const names = columns.map(({ name }) => name);
  const rowGroups: WrittenRowGroup[] = [];
  let shredded = new ShreddedRows(names, nodes, leaves);
  const writeGroup = function* (): Iterable<Uint8Array> {
    const chunks = [];
    for (const entries of shredded.leaves) {
      const chunk = writeLeaf(entries, context);
      chunks.push({ chunk, bloomFilter: undefined, columnIndex: undefined, offsetIndex: undefined });
      yield* output.take();
    }
    rowGroups.push({ rows: shredded.length, chunks });
    shredded = new ShreddedRows(names, nodes, leaves);
  };
  output.write(magic);
  for await (const row of rows) {
    shredded.add(row);
    if (shredded.length >= groupRows || (shredded.length % 256 === 0 && shredded.bytes >= groupBytes))
      yield* writeGroup();
  }
  if (shredded.length > 0) yield* writeGroup();
  yield* writeFileEnd(context, {
    leaves: leaves.map(({ leaf }) => leaf),
    schema: (thrift, field) => writeNestedSchema(thrift, field, columns),
    rows: rowGroups.reduce((sum, group) => sum + group.rows, 0),
    rowGroups,
    keyValues: [],
    createdBy: `model-data-collector version ${version}`,
  });
}

/** The column chunk of one leaf. Its pages begin with rows. */
function writeLeaf(entries: LeafEntries, context: ChunkContext): Chunk {
  const { leaf, maxDefinition, maxRepetition } = entries.leaf;
  const { body } = context;
  const all = denseValues(leaf.scalar, entries.values, leaf.name);
  const encoding = context.values.choose([all], context.compressor);
  const pages = new PageWriter(context, entries.bytes, leaf.text ? "texts" : "values");
  let extent: Extent = "none";
  let nulls = 0;
  for (const { start, end, rows, first, last } of pagesOf(entries)) {
    const values = denseValues(leaf.scalar, entries.values.slice(first, last), leaf.name);
    body.reset();
    if (maxRepetition > 0) writeLevels(context, entries.repetition.slice(start, end), maxRepetition);
    writeLevels(context, entries.definition.slice(start, end), maxDefinition);
    const own = extentOf(values, false);
    extent = union(extent, own);
    const missing = end - start - (last - first);
    nulls += missing;
    const written = context.values.write(body, [values], encoding);
    pages.writeData(body, { rows, entries: end - start, nulls: missing, extent: own, encoding: written });
  }
  return { leaf, pages, entries: entries.definition.length, nulls, extent };
}

function writeLevels({ body }: ChunkContext, levels: readonly number[], max: number): void {
  withLength(body, () => writeHybrid(body, Uint8Array.from(levels), bitWidth(max)));
}

interface PagePart {
  readonly start: number;
  readonly end: number;
  readonly rows: number;
  /** Of the values. */
  readonly first: number;
  readonly last: number;
}

function* pagesOf({ definition, repetition, values, leaf }: LeafEntries): Generator<PagePart> {
  let [start, rows, first, last, bytes] = [0, 0, 0, 0, 0];
  for (let at = 0; at < definition.length; at++) {
    if (repetition[at] === 0) {
      if (rows >= pageRows || bytes >= pageBytes) {
        yield { start, end: at, rows, first, last };
        [start, rows, first, bytes] = [at, 0, last, 0];
      }
      rows++;
    }
    if (definition[at] !== leaf.maxDefinition) continue;
    const value = values[last++];
    bytes += typeof value === "string" ? value.length : 8;
  }
  if (rows > 0) yield { start, end: definition.length, rows, first, last };
}
