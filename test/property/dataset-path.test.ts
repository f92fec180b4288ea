import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  besidePath,
  type DataFolder,
  dataFilePath,
  formerSchemaFolder,
  parsePath,
  profileName,
  schemaFolder,
  schemaPath,
  spanOf,
  type StoredPath,
  writePath,
} from "../../src/layout/dataset-path.ts";
import { partitionSpan, partitionStart } from "../../src/layout/partition.ts";
import { dayStem } from "../../src/layout/paths/day-stem.ts";
import { parseStem } from "../../src/layout/paths/segment-stem.ts";

/**
 * Whatever is stored is found again by its path, and whatever else is in a tree is taken for nothing of ours.
 */

const name = fc.stringMatching(/^[A-Za-z0-9](\.?[A-Za-z0-9_-]){0,20}$/);
const names = { endpoint: name, deployment: name, collection: name };
const time = fc.oneof(
  fc.integer({ min: 0, max: Date.UTC(10_000, 0) - 1 }),
  fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2027, 0) }),
);
const segment = fc.record({ id: fc.stringMatching(/^[0-9a-f]{32}$/), createdAt: time });
const rate = fc.constantFrom("day" as const, "hour" as const, "minute" as const);
const folder: fc.Arbitrary<DataFolder> = fc
  .record({
    ...names,
    rollingRate: rate,
    format: fc.constantFrom("parquet" as const, "jsonl" as const),
    at: time,
  })
  .map(({ at, ...rest }) => ({ ...rest, partition: partitionStart(at, rest.rollingRate) }));

/** Names as others may have them in a tree that we read. */
const odd = fc
  .string({ unit: "binary", minLength: 1, maxLength: 12 })
  .filter((text) => !text.includes("/") && !/^[._]/.test(text));
const hour = time.map((at) => partitionStart(at, "hour"));
const oddNames = { endpoint: odd, deployment: odd, collection: odd };
const number = fc.oneof(fc.nat(20), fc.constantFrom(999_999, 1_000_000, 123_456_789_012_345));
const stored: fc.Arbitrary<StoredPath> = fc.oneof(
  fc
    .record({ kind: fc.constant("parquet" as const), ...oddNames, rollingRate: rate, at: time, stem: odd })
    .map(({ at, ...rest }) => ({ ...rest, partition: partitionStart(at, rest.rollingRate) })),
  fc.record({ kind: fc.constant("jsonl" as const), ...oddNames, hour, stem: odd }),
  fc.record({ kind: fc.constant("beside" as const), ...oddNames, hour, stem: odd, number }),
  fc
    .record({ endpoint: odd, deployment: odd, at: time, hash: fc.stringMatching(/^[0-9a-f]{32}$/) })
    .map(({ at, hash, ...rest }) => ({
      ...{ kind: "profile" as const, ...rest, collection: profileName },
      ...{ begunAt: partitionStart(at, "day"), stem: dayStem(hash) },
    })),
  fc
    .record({
      kind: fc.constant("schema" as const),
      ...oddNames,
      version: number.map((n) => n + 1),
      former: fc.boolean(),
    })
    .map((path) => (path.former ? path : { ...path, collection: path.collection.toLowerCase() })),
);

describe("a path that is written", () => {
  test("is read as what it was written from", () => {
    fc.assert(
      fc.property(stored, (path) => {
        expect(parsePath(writePath(path))).toEqual(path);
      }),
    );
  });

  test("tells of a segment's file all that its label and its segment say, and covers its partition", () => {
    fc.assert(
      fc.property(folder, segment, (label, of) => {
        const { format, endpoint, deployment, collection, partition, rollingRate } = label;
        const path = parsePath(dataFilePath(label, of));
        if (path?.kind !== "parquet" && path?.kind !== "jsonl") throw new Error("no file of data");
        expect(path).toMatchObject({ kind: format, endpoint, deployment, collection });
        const covered = partitionSpan({ start: partition, rate: rollingRate });
        if (path.kind === "parquet") {
          expect(path).toMatchObject({ partition, rollingRate });
          expect(parseStem("parquet", path.stem)).toEqual(of);
          expect(spanOf(path)).toEqual(covered);
        } else {
          expect(parseStem("jsonl", path.stem)).toEqual({ id: of.id });
          const { start, end } = spanOf(path);
          expect(start <= covered.start && end >= covered.end).toBe(true);
        }
      }),
    );
  });

  test("leads from an object to the file that refers to it", () => {
    fc.assert(
      fc.property(folder, segment, number, (label, of, count) => {
        const file = parsePath(dataFilePath({ ...label, format: "jsonl" }, of));
        const beside = parsePath(besidePath(label, of, count));
        expect(beside).toEqual({ ...file, kind: "beside", number: count });
      }),
    );
  });

  test("tells a version of pinned types, here and where they once were", () => {
    fc.assert(
      fc.property(fc.record(names), fc.integer({ min: 1, max: 2 ** 21 }), (of, version) => {
        const { endpoint, deployment, collection } = of;
        const here = schemaPath(schemaFolder(endpoint, deployment, collection), version);
        const key = collection.toLowerCase();
        const facts = { kind: "schema", endpoint, deployment, version };
        expect(parsePath(here)).toEqual({ ...facts, collection: key, former: false });
        const former = schemaPath(formerSchemaFolder(endpoint, deployment, collection), version);
        expect(parsePath(former)).toEqual({ ...facts, collection, former: true });
      }),
    );
  });
});

describe("any other text", () => {
  /** Pieces of paths, whole and damaged, in any order. */
  const piece = fc.oneof(
    fc.constantFrom(
      "_schema",
      "schema-000001.json",
      "schema-1.json",
      "schema-000000.json",
      "schema-0000001.json",
    ),
    fc.constantFrom("inference_date=2026-11-22", "inference_date=2026-02-30", "inference_date=+02026-11-22"),
    fc.constantFrom("inference_hour=05", "inference_hour=24", "inference_hour=5", "inference_minute=60"),
    fc.constantFrom("inference_minute=08", "inference_date=2026-11-22 ", "x=2026-11-22", "2026-11-22"),
    fc.constantFrom(
      "2026",
      "11",
      "22",
      "05",
      "1e1",
      "-0",
      "x.parquet",
      ".parquet",
      "x.jsonl",
      "x-000000.json",
    ),
    fc.constantFrom(
      "x-0000000.json",
      "-000000.json",
      "",
      ".",
      "..",
      "\0",
      "\\",
      "%2e%2e",
      "a\nb",
      "é",
      "\ud800",
    ),
    fc.string({ unit: "binary", maxLength: 8 }),
  );
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join("/")),
    fc.array(piece, { maxLength: 5 }).map((pieces) => ["flights", "blue", ...pieces].join("/")),
  );

  test("is refused without an error, unless it is what would be written", () => {
    fc.assert(
      fc.property(text, (path) => {
        const read = parsePath(path);
        if (read !== undefined) expect(writePath(read)).toBe(path);
      }),
      { numRuns: 5_000 },
    );
  });

  test.each([
    "flights/blue/model_inputs/inference_date=2026-02-30/x.parquet",
    "flights/blue/model_inputs/inference_date=2026-11-22/inference_hour=24/x.parquet",
    "flights/blue/model_inputs/2026/11/22/24/x.jsonl",
    "flights/blue/model_inputs/2026/11/22/x.jsonl",
    "flights/blue/model_inputs/2026/11/22/05/00/x.jsonl",
    "flights/blue/model_inputs/2026/11/22/05/x.parquet",
    "flights/blue/model_inputs/2026/11/22/05/x.json",
    "flights/blue/model_inputs/inference_date=2026-11-22/x.jsonl",
    "flights/blue/_schema/Model_Inputs/schema-000001.json",
    "flights/blue/_schema/_schema/schema-000001.json",
    "flights/blue/_schema/model_inputs/schema-000000.json",
    "flights/blue/_schema/model_inputs/schema-1.json",
    "../blue/model_inputs/inference_date=2026-11-22/x.parquet",
    "flights/../model_inputs/inference_date=2026-11-22/x.parquet",
    "flights/blue/../inference_date=2026-11-22/x.parquet",
    "/flights/blue/model_inputs/inference_date=2026-11-22/x.parquet",
    "flights//model_inputs/inference_date=2026-11-22/x.parquet",
    "flights/blue/model_inputs/inference_date=2026-11-22//x.parquet",
    "flights/blue/model_inputs/inference_date=2026-11-22/.parquet",
  ])("is refused, as for example %s", (path) => {
    expect(parsePath(path)).toBeUndefined();
  });
  test("is refused however many folders it has", () => {
    expect(parsePath(`${"flights/".repeat(1_000_000)}x.parquet`)).toBeUndefined();
  });
});
