import { join } from "node:path";
import * as fc from "fast-check";
import { CorrelationContext, openDeployment } from "model-data-collector";
import { expect, test } from "vitest";
import { readAsMonitoring, type SparkType } from "../support/azureml-reader.ts";
import { type Scratch, scratch } from "../support/scratch.ts";

/** What Azure ML's monitoring finds in the JSON lines that are written, by its reader's own rules. */

interface Row {
  readonly number: number | null;
  readonly whole: number | null;
  readonly age: number | null;
  readonly count: bigint | null;
  readonly flag: boolean | null;
  readonly text: string | null;
  readonly at: Date | null;
  readonly nested: object | null;
  readonly list: readonly (string | null)[] | null;
}

const orNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { freq: 4 });
const rows: fc.Arbitrary<Row[]> = fc.array(
  fc.record({
    number: orNull(fc.double({ noDefaultInfinity: false })),
    whole: orNull(fc.integer()),
    age: orNull(fc.integer({ min: 0, max: 120 })),
    count: orNull(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    flag: orNull(fc.boolean()),
    text: orNull(fc.string({ unit: "binary", maxLength: 30 })),
    at: orNull(fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true })),
    nested: orNull(fc.record({ a: fc.constantFrom(1, 1.5, "x", null), b: fc.array(fc.boolean()) })),
    list: orNull(fc.array(orNull(fc.string({ maxLength: 5 })), { minLength: 1, maxLength: 4 })),
  }),
  { maxLength: 6 },
);

/** A row with a value in every column, so that each has its type. */
const full: Row = {
  ...{ number: 1e21, whole: 3, age: 54, count: 2n ** 60n, flag: true, text: "line\r\nbreak" },
  ...{ at: new Date(1_700_000_000_123), nested: { a: 1, b: [] }, list: ["x", null] },
};
const types: Record<keyof Row, SparkType> = {
  ...{ number: "double", whole: "double", age: "bigint", count: "bigint", flag: "boolean", text: "string" },
  ...{ at: "bigint", nested: "nested", list: "nested" },
};
const schema = { age: "int64" } as const;

/** As monitoring has them. */
function expected(row: Row): Record<string, unknown> {
  return {
    ...row,
    number: Number.isFinite(row.number) ? row.number : null,
    age: row.age === null ? null : BigInt(row.age),
    at: row.at === null ? null : BigInt(row.at.getTime()),
    nested: row.nested === null ? null : JSON.stringify(row.nested),
    list: row.list === null ? null : JSON.stringify(row.list),
  };
}

const hour = 3_600_000;
const start = Date.parse("2026-03-05T22:00:00Z");

async function collected(
  place: Scratch,
  frames: readonly { readonly at: number; readonly rows: readonly object[] }[],
) {
  const deployment = await openDeployment(place.options({ format: "jsonl" }));
  const inputs = deployment.collector("model_inputs", { schema });
  frames.forEach(({ at, rows: given }, i) =>
    inputs.collect(given as never, CorrelationContext.create({ id: `c${i}`, requestTime: new Date(at) })),
  );
  await deployment.close();
  return join(place.destination, "default", "default", "model_inputs");
}

test("every file of the window is found, and the rows and types are those that were collected", async () => {
  const generated = fc.sample(fc.record({ rows, minute: fc.integer({ min: 0, max: 299 }) }), {
    numRuns: 120,
    seed: 7,
  });
  const frames = [
    { at: start, rows: [full] },
    ...generated.map(({ rows: given, minute }) => ({ at: start + minute * 60_000, rows: given })),
  ];
  const folder = await collected(await scratch(), frames);
  const read = readAsMonitoring(folder, new Date(start), new Date(start + 5 * hour));
  expect(read.columns).toEqual(types);
  const wanted = frames.flatMap(({ rows: given }, frame) =>
    given.map((row, i) => ({ id: `c${frame}_${i}`, values: plain(expected(row)) })),
  );
  expect(byId(read.rows)).toEqual(byId(wanted));
  // An end that is the beginning of an hour leaves that hour out.
  const first = readAsMonitoring(folder, new Date(start + 59 * 60_000), new Date(start + hour));
  expect(first.rows).toHaveLength(
    frames.filter(({ at }) => at < start + hour).reduce((sum, { rows: given }) => sum + given.length, 0),
  );
  expect(() => readAsMonitoring(folder, new Date(start - hour), new Date(start))).toThrow(
    "DataNotFoundError",
  );
});

test("where every frame is too large for a record, its rows and columns are found all the same", async () => {
  const large = (letter: string) =>
    Array.from({ length: 90 }, (_, i) => ({ age: i, text: letter.repeat(60_000) }));
  const frames = ["a", "b", "c"].map((letter) => ({ at: start, rows: large(letter) }));
  const read = readAsMonitoring(
    await collected(await scratch(), frames),
    new Date(start),
    new Date(start + 1),
  );
  expect(read.columns).toEqual({ age: "bigint", text: "string" });
  expect(read.rows.map(({ id }) => id)).toEqual(
    [0, 1, 2].flatMap((frame) => Array.from({ length: 90 }, (_, i) => `c${frame}_${i}`)),
  );
  expect(read.rows.map(({ values }) => (values["text"] as string)[0]).join("")).toBe(
    "a".repeat(90) + "b".repeat(90) + "c".repeat(90),
  );
});

/** `-0` and lone surrogates aside, which JSON has and Spark has not. */
function plain(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === "number" ? value + 0 : value]),
  );
}

function byId<T extends { readonly id: string; readonly values: Readonly<Record<string, unknown>> }>(
  all: readonly T[],
): T[] {
  return all
    .map((row) => ({ ...row, values: plain({ ...row.values }) }))
    .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}
