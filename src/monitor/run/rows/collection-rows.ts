import { told, wrongValue } from "../../../base/errors.ts";
import { systemColumns } from "../../../layout/system-columns.ts";
import type { MonitorSource, TimeSpan } from "./monitor-source.ts";
import { SharedCodes, SpanTable } from "./span-table.ts";

const rateColumn = systemColumns.samplingRate.name;

/**
 * So many columns are read together at most: while they are decoded, those of a row group are in memory
 * beside what is kept.
 */
const maxTogether = 256;

/** One span of a collection's rows. */
export interface WantedSpan extends TimeSpan {
  readonly collection: string;
}

/** What is read, and how much of it may be in memory at once. */
export interface CollectionRowsOptions {
  readonly spans: readonly WantedSpan[];
  readonly by: readonly string[];
  readonly isFeature: (name: string) => boolean;
  /** Which columns are known to be categories before their values are. */
  readonly isCategory: (name: string) => boolean;
  /** Bytes of values. */
  readonly maxBytes: number;
}

/**
 * The rows of several spans of time, a group of columns at a time: all of them where they fit into memory,
 * else as many as do, and the files are read once more for each group.
 */
export class CollectionRows {
  readonly #source: MonitorSource;
  readonly #options: CollectionRowsOptions;
  readonly #codes = new SharedCodes();

  constructor(source: MonitorSource, options: CollectionRowsOptions) {
    this.#source = source;
    this.#options = options;
  }

  /**
   * Reads everything once. Where the values of all features do not fit, the tables have none, and `names` are
   * those of the features.
   */
  async survey(): Promise<{
    readonly tables: readonly SpanTable[];
    readonly names: readonly string[] | undefined;
  }> {
    const tables = await this.#readAll();
    return tables === undefined ? await this.#readHeads() : { tables, names: undefined };
  }

  /** The rows with all features; undefined when they do not fit into memory. */
  async #readAll(): Promise<readonly SpanTable[] | undefined> {
    const { spans, by, isFeature, maxBytes } = this.#options;
    const own = new Set([rateColumn, ...by]);
    const seen = new Set<string>();
    const columns = (name: string): boolean => {
      if (isFeature(name)) seen.add(name);
      return own.has(name) || (isFeature(name) && seen.size <= maxTogether);
    };
    const tables: SpanTable[] = [];
    let bytes = 0;
    for (const span of spans) {
      const table = this.#tableFor(span, isFeature, by);
      tables.push(table);
      const { collection, from, to } = span;
      for await (const batch of this.#source.table(collection, { from, to, columns })) {
        table.add(batch);
        if (bytes + table.bytes > maxBytes || seen.size > maxTogether) return undefined;
      }
      bytes += table.bytes;
    }
    return tables;
  }

  /** The rows without features, and what these are called: no value of them is read. */
  async #readHeads(): Promise<{ readonly tables: readonly SpanTable[]; readonly names: readonly string[] }> {
    const { spans, by, isFeature } = this.#options;
    const own = new Set([rateColumn, ...by]);
    const names = new Set<string>();
    const columns = (name: string): boolean => {
      if (isFeature(name)) names.add(name);
      return own.has(name);
    };
    const tables: SpanTable[] = [];
    for (const span of spans) {
      const table = this.#tableFor(span, () => false, by);
      const { collection, from, to } = span;
      for await (const batch of this.#source.table(collection, { from, to, columns })) table.add(batch);
      tables.push(table);
    }
    return { tables, names: [...names] };
  }

  /** The features in groups that fit into memory. */
  groups(tables: readonly SpanTable[], names: readonly string[]): readonly (readonly string[])[] {
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    const fitting = Math.floor(this.#options.maxBytes / (Math.max(1, rows) * 8));
    const size = Math.max(1, Math.min(maxTogether, fitting));
    return Array.from({ length: Math.ceil(names.length / size) }, (_, i) =>
      names.slice(i * size, (i + 1) * size),
    );
  }

  /** Reads the values of some features. */
  async load(names: readonly string[], surveyed: readonly SpanTable[]): Promise<readonly SpanTable[]> {
    const wanted = new Set(names);
    const tables: SpanTable[] = [];
    for (const [i, span] of this.#options.spans.entries()) {
      const rows = surveyed[i]?.rows ?? 0;
      const table = this.#tableFor(span, (name) => wanted.has(name), [], rows);
      const options = { from: span.from, to: span.to, columns: [...names, rateColumn] };
      for await (const batch of this.#source.table(span.collection, options)) table.add(batch);
      if (table.rows !== rows)
        throw wrongValue(
          `rows of ${span.collection}`,
          `${rows} rows as before, for data must not change while it is looked at`,
          told(`${table.rows}: run it again`),
        );
      tables.push(table);
    }
    return tables;
  }

  #tableFor(
    { from, to }: WantedSpan,
    isFeature: (name: string) => boolean,
    by: readonly string[],
    rows?: number,
  ): SpanTable {
    const { isCategory } = this.#options;
    const codes = this.#codes;
    return new SpanTable({
      from,
      to,
      by,
      isFeature,
      isCategory,
      codes,
      ...(rows === undefined ? {} : { rows }),
    });
  }
}
