import { told, wrongValue } from "../../base/errors.ts";
import type { ColumnKind } from "../../layout/columns/column-groups.ts";
import { isSystemColumn } from "../../layout/system-columns.ts";
import { isTypedArray, type TypedArray } from "../../frame/typed-array.ts";
import { Baseline, type BaselineJson } from "../baseline/baseline.ts";
import type { MonitorSource, TimeSpan } from "./rows/monitor-source.ts";

/** Of what a baseline is made. */
export interface StoredBaselineOptions extends TimeSpan {
  /** The collection's name. */
  readonly collection: string;
  /** Only these columns. Default: all but system columns. */
  readonly features?: readonly string[];
  /** How columns are compared, where their types do not tell: codes that are numbers are `"categorical"`. */
  readonly kinds?: Readonly<Record<string, ColumnKind>>;
  /** Bytes of values in memory at once; beyond, columns are read by groups. Default 512 MiB. */
  readonly maxBytes?: number;
  /** Called now and then with what is being done, for people. */
  readonly onProgress?: (what: string) => void;
}

/**
 * Learns a baseline of the stored rows of a span of time: what `Baseline.create` makes of them, without
 * having all of them in memory.
 *
 * @throws RangeError when there are no rows, or no such column, and what the source throws.
 * @example
 * ```ts
 * import { createBaseline } from "model-data-collector/monitor";
 * import { openDataset } from "model-data-collector/reader";
 *
 * await using data = await openDataset("./collected");
 * const [from, to] = [new Date("2026-11-01"), new Date("2026-11-08")];
 * const baseline = await createBaseline(data, { collection: "model_inputs", from, to });
 * console.log(JSON.stringify(baseline));
 * ```
 */
export async function createBaseline(
  source: MonitorSource,
  options: StoredBaselineOptions,
): Promise<Baseline> {
  const { collection, from, to, features, kinds = {}, maxBytes = 512 * 2 ** 20 } = options;
  const tell = options.onProgress ?? (() => {});
  tell(`reading ${collection} …`);
  const all = new ColumnLists(maxBytes);
  const isFeature = (name: string): boolean => !isSystemColumn(name);
  for await (const batch of source.table(collection, { from, to, columns: features ?? isFeature }))
    all.add(batch);
  const where = `baseline of ${collection}`;
  if (all.rows === 0) throw wrongValue(where, `rows from ${from.toISOString()} on`, told("none"));
  for (const name of [...(features ?? []), ...Object.keys(kinds)])
    if (!all.names.includes(name)) throw wrongValue(where, "names of columns", told(JSON.stringify(name)));
  const parts: BaselineJson[] = [];
  const learn = (lists: ColumnLists): void => {
    const columns = lists.take();
    const own = Object.fromEntries(Object.entries(kinds).filter(([name]) => columns.has(name)));
    parts.push(Baseline.create({ collection, from, to, columns, kinds: own }).toJSON());
  };
  if (all.isWhole) learn(all);
  else {
    const size = Math.max(1, Math.floor(maxBytes / (all.rows * 16)));
    for (let at = 0; at < all.names.length; at += size) {
      tell(`learning columns ${at + 1} to ${Math.min(at + size, all.names.length)} of ${all.names.length} …`);
      const lists = new ColumnLists(Infinity);
      const group = all.names.slice(at, at + size);
      for await (const batch of source.table(collection, { from, to, columns: group })) lists.add(batch);
      learn(lists);
    }
  }
  return Baseline.fromJSON({
    ...(parts[0] as BaselineJson),
    columns: Object.assign({}, ...parts.map(({ columns }) => columns)),
    skipped: Object.assign({}, ...parts.map(({ skipped }) => skipped)),
  });
}

/** The values of columns as the batches have them, put together at the end. */
class ColumnLists {
  readonly #maxBytes: number;
  readonly #lists = new Map<string, ArrayLike<unknown>[]>();
  #rows = 0;
  #isWhole = true;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get rows(): number {
    return this.#rows;
  }

  get names(): readonly string[] {
    return [...this.#lists.keys()].sort();
  }

  /** False once values would have taken too much room; then only names and rows are known. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  add(batch: {
    readonly length: number;
    readonly columns: ReadonlyMap<string, ArrayLike<unknown>>;
    readonly types: ReadonlyMap<string, string>;
  }): void {
    for (const [name, values] of batch.columns) {
      if (isSystemColumn(name)) continue;
      let list = this.#lists.get(name);
      if (list === undefined)
        this.#lists.set(name, (list = this.#rows === 0 ? [] : [new Array<null>(this.#rows).fill(null)]));
      if (this.#isWhole) list.push(asIntegers(values, batch.types.get(name)));
    }
    for (const [name, list] of this.#lists)
      if (this.#isWhole && !batch.columns.has(name)) list.push(new Array<null>(batch.length).fill(null));
    this.#rows += batch.length;
    // An array of values takes about twice the room of a typed one.
    if (this.#rows * this.#lists.size * 16 <= this.#maxBytes) return;
    this.#isWhole = false;
    for (const list of this.#lists.values()) list.length = 0;
  }

  /** The columns, put together; they are let go of here. */
  take(): Map<string, ArrayLike<unknown>> {
    const columns = new Map([...this.#lists].map(([name, list]) => [name, joined(list, this.#rows)]));
    this.#lists.clear();
    return columns;
  }
}

/** Integers among nulls are no typed array; as `bigint` they still say that they are integers. */
function asIntegers(values: ArrayLike<unknown>, type: string | undefined): ArrayLike<unknown> {
  if (isTypedArray(values) || type === undefined || !/^u?int/.test(type)) return values;
  return Array.from(values, (value) => (typeof value === "number" ? BigInt(value) : value));
}

function joined(lists: readonly ArrayLike<unknown>[], rows: number): ArrayLike<unknown> {
  const [first] = lists;
  if (lists.length === 1 && first !== undefined) return first;
  const kind = isTypedArray(first) ? first.constructor : undefined;
  if (kind === undefined || !lists.every((list) => isTypedArray(list) && list.constructor === kind))
    return lists.flatMap((list) => Array.from(list));
  const all = new (kind as new (length: number) => TypedArray)(rows);
  let at = 0;
  for (const list of lists) {
    (all as Float64Array).set(list as Float64Array, at);
    at += list.length;
  }
  return all;
}
