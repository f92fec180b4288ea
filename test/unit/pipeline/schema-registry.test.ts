import { expect, test } from "vitest";
import { mostColumns } from "../../../src/config/deployment-config.ts";
import type { ColumnType } from "../../../src/frame/column-type.ts";
import { createSchemaRegistry, mostVersions, wantedTypes } from "../../../src/pipeline/schema-registry.ts";
import type { SegmentLabel } from "../../../src/pipeline/segment-label.ts";
import { createMemoryStore, type MemoryStore } from "../../../src/store/memory-store.ts";
import { makeBatch } from "../../support/make-batch.ts";
import { duckdbQuery } from "../../support/parquet-engines.ts";
import { PipelineWorld, turn } from "./pipeline-world.ts";

const label: SegmentLabel = {
  format: "parquet",
  rollingRate: "hour",
  endpoint: "flights",
  deployment: "blue",
  collection: "model_inputs",
  partition: 0,
};
const folder = "flights/blue/model_inputs/_schema";
const none: ReadonlySet<string> = new Set();

function types(columns: Record<string, ColumnType>): Map<string, ColumnType> {
  return new Map(Object.entries(columns));
}

async function pinned(
  store: MemoryStore,
  wanted: Record<string, ColumnType>,
  untyped = none,
): Promise<Record<string, ColumnType>> {
  const result = await createSchemaRegistry(store).pin(label, types(wanted), untyped);
  if (result.status !== "pinned") throw new Error(result.status);
  return Object.fromEntries(result.schema);
}

test("the first type of a column is pinned, also for later processes", async () => {
  const store = createMemoryStore();
  expect(await pinned(store, { a: "float64" })).toEqual({ a: "float64" });
  expect(await pinned(store, { a: "string", b: "boolean" })).toEqual({ a: "float64", b: "boolean" });
  expect([...store.objects.keys()]).toEqual([`${folder}/schema-000001.json`, `${folder}/schema-000002.json`]);
  const document = JSON.parse(
    Buffer.from(store.objects.get(`${folder}/schema-000002.json`)!.bytes).toString(),
  );
  expect(document).toMatchObject({
    version: 2,
    rollingRate: "hour",
    columns: [
      { name: "a", type: "float64" },
      { name: "b", type: "boolean" },
    ],
  });
});

test("a collection costs one listing, and one object per new set of columns", async () => {
  const store = createMemoryStore();
  const registry = createSchemaRegistry(store);
  let listings = 0;
  const list = store.list.bind(store);
  store.list = (...args) => {
    listings++;
    return list(...args);
  };
  for (let i = 0; i < 5; i++) await registry.pin(label, types({ a: "float64" }), none);
  await registry.pin(label, types({ a: "float64", b: "string" }), none);
  expect({ listings, puts: store.puts }).toEqual({ listings: 1, puts: 2 });
});

test("two processes that see a column for the first time at once agree on one type", async () => {
  const store = createMemoryStore();
  const results = await Promise.all([pinned(store, { a: "float64" }), pinned(store, { a: "string" })]);
  expect(results[0]).toEqual(results[1]);
});

test("many processes that each bring columns lose none", async () => {
  const store = createMemoryStore();
  const columns = Array.from({ length: 12 }, (_, i) => `c${i}`);
  await Promise.all(columns.map((name) => pinned(store, { [name]: "float64", shared: "int64" })));
  const all = await pinned(store, Object.fromEntries(columns.map((name) => [name, "string" as const])));
  expect(Object.keys(all).sort()).toEqual(columns.sort());
  expect(new Set(Object.values(all))).toEqual(new Set(["float64"]));
});

test("a name that differs from a pinned one only in case gets no column", async () => {
  const store = createMemoryStore();
  await pinned(store, { Age: "float64" });
  expect(await pinned(store, { age: "float64", other: "string" })).toEqual({ other: "string" });
});

test("a column of nulls alone is pinned to nothing, and is there once it has a type", async () => {
  const store = createMemoryStore();
  expect(await pinned(store, { a: "float64" }, new Set(["b"]))).toEqual({ a: "float64" });
  expect(await pinned(store, { b: "string" }, none)).toEqual({ b: "string" });
  expect(await pinned(store, { a: "float64" }, new Set(["b"]))).toEqual({ a: "float64", b: "string" });
});

test("a collection has room for so many columns, and what is beyond them is named", async () => {
  const store = createMemoryStore();
  const registry = createSchemaRegistry(store);
  const many = types(
    Object.fromEntries(Array.from({ length: mostColumns - 1 }, (_, i) => [`user_${i}`, "float64"])),
  );
  expect(await registry.pin(label, many, none)).toEqual({ status: "pinned", schema: many });
  const more = types({ user_0: "float64", a: "string", b: "string", USER_1: "float64" });
  const expected = {
    status: "pinned",
    schema: types({ user_0: "float64", a: "string" }),
    beyond: new Set(["b"]),
  };
  expect(await registry.pin(label, more, none)).toEqual(expected);
  // For this process, and for the next, without another version.
  expect(registry.lookUp(label, more, none)).toEqual(expected);
  expect(await createSchemaRegistry(store).pin(label, more, none)).toEqual(expected);
  expect(store.objects.size).toBe(2);
});

test("a collection has room for so many versions, each of which holds all columns", async () => {
  const store = createMemoryStore();
  const registry = createSchemaRegistry(store);
  for (let i = 0; i < mostVersions; i++) {
    const result = await registry.pin(label, types({ [`c${i}`]: "float64" }), none);
    expect(result).toEqual({ status: "pinned", schema: types({ [`c${i}`]: "float64" }) });
  }
  expect(await registry.pin(label, types({ c5: "string", late: "float64" }), none)).toEqual({
    status: "pinned",
    schema: types({ c5: "float64" }),
    beyond: new Set(["late"]),
  });
  expect(store.objects.size).toBe(mostVersions);
});

test("values of columns that there is no room for are kept, and told of once", async () => {
  const world = new PipelineWorld();
  const crowd = mostColumns + 40;
  for (let i = 0; i < crowd; i++) world.append([{ [`user_${i}`]: i / 7 }]);
  world.append([{ a: 1 }], { collection: "other" });
  expect(await world.flush()).toBe(0);
  expect(world.told.drops).toEqual([]);
  expect(world.told.deliveredFrames).toBe(crowd + 1);
  expect(world.told.troubles).toEqual([
    {
      code: "VALUES_REJECTED",
      reason: "too_many_columns",
      collection: "model_inputs",
      message: expect.stringMatching(
        /model_inputs has no room for 40 more column\(s\).*kept in mdc_rejected/,
      ),
    },
  ]);
  const file = [...world.store.objects].find(([path]) => /model_inputs.*parquet$/.test(path));
  const [row] = await duckdbQuery(
    file![1].bytes,
    `SELECT count(*)::INT AS rows, count(user_${mostColumns - 1})::INT AS last, count(mdc_rejected)::INT AS rejected,
      max(CASE WHEN mdc_row_index = 0 THEN mdc_rejected END) AS example, sum(user_7) AS seventh FROM FILE`,
  );
  expect(row).toEqual({
    rows: crowd,
    last: 1,
    rejected: 40,
    example: `{"user_${crowd - 1}":${(crowd - 1) / 7}}`,
    seventh: 1,
  });
});

test("a store in trouble is a transient failure; a refused schema is passed on", async () => {
  const store = createMemoryStore();
  const registry = createSchemaRegistry(store);
  store.failReads(new Error("offline"));
  expect(await registry.pin(label, types({ a: "float64" }), none)).toMatchObject({
    status: "retryable",
    class: "transient",
  });
  store.failPuts({ status: "retryable", class: "configuration", error: new Error("403") });
  expect(await registry.pin(label, types({ a: "float64" }), none)).toMatchObject({ class: "configuration" });
  expect(await registry.pin(label, types({ a: "float64" }), none)).toMatchObject({ status: "pinned" });
});

test.each([
  ["configuration", "configuration"],
  ["clock", "clock"],
  ["rejected", "configuration"],
  ["transient", "transient"],
] as const)(
  "a store that cannot be read for a reason of kind %s is of class %s",
  async (failure, expected) => {
    const store = createMemoryStore();
    store.failReads(Object.assign(new Error("list: no such container"), { failure }));
    expect(await createSchemaRegistry(store).pin(label, types({ a: "float64" }), none)).toMatchObject({
      status: "retryable",
      class: expected,
      error: { message: "list: no such container" },
    });
  },
);

test("an answer that was lost while pinning does no harm", async () => {
  const store = createMemoryStore();
  const registry = createSchemaRegistry(store);
  const lost = { status: "retryable", class: "transient", error: new Error("cut") } as const;
  store.failPuts(lost, { stored: true });
  expect(await registry.pin(label, types({ a: "float64" }), none)).toMatchObject({ status: "retryable" });
  expect(await registry.pin(label, types({ a: "string" }), none)).toMatchObject({ status: "pinned" });
  expect(await pinned(store, { a: "string" })).toEqual({ a: "float64" });
});

test("another rolling rate is refused with what to do about it, and holds no other collection up", async () => {
  const world = new PipelineWorld();
  world.append([{ a: 1 }]);
  expect(await world.flush()).toBe(0);
  world.append([{ a: 2 }], { rollingRate: "day" });
  world.append([{ a: 3 }], { collection: "model_outputs" });
  const flushed = world.engine.flush("store", 30_000);
  await turn();
  expect(world.told.deliveries.map(({ collection }) => collection)).toEqual([
    "model_inputs",
    "model_outputs",
  ]);
  expect(world.told.lastHealth).toEqual({
    status: "failing",
    reasons: [expect.stringMatching(/model_inputs is partitioned by hour .* now day: set it back/)],
  });
  await world.advance(30_000);
  expect((await flushed).pending).toBe(1);
  expect(world.told.drops).toEqual([]);
});

test("a declared type wins over the first value; NaN alone decides only when nothing else does", () => {
  const batch = (cells: readonly (number | string)[], type: "float64" | "string", declared = {}) =>
    makeBatch({ columns: [{ name: "a", type, cells }], header: { declared } });
  const wanted = (...batches: ReturnType<typeof batch>[]) => Object.fromEntries(wantedTypes(batches).wanted);
  expect(wanted(batch([1], "float64"), batch(["x"], "string"))).toEqual({ a: "float64" });
  expect(wanted(batch([1], "float64", { a: "int64" }))).toEqual({ a: "int64" });
  expect(wanted(batch([Number.NaN], "float64"), batch(["x"], "string"))).toEqual({ a: "string" });
  expect(wanted(batch([Number.NaN], "float64"))).toEqual({ a: "float64" });
});

test("what is pinned already is answered without the store, what is new is not", async () => {
  const store = createMemoryStore();
  const registry = createSchemaRegistry(store);
  const wanted = types({ a: "float64" });
  expect(registry.lookUp(label, wanted, none)).toBeUndefined();
  const pinned = await registry.pin(label, types({ a: "float64", b: "boolean" }), none);
  store.list = () => {
    throw new Error("the store was asked");
  };
  expect(registry.lookUp(label, wanted, none)).toEqual({ status: "pinned", schema: wanted });
  expect(registry.lookUp(label, wanted, new Set(["b", "c"]))).toEqual(pinned);
  expect(registry.lookUp(label, types({ c: "string" }), none)).toBeUndefined();
  expect(registry.lookUp({ ...label, rollingRate: "day" }, wanted, none)).toMatchObject({
    status: "mismatch",
  });
});
