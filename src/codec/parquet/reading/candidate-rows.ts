import type { SchemaElement } from "hyparquet";
import type { BoundFilter, BoundTest } from "../../../layout/filter/bound-filter.ts";
import { canMatch, type ValueFacts } from "../../../layout/filter/possible.ts";
import type { Stored } from "../../../layout/filter/stored-values.ts";
import type { CheckedFile, GroupRange } from "./column-range.ts";
import type { ColumnChunk, RowGroup } from "./metadata.ts";
import { bloomTest, chunkFacts, pageFacts } from "./value-facts.ts";

/** Some rows of a file that may be wanted. */
export interface CandidateRows extends GroupRange {
  /** Row of the file with which the row group begins. */
  readonly groupStart: number;
}

/**
 * The rows, in order, that a filter may want: without those that the footer, a Bloom filter or the page index
 * rules out. A row group's index is read when its turn comes.
 */
export async function* candidateRows(
  file: CheckedFile,
  filter: BoundFilter | undefined,
  rowStart: number,
  rowEnd: number,
): AsyncGenerator<CandidateRows, void, undefined> {
  let groupStart = 0;
  for (const group of file.metadata.rowGroups) {
    const { rows } = group;
    const start = Math.max(0, rowStart - groupStart);
    const end = Math.min(rows, rowEnd - groupStart);
    if (start < end) {
      const ranges = filter === undefined ? [[0, rows] as const] : await rangesIn(file, group, filter, rows);
      for (const [from, to] of ranges) {
        const within = { start: Math.max(start, from), end: Math.min(end, to) };
        if (within.start < within.end) yield { group, groupStart, ...within };
      }
    }
    groupStart += rows;
  }
}

type Ranges = readonly (readonly [start: number, end: number])[];

/** The rows of one row group that can be wanted. */
async function rangesIn(
  file: CheckedFile,
  group: RowGroup,
  filter: BoundFilter,
  rows: number,
): Promise<Ranges> {
  const chunks = new Map<string, Chunk>();
  for (const test of testsOf(filter)) {
    const chunk = chunks.get(test.column) ?? flatChunk(file, group, test.column, rows);
    if (chunk === undefined) continue;
    chunks.set(test.column, chunk);
    chunk.equality ||= test.asks === "in";
    chunk.ordered ||= test.asks !== "other" && test.asks !== "nothing";
  }
  const known = (column: string): ValueFacts | undefined =>
    chunks.get(column)?.facts ?? (hasColumn(file, column) ? undefined : noValues(rows));
  if (!canMatch(filter, known)) return [];
  await Promise.all(
    [...chunks.values()].map(async (chunk) => {
      if (!chunk.equality) return;
      const mayHave = await bloomTest(file, chunk.chunk, chunk.element);
      chunk.facts = { ...chunk.facts, mayHave };
    }),
  );
  if (!canMatch(filter, known)) return [];
  const pages = await Promise.all(
    [...chunks].map(async ([column, { chunk, element, ordered, facts }]) => {
      const found = ordered ? await pageFacts(file, chunk, element, rows) : undefined;
      return found === undefined ? [] : [{ column, pages: found, mayHave: facts.mayHave }];
    }),
  );
  return rangesOfPages(filter, pages.flat(), known, rows);
}

function hasColumn({ schema }: CheckedFile, column: string): boolean {
  return schema.children.some(({ element }) => element.name === column);
}

/** What is known of a column that a file does not have. */
function noValues(rows: number): ValueFacts {
  return { rows, nulls: rows, min: undefined, max: undefined };
}

interface Chunk {
  readonly chunk: ColumnChunk;
  readonly element: SchemaElement;
  facts: ValueFacts;
  /** Whether it is asked for values, of which a Bloom filter may tell. */
  equality: boolean;
  /** Whether it is asked for what bounds may tell of. */
  ordered: boolean;
}

/** A column whose rows and values are one to one; of others bounds are those of their elements. */
function flatChunk(
  { schema }: CheckedFile,
  group: RowGroup,
  column: string,
  rows: number,
): Chunk | undefined {
  const chunk = group.columns.find(({ path }) => path[0] === column);
  const node = schema.children.find(({ element }) => element.name === column);
  if (chunk === undefined || node === undefined || node.children.length > 0) return undefined;
  if (node.element.repetition_type === "REPEATED") return undefined;
  return { chunk, element: node.element, facts: chunkFacts(chunk, rows), equality: false, ordered: false };
}

interface ColumnPages {
  readonly column: string;
  readonly pages: readonly (ValueFacts & { readonly firstRow: number })[];
  readonly mayHave: ((value: Stored) => boolean) | undefined;
}

/** Pages of several columns begin at different rows: between two beginnings nothing changes. */
function rangesOfPages(
  filter: BoundFilter,
  columns: readonly ColumnPages[],
  known: (column: string) => ValueFacts | undefined,
  rows: number,
): Ranges {
  const starts = new Set([0]);
  for (const { pages } of columns) for (const { firstRow } of pages) starts.add(firstRow);
  const sorted = [...starts].sort((a, b) => a - b);
  const current = new Map(columns.map(({ column, pages, mayHave }) => [column, { pages, mayHave, at: 0 }]));
  const facts = (column: string): ValueFacts | undefined => {
    const page = current.get(column);
    const found = page?.pages[page.at];
    return page === undefined || found === undefined ? known(column) : { ...found, mayHave: page.mayHave };
  };
  const ranges: [number, number][] = [];
  for (const [i, start] of sorted.entries()) {
    const end = sorted[i + 1] ?? rows;
    for (const page of current.values())
      while ((page.pages[page.at + 1]?.firstRow ?? Number.POSITIVE_INFINITY) <= start) page.at++;
    if (!canMatch(filter, facts)) continue;
    const last = ranges.at(-1);
    if (last?.[1] === start) last[1] = end;
    else ranges.push([start, end]);
  }
  return ranges;
}

function* testsOf(filter: BoundFilter): Generator<BoundTest> {
  if (filter.kind === "test") yield filter;
  else if (filter.kind === "not") yield* testsOf(filter.of);
  else for (const one of filter.of) yield* testsOf(one);
}
