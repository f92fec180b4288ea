import type { Catalog } from "./catalog.ts";
import type { DataFile } from "./data-file.ts";
import { type FooterSummary, readFooterSummary } from "./footer-summary.ts";
import type { OnUnusable } from "./listing/table-files.ts";
import { mapConcurrent } from "./map-concurrent.ts";
import { reasonOf, type UnreadableFile } from "./unreadable.ts";

/** One collection, as its files' paths and footers tell. */
export interface CollectionSummary {
  readonly name: string;
  readonly endpoint: string;
  readonly deployment: string;
  /** Files, unreadable ones included. */
  readonly files: number;
  readonly rows: number;
  /** Stored bytes, compressed. */
  readonly bytes: number;
  /** Request time of the first row. Files without statistics count with the bounds of their partition. */
  readonly from: Date;
  /** Request time of the last row. */
  readonly to: Date;
  /** Every column of any file, system columns included, in the order in which they were first seen. */
  readonly columns: readonly ColumnSummary[];
  /**
   * Files that are not whole Parquet files, or the collection's Delta log if it cannot be used: then nobody
   * knows which files count, and all of them are without rows and columns here.
   */
  readonly unreadable: readonly UnreadableFile[];
}

/** A column of a collection. */
export interface ColumnSummary {
  readonly name: string;
  /** `float64`, `string`, `list<string>`, …; several, parted by ` | `, where files disagree. */
  readonly type: string;
}

const footersAtOnce = 16;

/** A collection of JSON lines, as its files' paths tell: what is in them is not read. */
export interface LinesSummary extends Omit<CollectionSummary, "rows" | "columns" | "unreadable"> {
  /** Start of the first partition. */
  readonly from: Date;
  /** End of the last one. */
  readonly to: Date;
}

/** All that there is. */
export interface Survey {
  readonly collections: readonly CollectionSummary[];
  readonly lines: readonly LinesSummary[];
}

/** Sums up every collection of a catalog, by endpoint, deployment and name. */
export async function summarise(catalog: Catalog): Promise<CollectionSummary[]> {
  return [...(await survey(catalog)).collections];
}

/** The same, and what collections of JSON lines there are; `onProgress` is told of footers that were read. */
export async function survey(
  catalog: Catalog,
  onProgress?: (done: number, files: number) => void,
): Promise<Survey> {
  const files: DataFile[] = [];
  const lines = new Map<string, LinesSummary>();
  const sums = new Map<string, Sum>();
  const sumOf = (file: DataFile): Sum => {
    let sum = sums.get(keyOf(file));
    if (sum === undefined) sums.set(keyOf(file), (sum = new Sum(file)));
    return sum;
  };
  const onUnusable: OnUnusable = (log, thrown, file) =>
    sumOf(file).add(file, { path: log, reason: reasonOf(thrown) });
  for await (const file of catalog.files({ onUnusable })) {
    if (file.format === "parquet") files.push(file);
    else lines.set(keyOf(file), withLines(lines.get(keyOf(file)), file));
  }
  const outcomes = mapConcurrent(files, footersAtOnce, (file) => readFacts(catalog, file));
  let done = 0;
  for await (const { file, facts } of outcomes) {
    onProgress?.(++done, files.length);
    sumOf(file).add(file, facts);
  }
  const collections = sorted(sums).map((sum) => sum.result());
  return { collections, lines: sorted(lines) };
}

function keyOf({ endpoint, deployment, collection }: DataFile): string {
  return `${endpoint}/${deployment}/${collection}`;
}

function sorted<T>(byKey: ReadonlyMap<string, T>): T[] {
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

function withLines(before: LinesSummary | undefined, file: DataFile): LinesSummary {
  const { collection: name, endpoint, deployment, size, start, end } = file;
  return {
    ...{ name, endpoint, deployment },
    files: (before?.files ?? 0) + 1,
    bytes: (before?.bytes ?? 0) + size,
    from: new Date(Math.min(before?.from.getTime() ?? start, start)),
    to: new Date(Math.max(before?.to.getTime() ?? end, end)),
  };
}

async function readFacts(
  catalog: Catalog,
  file: DataFile,
): Promise<{ file: DataFile; facts: FooterSummary | UnreadableFile }> {
  try {
    return { file, facts: await readFooterSummary(catalog.store, file) };
  } catch (thrown) {
    return { file, facts: { path: file.path, reason: reasonOf(thrown) } };
  }
}

/** The summary of one collection while files are added. */
class Sum {
  readonly #first: DataFile;
  #files = 0;
  #rows = 0;
  #bytes = 0;
  #from = Number.POSITIVE_INFINITY;
  #to = Number.NEGATIVE_INFINITY;
  readonly #types = new Map<string, Set<string>>();
  readonly #unreadable = new Map<string, UnreadableFile>();

  constructor(first: DataFile) {
    this.#first = first;
  }

  add(file: DataFile, facts: FooterSummary | UnreadableFile): void {
    this.#files++;
    this.#bytes += file.size;
    if ("reason" in facts) {
      this.#unreadable.set(facts.path, facts);
      return;
    }
    this.#rows += facts.rows;
    this.#from = Math.min(this.#from, facts.from);
    this.#to = Math.max(this.#to, facts.to);
    for (const { name, type } of facts.columns) {
      const types = this.#types.get(name);
      if (types === undefined) this.#types.set(name, new Set([type]));
      else types.add(type);
    }
  }

  result(): CollectionSummary {
    const { collection, endpoint, deployment, start, end } = this.#first;
    return {
      name: collection,
      endpoint,
      deployment,
      files: this.#files,
      rows: this.#rows,
      bytes: this.#bytes,
      from: new Date(Number.isFinite(this.#from) ? this.#from : start),
      to: new Date(Number.isFinite(this.#to) ? this.#to : end),
      columns: [...this.#types].map(([name, types]) => ({ name, type: [...types].join(" | ") })),
      unreadable: [...this.#unreadable.values()],
    };
  }
}
