import type { Batch, BatchColumn, SystemConstants, Values } from "../src/frame/batch.ts";
import type { ColumnType } from "../src/layout/column-type.ts";
import { mulberry32 } from "./mulberry32.ts";

/** A table as JavaScript arrays: what a user has before anything was collected. */
export interface Table {
  readonly rows: number;
  /** The columns' types, in their order. */
  readonly kinds: Readonly<Record<string, Kind>>;
  readonly columns: Readonly<Record<string, readonly TableCell[]>>;
}

/** A value of a {@link Table}. */
export type TableCell = number | bigint | string | boolean | Date | null;

/** The type of a column. */
export type Kind = "float64" | "int64" | "string" | "boolean" | "timestamp";

/**
 * 8 doubles (2 of full entropy, 4 rounded to cents or tenths, 2 counts), 2 int32 and 2 int64 columns, 4
 * strings of 5 to 1,000 different values, 2 of random UUIDs, a boolean, a timestamp. 5 % nulls in d1, d5, i1
 * and s1.
 */
const kinds: Readonly<Record<string, Kind>> = {
  ...Object.fromEntries(
    ["d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7"].map((name) => [name, "float64"] as const),
  ),
  ...Object.fromEntries(["i0", "i1", "i2", "i3"].map((name) => [name, "int64"] as const)),
  ...Object.fromEntries(["s0", "s1", "s2", "s3", "u0", "u1"].map((name) => [name, "string"] as const)),
  b0: "boolean",
  t0: "timestamp",
};

/** The pinned types. */
export const schema: ReadonlyMap<string, ColumnType> = new Map(Object.entries(kinds));

/** The table, the same in every run. */
export function makeTable(rows: number): Table {
  const random = mulberry32(20_261_122);
  const below = (limit: number): number => Math.floor(random() * limit);
  const nullable = <T>(value: T): T | null => (random() < 0.05 ? null : value);
  const hex = (digits: number): string =>
    below(16 ** digits)
      .toString(16)
      .padStart(digits, "0");
  const uuid = (): string => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(6)}${hex(6)}`;
  const fill = <T>(value: (row: number) => T): T[] => Array.from({ length: rows }, (_, row) => value(row));
  return {
    rows,
    kinds,
    columns: {
      d0: fill(random),
      d1: fill(() => nullable(random() * 1e6)),
      d2: fill(() => below(100_000) / 100),
      d3: fill(() => below(10_000) / 10),
      d4: fill(() => Math.round((random() + random() + random()) * 1000) / 100),
      d5: fill(() => nullable(below(1_000_000) / 100)),
      d6: fill(() => below(10)),
      d7: fill(() => below(5000)),
      i0: fill(() => BigInt(below(100))),
      i1: fill(() => nullable(BigInt(below(1_000_000)))),
      i2: fill((row) => BigInt(row) * 7n),
      i3: fill(() => BigInt(below(2 ** 31)) * 1000n),
      s0: fill(() => `class-${below(5)}`),
      s1: fill(() => nullable(`carrier ${below(20)}`)),
      s2: fill(() => `airport-${below(300)}`),
      s3: fill(() => `route ${below(1000)}`),
      u0: fill(uuid),
      u1: fill(uuid),
      b0: fill(() => random() < 0.3),
      t0: fill((row) => new Date(1_760_000_000_000 + row * 13 + below(10))),
    },
  };
}

/** The table as batches of 2,000 rows, in frames of `rowsPerFrame`. */
export function tableBatches(table: Table, rowsPerFrame: number): Batch[] {
  const batches: Batch[] = [];
  for (let start = 0; start < table.rows; start += batchRows) {
    const rows = Math.min(batchRows, table.rows - start);
    const frames = Array.from({ length: Math.ceil(rows / rowsPerFrame) }, (_, frame) =>
      Math.min(rowsPerFrame, rows - frame * rowsPerFrame),
    );
    const columns = Object.entries(table.kinds).map(([name, kind]) =>
      column(name, kind, table.columns[name]?.slice(start, start + rows) ?? []),
    );
    batches.push({
      header: {
        collection: "model_inputs",
        partition: 1_760_000_000_000,
        frames: frames.length,
        rows,
        bytes: 0,
        untyped: [],
        declared: {},
        constants,
      },
      frames: { rows: Uint32Array.from(frames), columns: frameColumns(start, frames.length) },
      columns,
    });
  }
  return batches;
}

const batchRows = 2000;

/** System columns whose value is the same in all rows. */
export const constants: SystemConstants = {
  source: "urn:model-data-collector:flights/blue",
  endpoint: "flights",
  deployment: "blue",
  modelName: "late-arrival",
  modelVersion: "3",
  instanceId: "host-1",
  agent: "model-data-collector/0.1.0 node/24.0.0",
};

function frameColumns(start: number, frames: number): BatchColumn[] {
  const random = mulberry32(start + 1);
  const time = (frame: number): bigint =>
    1_760_000_000_000_000n + BigInt(start) * 1000n + BigInt(frame) * 500n;
  const id = (frame: number): string => frameId(Number(time(frame) / 1000n), random);
  const each = <T>(value: (frame: number) => T): T[] =>
    Array.from({ length: frames }, (_, frame) => value(frame));
  const nulls = new Array<null>(frames).fill(null);
  return [
    { ...column("mdc_correlation_id", "string", each(id)) },
    { ...column("mdc_event_id", "string", each(id)) },
    times(
      "mdc_event_time",
      each((frame) => time(frame) + 90n),
    ),
    times("mdc_request_time", each(time)),
    column("mdc_request_id", "string", nulls),
    column("mdc_client_request_id", "string", nulls),
    column(
      "mdc_sampling_rate",
      "float64",
      each(() => 1),
    ),
    {
      name: "mdc_config_version",
      type: "int32",
      validity: undefined,
      count: frames,
      values: { kind: "int32", data: new Int32Array(frames).fill(1), min: 1, max: 1 },
    },
    { ...column("mdc_tags", "string", nulls), type: "json" },
  ];
}

/** A UUID of version 7 for an instant in milliseconds. */
export function frameId(timeMs: number, random: () => number): string {
  const hex = (digits: number): string =>
    Math.floor(random() * 16 ** digits)
      .toString(16)
      .padStart(digits, "0");
  const stamp = timeMs.toString(16).padStart(12, "0");
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}-7${hex(3)}-a${hex(3)}-${hex(6)}${hex(6)}`;
}

function times(name: string, micros: readonly bigint[]): BatchColumn {
  return { name, type: "timestamp", validity: undefined, count: micros.length, values: integers(micros) };
}

function column(
  name: string,
  kind: Kind,
  cells: readonly (number | bigint | string | boolean | Date | null)[],
): BatchColumn {
  const present = cells.filter((cell) => cell !== null);
  const validity = new Uint8Array(Math.ceil(cells.length / 8));
  cells.forEach((cell, i) => {
    if (cell !== null) validity[i >> 3] = (validity[i >> 3] ?? 0) | (1 << (i & 7));
  });
  return {
    name,
    type: kind,
    validity: present.length === cells.length ? undefined : validity,
    count: present.length,
    values: valuesOf(kind, present),
  };
}

function valuesOf(kind: Kind, cells: readonly (number | bigint | string | boolean | Date)[]): Values {
  switch (kind) {
    case "float64": {
      const data = new Float64Array(new SharedArrayBuffer(cells.length * 8));
      data.set(cells as readonly number[]);
      const ends = (data.length === 0 ? [0] : data) as Float64Array;
      return { kind, data, min: Math.min(...ends), max: Math.max(...ends) };
    }
    case "int64":
      return integers(cells as readonly bigint[]);
    case "timestamp":
      return integers((cells as readonly Date[]).map((date) => BigInt(date.getTime()) * 1000n));
    case "boolean": {
      const data = new Uint8Array(new SharedArrayBuffer(cells.length));
      cells.forEach((cell, i) => {
        data[i] = cell === true ? 1 : 0;
      });
      return { kind, data };
    }
    case "string": {
      const texts = cells as readonly string[];
      const distinct = [...new Set(texts)];
      if (distinct.length * 2 > texts.length)
        return { kind: "bytes", count: texts.length, data: plain(texts) };
      const codes = new Map(distinct.map((text, code) => [text, code]));
      return {
        kind: "dictionary",
        codes: Uint32Array.from(texts, (text) => codes.get(text) ?? 0),
        dictionary: { count: distinct.length, data: plain(distinct) },
      };
    }
  }
}

function integers(values: readonly bigint[]): Values {
  const data = new BigInt64Array(new SharedArrayBuffer(values.length * 8));
  data.set(values);
  let min = values[0] ?? 0n;
  let max = min;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { kind: "int64", data, min, max };
}

function plain(texts: readonly string[]): Uint8Array {
  const parts = texts.flatMap((text) => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return [length, bytes];
  });
  const joined = Buffer.concat(parts);
  const shared = new Uint8Array(new SharedArrayBuffer(joined.length));
  shared.set(joined);
  return shared;
}
