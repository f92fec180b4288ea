import fc from "fast-check";
import { expect, test } from "vitest";
import { CollectorError } from "../../src/base/errors.ts";
import { BatchBuilder } from "../../src/frame/batch-builder.ts";
import { takeSnapshot } from "../../src/frame/snapshot.ts";
import { decodeBatch } from "../../src/frame/wire/decode.ts";
import { encodeBatch } from "../../src/frame/wire/encode.ts";
import { cellsOf, finishFacts, frameFacts, limits, snapshotOf } from "../unit/frame/frame-support.ts";

type Expected = { type: string; value: unknown } | null;

const utf16 = fc.string({ unit: "binary", maxLength: 12 });
const loneSurrogates = fc
  .array(fc.integer({ min: 0xd7f0, max: 0xe010 }), { maxLength: 4 })
  .map((units) => String.fromCharCode(...units));
const scalars: readonly fc.Arbitrary<unknown>[] = [
  fc.double(),
  fc.integer(),
  fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.boolean(),
  utf16,
  fc.constantFrom("a", "b", "c"),
  loneSurrogates,
  fc.date({ noInvalidDate: false }),
  fc.uint8Array({ maxLength: 5 }),
];
const cell = fc.oneof(
  fc.constantFrom(null, undefined),
  ...scalars,
  ...scalars.slice(0, 7).map((scalar) => fc.array(fc.option(scalar, { freq: 4 }), { maxLength: 4 })),
  fc.object({ maxDepth: 2, values: [fc.string(), fc.integer(), fc.boolean(), fc.constant(null)] }),
);
/** Mostly of one kind, as real columns are, with some of another. */
const columnCells = fc
  .tuple(fc.constantFrom(...scalars, cell), fc.integer({ min: 0, max: 30 }))
  .chain(([main, length]) =>
    fc.array(fc.oneof({ arbitrary: main, weight: 6 }, { arbitrary: cell, weight: 1 }), {
      minLength: length,
      maxLength: length,
    }),
  );
const frame = fc
  .dictionary(fc.constantFrom("a", "b", "c", "d", "__proto__", "constructor"), columnCells, {
    maxKeys: 4,
    noNullPrototype: false,
  })
  .map((columns) => {
    const rows = Math.min(...Object.values(columns).map((cells) => cells.length));
    return Object.fromEntries(Object.entries(columns).map(([name, cells]) => [name, cells.slice(0, rows)]));
  });

/** What a cell is stored as, in the most naive way. */
function expected(value: unknown): Expected {
  if (value === null || value === undefined) return null;
  if (typeof value === "number") return { type: "float64", value };
  if (typeof value === "boolean") return { type: "boolean", value };
  if (typeof value === "bigint") {
    return value >= -(2n ** 63n) && value < 2n ** 63n
      ? { type: "int64", value }
      : { type: "rejected", value: `"${value}"` };
  }
  if (typeof value === "string") {
    const exact = Buffer.from(value, "utf8").toString("utf8") === value;
    return exact ? { type: "string", value } : { type: "rejected", value: JSON.stringify(value) };
  }
  if (value instanceof Date) {
    const ms = value.getTime();
    return Number.isNaN(ms)
      ? { type: "rejected", value: '"Invalid Date"' }
      : { type: "timestamp", value: BigInt(ms) * 1000n };
  }
  if (value instanceof Uint8Array) return { type: "binary", value: Buffer.from(value).toString("latin1") };
  if (Array.isArray(value)) return expectedList(value);
  return { type: "json", value: JSON.stringify(value) };
}

function expectedList(list: readonly unknown[]): Expected {
  const elements = list.map(expected);
  const found = new Set(elements.flatMap((element) => (element === null ? [] : [element.type])));
  if (found.has("rejected")) return { type: "rejected", value: listText(list) };
  if (found.size === 0) return { type: "list<any>", value: elements };
  return { type: `list<${[...found][0]}>`, value: elements.map((element) => element?.value ?? null) };
}

const listText = (list: readonly unknown[]): string =>
  `[${list.map((value) => (typeof value === "bigint" ? `"${value}"` : (JSON.stringify(value) ?? "null"))).join(",")}]`;

function same(got: { type: string; value: unknown } | undefined, want: Expected): void {
  if (want === null) return expect(got).toBeUndefined();
  if (want.type === "list<any>") {
    expect(got?.type).toMatch(/^list</);
    return expect(got?.value).toEqual(want.value);
  }
  expect(got).toEqual(want);
}

function check(frames: readonly Record<string, readonly unknown[]>[], step: number, asRows: boolean): void {
  const builder = new BatchBuilder({ maxStringBytes: 1 << 20 });
  for (const columns of frames) {
    const rows = Object.values(columns)[0]?.length ?? 0;
    const toRow = (_: unknown, i: number) =>
      Object.fromEntries(Object.entries(columns).map(([name, cells]) => [name, cells[i]]));
    const snapshot = snapshotOf(asRows ? Array.from({ length: rows }, toRow) : columns);
    builder.begin(snapshot, frameFacts());
    while (!builder.advance(step));
    snapshot.release();
  }
  const bytes = builder.finish(finishFacts);
  const batch = decodeBatch(bytes);
  // In memory that was used before: nothing of what was there shows.
  expect(encodeBatch(batch, (size) => new Uint8Array(size).fill(0xff))).toEqual(bytes);
  const got = cellsOf(batch);
  let row = 0;
  for (const columns of frames) {
    const rows = Object.values(columns)[0]?.length ?? 0;
    for (let i = 0; i < rows; i++, row++) {
      for (const [name, cells] of Object.entries(columns)) {
        same(got[row]?.get(name), expected(cells[i]));
      }
    }
  }
  expect(row).toBe(batch.header.rows);
}

test("any frames, as columns or rows, in any steps, are stored exactly as the naive reference says", () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 4 }), fc.integer({ min: 1, max: 40 }), fc.boolean(), check),
    { numRuns: 400, examples: [[[{ a: ["x", "\ud83d", null, "x"] }, { a: [1, null] }], 1, false]] },
  );
});

test("abandoning any frame at any point leaves no trace", () => {
  fc.assert(
    fc.property(frame, frame, frame, fc.integer({ min: 0, max: 60 }), (first, gone, last, cells) => {
      const build = (abandon: boolean): Uint8Array => {
        const builder = new BatchBuilder({ maxStringBytes: 1 << 20 });
        builder.begin(snapshotOf(first), frameFacts());
        builder.advance(Number.POSITIVE_INFINITY);
        if (abandon) {
          builder.begin(snapshotOf(gone), frameFacts());
          if (!builder.advance(cells)) builder.abandon();
          else return build(false);
        }
        builder.begin(snapshotOf(last), frameFacts());
        builder.advance(Number.POSITIVE_INFINITY);
        return builder.finish(finishFacts);
      };
      const clean = decodeBatch(build(false));
      const sorted = (batch: typeof clean) =>
        batch.columns.map((column) => `${column.name} ${JSON.stringify(column.type)}`).sort();
      const abandoned = decodeBatch(build(true));
      expect(sorted(abandoned)).toEqual(sorted(clean));
      expect(cellsOf(abandoned)).toEqual(cellsOf(clean));
    }),
    {
      numRuns: 300,
      examples: [
        [{ d: [] }, { d: [["a"], 0n] }, { d: ["", null, []] }, 1],
        [
          { b: [null, [], [""]], a: [0, 0, 0] },
          { b: [0, 0, 0, 0] },
          { b: [2n ** 63n, [], "", new Date(0)] },
          1,
        ],
      ],
    },
  );
});

test("random bytes and flipped bits are refused with a CollectorError or read as a batch, nothing else", () => {
  const good = Buffer.from(
    (() => {
      const builder = new BatchBuilder({ maxStringBytes: 1 << 20 });
      builder.begin(
        snapshotOf({ n: [1, null], s: ["a", "b"], l: [["a"], [null]], o: [{ a: 1 }, 5n] }),
        frameFacts(),
      );
      builder.advance(1000);
      return builder.finish(finishFacts);
    })(),
  );
  const flips = fc
    .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    .map((changes) => {
      const bad = new Uint8Array(good);
      for (const [at, value] of changes) bad[at] = value;
      return bad;
    });
  fc.assert(
    fc.property(
      fc.oneof({ arbitrary: flips, weight: 5 }, { arbitrary: fc.uint8Array({ maxLength: 200 }), weight: 1 }),
      (bytes) => {
        try {
          const { header } = decodeBatch(bytes);
          expect(header.rows).toBeLessThan(100);
        } catch (error) {
          if (!(error instanceof CollectorError)) throw error;
          expect(error.code).toBe("CORRUPT");
        }
      },
    ),
    { numRuns: 3000 },
  );
});

test("whatever is passed, a snapshot is taken or the frame dropped, and nothing is thrown", () => {
  fc.assert(
    fc.property(
      fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withSet: true,
        withTypedArray: true,
        withSparseArray: true,
        withNullPrototype: true,
      }),
      (frameLike) => {
        for (const passed of [
          frameLike,
          [frameLike],
          { a: frameLike },
          { a: [frameLike] },
          [{ a: frameLike }],
        ]) {
          const result = takeSnapshot(passed, { limits });
          if (result.status === "dropped") continue;
          const builder = new BatchBuilder({ maxStringBytes: 100 });
          builder.begin(result.snapshot, frameFacts());
          builder.advance(Number.POSITIVE_INFINITY);
          expect(decodeBatch(builder.finish(finishFacts)).header.rows).toBe(result.snapshot.rows);
        }
      },
    ),
    { numRuns: 1500 },
  );
});
