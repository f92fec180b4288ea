import { told, wrongValue } from "../../../base/errors.ts";
import { systemColumns } from "../../../layout/system-columns.ts";
import type { MonitorSource, TimeSpan } from "./monitor-source.ts";
import { SharedCodes, SpanTable } from "./span-table.ts";

const rateColumn = systemColumns.samplingRate.name;

/** One span of a collection's rows. */
export interface WantedSpan extends TimeSpan {
  readonly collection: string;
}

/** What is read, and how much of it may be in memory at once. */
export interface CollectionRowsOptions {
  readonly spans: readonly WantedSpan[];
  readonly by: readonly string[];
  readonly isFeature: (name: string) => boolean;
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
   * Reads everything once. The tables have the values of all features, or, where they do not fit, only know
   * which are missing.
   */
  async survey(): Promise<{ readonly tables: readonly SpanTable[]; readonly fits: boolean }> {
    const tables: SpanTable[] = [];
    let fits = true;
    const read = new Set([rateColumn, ...this.#options.by]);
    const columns = (name: string): boolean => read.has(name) || this.#options.isFeature(name);
    for (const span of this.#options.spans) {
      const table = this.#tableFor(span, this.#options.isFeature, this.#options.by);
      tables.push(table);
      if (!fits) table.forget();
      const before = tables.reduce((sum, { bytes }) => sum + bytes, 0);
      for await (const batch of this.#source.table(span.collection, {
        from: span.from,
        to: span.to,
        columns,
      })) {
        table.add(batch);
        if (!fits || before + table.bytes <= this.#options.maxBytes) continue;
        fits = false;
        for (const one of tables) one.forget();
      }
    }
    return { tables, fits };
  }

  /** The features in groups that fit into memory. */
  groups(tables: readonly SpanTable[], names: readonly string[]): readonly (readonly string[])[] {
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    // A list that grows takes up to three times what is in it while it does.
    const size = Math.max(1, Math.floor(this.#options.maxBytes / (rows * 8 * 2)));
    return Array.from({ length: Math.ceil(names.length / size) }, (_, i) =>
      names.slice(i * size, (i + 1) * size),
    );
  }

  /** Reads the values of some features. */
  async load(names: readonly string[], surveyed: readonly SpanTable[]): Promise<readonly SpanTable[]> {
    const wanted = new Set(names);
    const tables: SpanTable[] = [];
    for (const [i, span] of this.#options.spans.entries()) {
      const table = this.#tableFor(span, (name) => wanted.has(name), []);
      const options = { from: span.from, to: span.to, columns: [...names, rateColumn] };
      for await (const batch of this.#source.table(span.collection, options)) table.add(batch);
      const rows = surveyed[i]?.rows ?? 0;
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
  ): SpanTable {
    return new SpanTable({ from, to, by, isFeature, codes: this.#codes });
  }
}
