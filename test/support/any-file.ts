import fc from "fast-check";
import type { ParquetEncoderOptions } from "../../src/codec/parquet/parquet-encoder.ts";
import type { Batch } from "../../src/frame/batch.ts";
import { type ColumnType, type ScalarType, scalarTypes } from "../../src/layout/column-type.ts";
import { correlationId, eventTime, makeBatch, type Plain, type PlainColumn } from "./make-batch.ts";
import { nastyStrings } from "./nasty-strings.ts";
import { longCells, shapes } from "./long-cells.ts";
import { hexBytes } from "./parquet-engines.ts";

/** What a file is made of, in plain values. */
export interface PlainFile {
  readonly schema: ReadonlyMap<string, ColumnType>;
  readonly batches: readonly {
    readonly frames: readonly number[];
    readonly columns: readonly PlainColumn[];
  }[];
}

const words = fc.oneof(
  fc.constantFrom("", "a", "b", "longer than the others", "ä€😀", "\uffff", "a\u0000b"),
  fc.constantFrom(...nastyStrings),
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
  { weight: 3, arbitrary: fc.constantFrom(...scalarTypes) },
  { weight: 2, arbitrary: fc.constantFrom(...scalarTypes).map((element) => ({ list: element })) },
);

/**
 * Not `select` and the like, which shadow methods in the binding of polars; no patterns, which select more
 * than one column there; no dot, which the product refuses.
 */
const names = fc.oneof(
  fc.constantFrom(
    "x",
    "a b",
    "ä€😀",
    "from",
    "hasOwnProperty",
    "constructor",
    '"quoted"',
    "it's",
    "${x}",
    "-",
  ),
  fc
    .string({ unit: "grapheme-ascii", minLength: 1, maxLength: 8 })
    .filter((name) => !/[.*^]/.test(name) && !(name in Array.prototype)),
);

function cell(type: ColumnType, nulls: boolean): fc.Arbitrary<Plain> {
  const item =
    typeof type === "string" ? scalars[type] : fc.array(fc.option(scalars[type.list]), { maxLength: 4 });
  return nulls ? fc.option(item) : item;
}

/** Beyond so many rows every cell drawn on its own would take too long. */
const fewRows = 40;

function column(name: string, type: ColumnType, rows: number): fc.Arbitrary<PlainColumn | undefined> {
  const exactly = { minLength: rows, maxLength: rows };
  const cells =
    rows <= fewRows
      ? fc.boolean().chain((nulls) => fc.array(cell(type, nulls), exactly))
      : fc
          .record({
            shape: fc.constantFrom(...shapes),
            seed: fc.nat(),
            nulls: fc.constantFrom(0, 0, 0.1, 0.95),
          })
          .map((how) => longCells(type, rows, how));
  const filled = fc
    .record({ cells, dictionary: fc.boolean() })
    .map((parts) => ({ name, type, ...parts, dictionary: parts.dictionary && type === "string" }));
  const empty = fc.constant({ name, type, cells: new Array<Plain>(rows).fill(null) });
  return fc.oneof({ weight: 6, arbitrary: filled }, fc.constant(undefined), empty);
}

const frameRows = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 3 }) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 30 }) },
  { weight: 1, arbitrary: fc.integer({ min: 31, max: 400 }) },
);

/** Files of any schema, of no rows up to some thousand. */
export const anyFile: fc.Arbitrary<PlainFile> = fc
  .uniqueArray(fc.tuple(names, types), {
    minLength: 1,
    maxLength: 5,
    selector: ([name]) => name.toLowerCase(),
  })
  .chain((list) => {
    const schema = new Map(list);
    const batch = fc.array(frameRows, { maxLength: 12 }).chain((frames) => {
      const rows = frames.reduce((sum, count) => sum + count, 0);
      const columns = fc.tuple(...[...schema].map(([name, type]) => column(name, type, rows)));
      return columns.map((drawn) => ({ frames, columns: drawn.filter((one) => one !== undefined) }));
    });
    return fc.record({ schema: fc.constant(schema), batches: fc.array(batch, { maxLength: 4 }) });
  });

/** Settings that put the limits of pages and row groups anywhere. */
export const anySettings: fc.Arbitrary<ParquetEncoderOptions> = fc.record({
  compression: fc.constantFrom("zstd" as const, "none" as const),
  rowGroupRows: fc.constantFrom(1, 20, 128, 122_880),
  pageBytes: fc.constantFrom(1, 100, 1024, 1024 * 1024),
});

/** The batches of a file. */
export function batchesOf(file: PlainFile): Batch[] {
  return file.batches.map(({ frames, columns }, seed) =>
    makeBatch({
      seed,
      frames,
      columns,
      rows: frames.reduce((sum, count) => sum + count, 0),
      clientRequestId: (frame) => (frame % 3 === 0 ? `client-${frame}` : null),
      requestId: (frame) => (frame % 2 === 0 ? null : `request-${frame}`),
      tags: (frame) => (frame % 3 === 0 ? '{"slice":"eu"}' : null),
      samplingRate: 0.5,
      constants: { modelVersion: seed % 2 === 0 ? "3" : null },
    }),
  );
}

/** The types of the system columns that {@link rowsOf} has. */
export const systemTypes: readonly (readonly [string, string])[] = [
  ["mdc_correlation_id", "string"],
  ["mdc_row_index", "int32"],
  ["mdc_event_id", "string"],
  ["mdc_event_time", "timestamp"],
  ["mdc_request_id", "string"],
  ["mdc_client_request_id", "string"],
  ["mdc_model_version", "string"],
  ["mdc_sampling_rate", "float64"],
  ["mdc_config_version", "int32"],
  ["mdc_rejected", "json"],
  ["mdc_tags", "json"],
];

/** The cells of a column in all of the file's rows. */
export function cellsOf(file: PlainFile, name: string): Plain[] {
  return file.batches.flatMap(({ frames, columns }) => {
    const found = columns.find((one) => one.name === name);
    const rows = frames.reduce((sum, count) => sum + count, 0);
    return found === undefined ? new Array<Plain>(rows).fill(null) : [...found.cells];
  });
}

/** The rows that a file must have, as the engines of `parquet-engines.ts` give them. */
export function rowsOf(file: PlainFile): Map<string, unknown>[] {
  const system = file.batches.flatMap(({ frames }, seed) =>
    frames.flatMap((count, frame) =>
      Array.from({ length: count }, (_, index): [string, unknown][] => [
        ["mdc_correlation_id", correlationId(seed, frame)],
        ["mdc_row_index", index],
        ["mdc_event_id", `event-${seed}-${frame}`],
        ["mdc_event_time", eventTime(seed, frame)],
        ["mdc_request_id", frame % 2 === 0 ? null : `request-${frame}`],
        ["mdc_client_request_id", frame % 3 === 0 ? `client-${frame}` : null],
        ["mdc_model_version", seed % 2 === 0 ? "3" : null],
        ["mdc_sampling_rate", 0.5],
        ["mdc_config_version", 1],
        ["mdc_rejected", null],
        ["mdc_tags", frame % 3 === 0 ? '{"slice":"eu"}' : null],
      ]),
    ),
  );
  const features = [...file.schema.keys()].map((name) => [name, cellsOf(file, name)] as const);
  return system.map((entries, row) => {
    return new Map([...entries, ...features.map(([name, cells]) => [name, hexBytes(cells[row])] as const)]);
  });
}
