import type { Batch, BatchColumn, BatchHeader, SystemConstants, Values } from "../../src/frame/batch.ts";
import type { ColumnType, ScalarType } from "../../src/layout/column-type.ts";

/**
 * A plain value of a column: number, bigint (int64, timestamp in microseconds), boolean, string, bytes, or a
 * list.
 */
export type Plain = number | bigint | boolean | string | Uint8Array | null | readonly Plain[];

/** A column from plain values. */
export interface PlainColumn {
  readonly name: string;
  readonly type: ColumnType | "rejected";
  readonly cells: readonly Plain[];
  /** Strings as a dictionary, not one after another. */
  readonly dictionary?: boolean;
}

/** What {@link makeBatch} fills in where it is told nothing. */
export interface BatchParts {
  readonly columns: readonly PlainColumn[];
  /** Rows of each frame; default one frame of all rows. */
  readonly frames?: readonly number[];
  readonly rows?: number;
  readonly header?: Partial<BatchHeader>;
  readonly constants?: Partial<SystemConstants>;
  /** Distinguishes the ids of this batch's frames from another's. */
  readonly seed?: number;
  readonly requestId?: (frame: number) => string | null;
  readonly clientRequestId?: (frame: number) => string | null;
  readonly tags?: (frame: number) => string | null;
  readonly samplingRate?: number;
}

/** A batch as `frame/batch.ts` describes it, from plain values; in shared memory, as in the product. */
export function makeBatch(parts: BatchParts): Batch {
  const given = parts.frames?.reduce((sum, count) => sum + count, 0);
  const rows = given ?? parts.rows ?? parts.columns[0]?.cells.length ?? 0;
  const frames = parts.frames ?? [rows];
  const seed = parts.seed ?? 0;
  const each = <T>(value: (frame: number) => T): T[] => frames.map((_, frame) => value(frame));
  const frameColumns: PlainColumn[] = [
    { name: "mdc_correlation_id", type: "string", cells: each((frame) => correlationId(seed, frame)) },
    { name: "mdc_event_id", type: "string", cells: each((frame) => `event-${seed}-${frame}`) },
    { name: "mdc_event_time", type: "timestamp", cells: each((frame) => eventTime(seed, frame)) },
    { name: "mdc_request_time", type: "timestamp", cells: each((frame) => eventTime(seed, frame) - 250n) },
    { name: "mdc_request_id", type: "string", cells: each(parts.requestId ?? (() => null)) },
    {
      name: "mdc_client_request_id",
      type: "string",
      cells: each(parts.clientRequestId ?? (() => null)),
    },
    { name: "mdc_sampling_rate", type: "float64", cells: each(() => parts.samplingRate ?? 1) },
    { name: "mdc_config_version", type: "int32", cells: each(() => 1) },
    { name: "mdc_tags", type: "json", cells: each(parts.tags ?? (() => null)) },
  ];
  return {
    header: {
      collection: "model_inputs",
      partition: 1_700_000_000_000,
      frames: frames.length,
      rows,
      bytes: 0,
      untyped: [],
      declared: {},
      ...parts.header,
      constants: {
        source: "urn:model-data-collector:flights/blue",
        endpoint: "flights",
        deployment: "blue",
        modelName: "late-arrival",
        modelVersion: "3",
        instanceId: null,
        agent: "model-data-collector/1.2.0 node/22.15.0",
        ...parts.constants,
      },
    },
    frames: { rows: Uint32Array.from(frames), columns: frameColumns.map(makeColumn) },
    columns: parts.columns.map(makeColumn),
  };
}

/** The correlation id of a frame of {@link makeBatch}. */
export function correlationId(seed: number, frame: number): string {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
  return `0192f3a1-${hex(seed & 0xffff, 4)}-7abc-8def-${hex(frame, 12)}`;
}

/** The event time of a frame of {@link makeBatch}, microseconds. */
export function eventTime(seed: number, frame: number): bigint {
  return 1_700_000_000_000_000n + BigInt(seed) * 60_000_000n + BigInt(frame) * 1001n;
}

/** One column of a batch. */
export function makeColumn({ name, type, cells, dictionary = false }: PlainColumn): BatchColumn {
  const present = cells.filter((cell) => cell !== null);
  const values =
    typeof type === "object"
      ? listValues(present as unknown as readonly Plain[][], type.list)
      : scalarValues(present, type, dictionary);
  return { name, type, validity: bitmap(cells), count: present.length, values };
}

function listValues(lists: readonly Plain[][], element: ScalarType): Values {
  const items = lists.flat(1) as Plain[];
  const present = items.filter((item) => item !== null);
  return {
    kind: "list",
    lengths: shared(
      Uint32Array,
      lists.map((list) => list.length),
    ),
    elements: {
      total: items.length,
      validity: bitmap(items),
      count: present.length,
      values: scalarValues(present, element, false),
    },
  };
}

function scalarValues(cells: readonly Plain[], type: ScalarType | "rejected", dictionary: boolean): Values {
  switch (type) {
    case "float64":
    case "int32": {
      const numbers = cells as readonly number[];
      const real = numbers.filter((value) => !Number.isNaN(value));
      const min = real.reduce((a, b) => Math.min(a, b), Infinity);
      const max = real.reduce((a, b) => Math.max(a, b), -Infinity);
      if (type === "int32") return { kind: "int32", data: shared(Int32Array, numbers), min, max };
      return { kind: "float64", data: shared(Float64Array, numbers), min, max };
    }
    case "int64":
    case "timestamp": {
      const integers = cells as readonly bigint[];
      const data = new BigInt64Array(new SharedArrayBuffer(integers.length * 8));
      data.set(integers);
      const sorted = BigInt64Array.from(integers).sort();
      return { kind: "int64", data, min: sorted[0] ?? 0n, max: sorted.at(-1) ?? 0n };
    }
    case "boolean":
      return { kind: "boolean", data: shared(Uint8Array, cells.map(Number)) };
    default: {
      const texts = cells as readonly (string | Uint8Array)[];
      if (!dictionary) return { kind: "bytes", count: texts.length, data: plain(texts) };
      const distinct = [...new Set(texts)];
      const index = new Map(distinct.map((text, i) => [text, i]));
      return {
        kind: "dictionary",
        codes: shared(
          Uint32Array,
          texts.map((text) => index.get(text) ?? 0),
        ),
        dictionary: { count: distinct.length, data: plain(distinct) },
      };
    }
  }
}

function plain(texts: readonly (string | Uint8Array)[]): Uint8Array {
  const encoded = texts.map((text) => (typeof text === "string" ? new TextEncoder().encode(text) : text));
  const bytes = new Uint8Array(
    new SharedArrayBuffer(encoded.reduce((sum, text) => sum + 4 + text.length, 0)),
  );
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const text of encoded) {
    view.setUint32(at, text.length, true);
    bytes.set(text, at + 4);
    at += 4 + text.length;
  }
  return bytes;
}

function shared<A extends Float64Array | Int32Array | Uint32Array | Uint8Array>(
  make: { new (buffer: SharedArrayBuffer): A; readonly BYTES_PER_ELEMENT: number },
  numbers: readonly number[],
): A {
  const array = new make(new SharedArrayBuffer(numbers.length * make.BYTES_PER_ELEMENT));
  array.set(numbers);
  return array;
}

function bitmap(cells: readonly Plain[]): Uint8Array | undefined {
  if (!cells.includes(null)) return undefined;
  const bits = new Uint8Array(Math.ceil(cells.length / 8));
  cells.forEach((cell, i) => {
    if (cell !== null) bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7));
  });
  return bits;
}
