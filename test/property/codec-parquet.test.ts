import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createParquetEncoder, type ParquetEncoderOptions } from "../../src/codec/parquet-encoder.ts";
import type { Batch } from "../../src/frame/batch.ts";
import { type ColumnType, type ScalarType, scalarTypes, typeText } from "../../src/frame/column-type.ts";
import { correlationId, eventTime, makeBatch, type Plain, type PlainColumn } from "../support/make-batch.ts";
import { type Engine, engines, fileBytes, hexBytes } from "../support/parquet-engines.ts";

const systemTypes: readonly (readonly [string, string])[] = [
  ["mdc_correlation_id", "string"],
  ["mdc_row_index", "int32"],
  ["mdc_event_id", "string"],
  ["mdc_event_time", "timestamp"],
  ["mdc_request_id", "string"],
  ["mdc_model_version", "string"],
  ["mdc_sampling_rate", "float64"],
  ["mdc_config_version", "int32"],
  ["mdc_rejected", "json"],
  ["mdc_tags", "json"],
];

const words = fc.oneof(
  fc.constantFrom("", "a", "b", "longer than the others", "ä€😀", "\uffff", "a\u0000b"),
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.string({ minLength: 60, maxLength: 70, unit: fc.constantFrom("é", "\u{10ffff}", "~") }),
);

const scalars: Record<ScalarType, fc.Arbitrary<Plain>> = {
  float64: fc.oneof(fc.constantFrom(0, -0, 1, 2.5, Number.NaN, Infinity, -Infinity), fc.double()),
  int64: fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.bigInt(0n, 3n)),
  int32: fc.integer(),
  boolean: fc.boolean(),
  string: words,
  timestamp: fc.bigInt(-(10n ** 15n), 2n * 10n ** 15n),
  binary: fc.uint8Array({ maxLength: 80 }),
  json: fc.json({ maxDepth: 1 }),
};

const types: fc.Arbitrary<ColumnType> = fc.oneof(
  fc.constantFrom(...scalarTypes),
  fc.constantFrom(...scalarTypes).map((element) => ({ list: element })),
);

function cell(type: ColumnType, nulls: boolean): fc.Arbitrary<Plain> {
  const item =
    typeof type === "string" ? scalars[type] : fc.array(fc.option(scalars[type.list]), { maxLength: 4 });
  return nulls ? fc.option(item) : item;
}

function column(name: string, type: ColumnType, rows: number): fc.Arbitrary<PlainColumn | undefined> {
  const exactly = { minLength: rows, maxLength: rows };
  const filled = fc
    .record({
      cells: fc.boolean().chain((nulls) => fc.array(cell(type, nulls), exactly)),
      dictionary: fc.boolean(),
    })
    .map((parts) => ({ name, type, ...parts, dictionary: parts.dictionary && type === "string" }));
  const empty = fc.constant({ name, type, cells: new Array<Plain>(rows).fill(null) });
  return fc.oneof({ weight: 6, arbitrary: filled }, fc.constant(undefined), empty);
}

interface Drawn {
  readonly schema: ReadonlyMap<string, ColumnType>;
  readonly batches: readonly {
    readonly frames: readonly number[];
    readonly columns: readonly PlainColumn[];
  }[];
}

const files: fc.Arbitrary<Drawn> = fc
  .uniqueArray(types, { minLength: 1, maxLength: 5, comparator: () => false })
  .chain((list) => {
    const schema = new Map(list.map((type, i) => [`c${i}`, type] as const));
    const batch = fc
      .array(fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 30 })), { maxLength: 6 })
      .chain((frames) => {
        const rows = frames.reduce((sum, count) => sum + count, 0);
        const columns = fc.tuple(...[...schema].map(([name, type]) => column(name, type, rows)));
        return columns.map((drawn) => ({ frames, columns: drawn.filter((one) => one !== undefined) }));
      });
    return fc.record({ schema: fc.constant(schema), batches: fc.array(batch, { maxLength: 4 }) });
  });

const settings: fc.Arbitrary<ParquetEncoderOptions> = fc.record({
  compression: fc.constantFrom("zstd" as const, "none" as const),
  rowGroupRows: fc.constantFrom(1, 20, 122_880),
  pageBytes: fc.constantFrom(1, 100, 1024 * 1024),
});

function toBatches(drawn: Drawn): Batch[] {
  return drawn.batches.map(({ frames, columns }, seed) =>
    makeBatch({
      seed,
      frames,
      columns,
      rows: frames.reduce((sum, count) => sum + count, 0),
      requestId: (frame) => (frame % 2 === 0 ? null : `request-${frame}`),
      tags: (frame) => (frame % 3 === 0 ? '{"slice":"eu"}' : null),
      samplingRate: 0.5,
      constants: { modelVersion: seed % 2 === 0 ? "3" : null },
    }),
  );
}

function expectedRows(drawn: Drawn): Record<string, unknown>[] {
  return drawn.batches.flatMap(({ frames, columns }, seed) => {
    let row = 0;
    return frames.flatMap((count, frame) =>
      Array.from({ length: count }, (_, index) => {
        const expected: Record<string, unknown> = {
          mdc_correlation_id: correlationId(seed, frame),
          mdc_row_index: index,
          mdc_event_id: `event-${seed}-${frame}`,
          mdc_event_time: eventTime(seed, frame),
          mdc_request_id: frame % 2 === 0 ? null : `request-${frame}`,
          mdc_model_version: seed % 2 === 0 ? "3" : null,
          mdc_sampling_rate: 0.5,
          mdc_config_version: 1,
          mdc_rejected: null,
          mdc_tags: frame % 3 === 0 ? '{"slice":"eu"}' : null,
        };
        for (const name of drawn.schema.keys()) {
          const found = columns.find((one) => one.name === name);
          expected[name] = hexBytes(found?.cells[row] ?? null);
        }
        row++;
        return expected;
      }),
    );
  });
}

async function check(drawn: Drawn, options: ParquetEncoderOptions, engine: Engine): Promise<void> {
  const batches = toBatches(drawn);
  const encoder = createParquetEncoder(options);
  const bytes = await fileBytes(encoder.encode(() => batches, { schema: drawn.schema, segment: "s" }));
  const features = [...drawn.schema].map(([name, type]) => [name, typeText(type)] as const);
  const known = new Map([...systemTypes, ...features].filter(([, type]) => engine.knows?.(type) ?? true));
  const lossy = engine.lossy ?? ((value: unknown) => value);
  const pick = (row: Record<string, unknown>, change: (value: unknown) => unknown): Record<string, unknown> =>
    Object.fromEntries([...known.keys()].map((name) => [name, deep(row[name], change)]));
  const actual = (await engine.rows(bytes, known)).map((row) => pick(row, (value) => value));
  expect(actual).toEqual(expectedRows(drawn).map((row) => pick(row, lossy)));
}

function deep(value: unknown, change: (value: unknown) => unknown): unknown {
  return Array.isArray(value) ? value.map((item) => deep(item, change)) : change(value);
}

describe("a Parquet file of any batches", () => {
  test.each(engines)("reads back the same in $name", async (engine) => {
    await fc.assert(
      fc.asyncProperty(files, settings, (drawn, options) => check(drawn, options, engine)),
      { numRuns: 150 },
    );
  });
});
