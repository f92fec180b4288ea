import { dateOfMicros } from "../../codec/parquet/parquet-file.ts";
import type { ColumnBatch } from "../../layout/column-batch.ts";
import type { Row } from "../../layout/row.ts";
import { isSystemColumn } from "../../layout/system-columns.ts";
import type { JoinPlan } from "./join-options.ts";
import type { KeyLabel } from "./key-labels.ts";
import type { KeyRows } from "./key-rows.ts";

/**
 * Rows of outputs: of one collection as they are, of several by their collections, null where there is none.
 */
export type JoinedOutputs<Outputs extends string | readonly string[]> = Outputs extends readonly string[]
  ? { readonly [Collection in Outputs[number]]: Row | null }
  : Row;

/** One row of inputs with what belongs to it. */
export interface JoinedRow<Outputs extends string | readonly string[] = string> {
  /** The correlation id. */
  readonly id: string;
  /** The input's place in its frame, from 0. */
  readonly rowIndex: number;
  /** When the request started. */
  readonly requestTime: Date;
  readonly endpoint: string;
  readonly deployment: string;
  readonly inputs: Row;
  readonly outputs: JoinedOutputs<Outputs>;
  /**
   * What turned out to be true, the newest that came in time; of a business key and the request itself
   * together. Null if there is nothing, or nothing was asked for.
   */
  readonly labels: Row | null;
}

/** The columns that rows have of a side: 0 for inputs, the last one for labels, outputs between. */
export function columnsOfSide(
  { columns, outputs }: JoinPlan,
  side: number,
): readonly string[] | ((name: string) => boolean) {
  const names = side === 0 ? columns.inputs : side <= outputs.length ? columns.outputs : columns.labels;
  return names ?? isFeature;
}

function isFeature(name: string): boolean {
  return !isSystemColumn(name);
}

/** Makes joined rows of numbers of rows. */
export class JoinedRows {
  readonly #plan: JoinPlan;
  readonly #keys: KeyRows;
  readonly #columns = new Map<ColumnBatch, readonly Column[]>();

  readonly #timestamps: "date" | "micros";

  /** With `micros`, points in time stay bigints of microseconds. */
  constructor(plan: JoinPlan, keys: KeyRows, timestamps: "date" | "micros") {
    this.#timestamps = timestamps;
    this.#plan = plan;
    this.#keys = keys;
  }

  /** A row of an input, an output of each collection and a label; -1 for none. */
  row([input = -1, ...others]: readonly number[], keyLabels: readonly KeyLabel[]): JoinedRow {
    const { ids, indexes, requestTimes, files } = this.#keys;
    const { outputs: names, isOne } = this.#plan;
    const outputs = names.map((name, i) => [name, this.#features(others[i] ?? -1, i + 1)] as const);
    const { endpoint = "", deployment = "" } = files[input] ?? {};
    return {
      id: ids[input] ?? "",
      rowIndex: indexes[input] ?? 0,
      requestTime: new Date(Math.floor((requestTimes[input] ?? 0) / 1_000)),
      endpoint,
      deployment,
      inputs: this.#features(input, 0) ?? {},
      outputs: (isOne ? outputs[0]?.[1] : Object.fromEntries(outputs)) as Row,
      labels: this.#labels(others.at(-1) ?? -1, keyLabels),
    };
  }

  #labels(label: number, keyLabels: readonly KeyLabel[]): Row | null {
    const own = this.#features(label, this.#plan.outputs.length + 1);
    if (keyLabels.length === 0) return own;
    const { eventTimes } = this.#keys;
    const said = keyLabels.map(({ eventTime, row }) => ({ eventTime, row: this.#chosen(row) }));
    if (own !== null) said.push({ eventTime: eventTimes[label] ?? 0, row: own });
    said.sort((a, b) => a.eventTime - b.eventTime);
    return Object.fromEntries(said.flatMap(({ row }) => Object.entries(row)));
  }

  #chosen(row: Row): Row {
    const names = this.#plan.columns.labels;
    return names === undefined ? row : Object.fromEntries(names.map((name) => [name, row[name] ?? null]));
  }

  #features(row: number, side: number): Row | null {
    const batch = this.#keys.batches[row];
    if (batch === undefined) return null;
    let columns = this.#columns.get(batch);
    if (columns === undefined)
      this.#columns.set(
        batch,
        (columns = columnsOf(batch, columnsOfSide(this.#plan, side), this.#timestamps)),
      );
    const place = this.#keys.places[row] ?? 0;
    // Assigning would set no property of this name.
    if (columns.some(({ name }) => name === "__proto__"))
      return Object.fromEntries(columns.map((column) => [column.name, valueAt(column, place)]));
    const features: Row = {};
    for (const column of columns) features[column.name] = valueAt(column, place);
    return features;
  }
}

interface Column {
  readonly name: string;
  readonly values: ArrayLike<unknown>;
  readonly isTime: boolean;
}

function columnsOf(
  { columns, types }: ColumnBatch,
  wanted: readonly string[] | ((name: string) => boolean),
  timestamps: "date" | "micros",
): readonly Column[] {
  const names = typeof wanted === "function" ? [...columns.keys()].filter(wanted) : wanted;
  return names.map((name) => ({
    name,
    values: columns.get(name) ?? [],
    isTime: timestamps === "date" && types.get(name)?.includes("timestamp") === true,
  }));
}

function valueAt({ values, isTime }: Column, place: number): unknown {
  const value = values[place] ?? null;
  return isTime ? dated(value) : value;
}

function dated(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(dated);
  return typeof value === "bigint" ? dateOfMicros(value) : value;
}
