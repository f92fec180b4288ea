import type { MonitorSource, TimeSpan } from "../../../src/monitor.ts";

/** Rows of one instant, by column, as a file would have them. */
export interface MemoryRows {
  readonly collection?: string;
  readonly at: Date;
  readonly columns: Readonly<Record<string, ArrayLike<unknown>>>;
  /** Types of columns; by default of numbers `float64`, of others `string`. */
  readonly types?: Readonly<Record<string, string>>;
}

/** A source over rows in memory, in batches of at most so many rows. Counts how often it was read. */
export function memorySource(
  rows: readonly MemoryRows[],
  batchRows = 1000,
): MonitorSource & { readonly reads: () => number } {
  let reads = 0;
  return {
    root: "memory",
    reads: () => reads,
    async *table(name, { from, to, columns: chosen }) {
      reads++;
      for (const { collection = "model_inputs", at, columns, types = {} } of rows) {
        if (collection !== name || at < from || at >= to) continue;
        const own = Object.keys(columns);
        const names = typeof chosen === "function" ? own.filter(chosen) : (chosen ?? own);
        const length = Object.values(columns)[0]?.length ?? 0;
        for (let start = 0; start < length; start += batchRows) {
          const count = Math.min(batchRows, length - start);
          const batch = names.map((column) => {
            const values = columns[column];
            return [column, values === undefined ? nulls(count) : part(values, start, count)] as const;
          });
          const known = names.filter((column) => column in columns);
          yield {
            length: count,
            columns: new Map(batch),
            types: new Map(known.map((column) => [column, types[column] ?? typeOf(columns[column] ?? [])])),
          };
        }
      }
    },
  };
}

/** A day of November 2026. */
export function day(number: number): TimeSpan {
  const from = new Date(Date.UTC(2026, 10, number));
  return { from, to: new Date(Date.UTC(2026, 10, number + 1)) };
}

/** So many values with these counts, in an order that is not theirs. */
export function repeated(counts: Readonly<Record<string, number>>): string[] {
  const values = Object.entries(counts).flatMap(([name, count]) => new Array<string>(count).fill(name));
  return values.map((_, i) => values[(i * 7919) % values.length] as string);
}

function nulls(count: number): null[] {
  return new Array<null>(count).fill(null);
}

function part(values: ArrayLike<unknown>, start: number, count: number): ArrayLike<unknown> {
  return values instanceof Float64Array
    ? values.subarray(start, start + count)
    : Array.prototype.slice.call(values, start, start + count);
}

function typeOf(values: ArrayLike<unknown>): string {
  let first: unknown;
  for (let i = 0; i < values.length && first == null; i++) first = values[i];
  return typeof first === "number" ? "float64" : typeof first === "bigint" ? "int64" : "string";
}
