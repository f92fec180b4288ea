import { expect, test } from "vitest";
import { maxColumns } from "../../../src/config/deployment-config.ts";
import type { Batch } from "../../../src/frame/batch.ts";
import { type ColumnType, typeText } from "../../../src/layout/column-type.ts";
import { schemaFingerprint } from "../../../src/layout/schema.ts";
import { maxVersions } from "../../../src/pipeline/delivery/pins/known-pins.ts";
import { createSchemaRegistry } from "../../../src/pipeline/delivery/pins/schema-registry.ts";
import { wantedTypes } from "../../../src/pipeline/delivery/pins/wanted-types.ts";
import type { SegmentLabel } from "../../../src/pipeline/segment-label.ts";
import { createMemoryStore, type MemoryObject, type MemoryStore } from "../../../src/store/memory-store.ts";
import { makeBatch, type Plain, type PlainColumn } from "../../support/make-batch.ts";
import { duckdbQuery } from "../../support/parquet-engines.ts";
import { limits, PipelineWorld, turn } from "./pipeline-world.ts";

const label: SegmentLabel = {
  format: "parquet",
  rollingRate: "hour",
  endpoint: "flights",
  deployment: "blue",
  collection: "model_inputs",
  partition: 0,
};
const folder = "flights/blue/_schema/model_inputs";
const former = "flights/blue/model_inputs/_schema";
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

/** A store that counts the objects asked for, and cannot list: the identity may only create and read. */
function unlistable(): MemoryStore & { readonly asked: string[] } {
  const store = createMemoryStore();
  const asked: string[] = [];
  const get = store.get.bind(store);
  store.get = (path, options) => {
    asked.push(path);
    return get(path, options);
  };
  store.list = () => expect.unreachable("the store was listed");
  return Object.assign(store, { asked });
}

test("a collection costs no listing, a few reads, and one object per new set of columns", async () => {
  const store = unlistable();
  const registry = createSchemaRegistry(store);
  for (let i = 0; i < 5; i++) await registry.pin(label, types({ a: "float64" }), none);
  await registry.pin(label, types({ a: "float64", b: "string" }), none);
  // Its own place and the former one, each with a look behind the end; the former one again for the new
  // column.
  expect({ asked: store.asked.length, puts: store.puts }).toEqual({ asked: 6, puts: 2 });
});

test("however many versions there are, the newest is found, in a number of reads that grows slowly", async () => {
  const store = unlistable();
  const registry = createSchemaRegistry(store);
  for (let count = 1; count <= 70; count++) {
    await registry.pin(label, types({ [`c${count}`]: "float64" }), none);
    store.asked.length = 0;
    const names = Array.from({ length: count }, (_, i) => `c${i + 1}`);
    const found = await pinned(store, Object.fromEntries(names.map((name) => [name, "string" as const])));
    expect(Object.entries(found)).toEqual(names.map((name) => [name, "float64"]));
    expect(store.asked.length).toBeLessThanOrEqual(3 + 2 * Math.log2(count + 1));
  }
});

test.each([1, 2, 3, 4, 7])(
  "version %i of seven is missing: it is never made anew, and what was pinned stays pinned",
  async (version) => {
    const store = createMemoryStore();
    for (let i = 1; i <= 7; i++) await pinned(store, { [`c${i}`]: "float64" });
    const objects = store.objects as Map<string, MemoryObject>;
    const path = `${folder}/schema-00000${version}.json`;
    objects.delete(path);
    const result = await createSchemaRegistry(store).pin(label, types({ c6: "string", c8: "string" }), none);
    if (version === 7) {
      // Nothing shows that there was one; its pins are gone, as those of a deleted chain would be.
      expect(result).toMatchObject({ status: "pinned" });
      return;
    }
    if (result.status === "blocked") {
      expect(result.error.message).toMatch(`${path} is missing, and the version after it is there`);
      expect(objects.has(path)).toBe(false);
    } else {
      expect(result).toMatchObject({ status: "pinned", schema: types({ c6: "float64", c8: "string" }) });
      expect(objects.has(`${folder}/schema-000008.json`)).toBe(true);
    }
  },
);

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
    Object.fromEntries(Array.from({ length: maxColumns - 1 }, (_, i) => [`user_${i}`, "float64"])),
  );
  expect(await registry.pin(label, many, none)).toMatchObject({ status: "pinned", schema: many });
  const more = types({ user_0: "float64", a: "string", b: "string", USER_1: "float64" });
  const expected = {
    status: "pinned",
    schema: types({ user_0: "float64", a: "string" }),
    collection: "model_inputs",
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
  for (let i = 0; i < maxVersions; i++) {
    const result = await registry.pin(label, types({ [`c${i}`]: "float64" }), none);
    expect(result).toMatchObject({ status: "pinned", schema: types({ [`c${i}`]: "float64" }) });
  }
  expect(await registry.pin(label, types({ c5: "string", late: "float64" }), none)).toEqual({
    status: "pinned",
    schema: types({ c5: "float64" }),
    collection: "model_inputs",
    beyond: new Set(["late"]),
  });
  expect(store.objects.size).toBe(maxVersions);
});

test("values of columns that there is no room for are kept, and told of once", async () => {
  // One segment, however much it takes.
  const world = new PipelineWorld({ settings: { limits: { ...limits, maxMemoryBytes: 1 << 30 } } });
  const crowd = maxColumns + 40;
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
      message: expect.stringMatching(/model_inputs has no room for 40 more columns.*kept in mdc_rejected/),
    },
  ]);
  const file = [...world.store.objects].find(([path]) => /model_inputs.*parquet$/.test(path));
  const [row] = await duckdbQuery(
    file![1].bytes,
    `SELECT count(*)::INT AS rows, count(user_${maxColumns - 1})::INT AS last, count(mdc_rejected)::INT AS rejected,
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

test("a declared type wins over the first value, and the first value over later ones", () => {
  expect(wanted(batch(1), batch("x"))).toEqual({ a: "float64" });
  expect(wanted(batch("x"), batch(1))).toEqual({ a: "string" });
  expect(wanted(batch(1), batch("x", { a: "boolean" }))).toEqual({ a: "boolean" });
});

test("NaN, an empty list and a list of nulls decide nothing, before and after what does", () => {
  for (const vague of [Number.NaN, [], [null]]) {
    for (const [value, type] of [
      [1, "float64"],
      ["x", "string"],
      [["x"], { list: "string" }],
      [[1n, null], { list: "int64" }],
      ["{}", "json"],
    ] as const) {
      const deciding = batch(value, {}, type);
      expect(wanted(batch(vague), deciding)).toEqual({ a: type });
      expect(wanted(deciding, batch(vague))).toEqual({ a: type });
    }
    expect(wanted(batch(vague), batch(vague))).toEqual({});
    expect([...wantedTypes([batch(vague)]).untyped]).toEqual(["a"]);
    expect(wanted(batch(vague, { a: { list: "binary" } }))).toEqual({ a: { list: "binary" } });
  }
});

test("within a batch the first row that decides counts, in whatever order its types stand", () => {
  const columns: PlainColumn[] = [
    { name: "a", type: { list: "int64" }, cells: [[], null, null, [1n]] },
    { name: "a", type: "float64", cells: [null, Number.NaN, null, null] },
    { name: "a", type: "string", cells: [null, null, "x", null] },
  ];
  for (const order of [columns, columns.toReversed()]) {
    expect(wanted(makeBatch({ columns: order }))).toEqual({ a: "string" });
  }
  const numbers: PlainColumn = { name: "a", type: "float64", cells: [null, Number.NaN, null, null, 5, null] };
  const lists: PlainColumn = {
    name: "a",
    type: { list: "string" },
    cells: [[], null, [null], ["x"], null, []],
  };
  expect(wanted(makeBatch({ columns: [numbers, lists] }))).toEqual({ a: { list: "string" } });
});

/** A batch of one value. */
function batch(
  value: Plain,
  declared: Record<string, ColumnType> = {},
  type: ColumnType = Array.isArray(value)
    ? { list: "float64" }
    : typeof value === "string"
      ? "string"
      : "float64",
): Batch {
  const texts = Object.fromEntries(
    Object.entries(declared).map(([name, column]) => [name, typeText(column)]),
  );
  return makeBatch({ columns: [{ name: "a", type, cells: [value] }], header: { declared: texts } });
}

function wanted(...batches: Batch[]): Record<string, ColumnType> {
  return Object.fromEntries(wantedTypes(batches).wanted);
}

test("of two types for a new column the one surveyed first is pinned, though its own attempt fails", async () => {
  const store = createMemoryStore();
  const registry = createSchemaRegistry(store);
  expect(registry.lookUp(label, types({ a: "float64" }), none)).toBeUndefined();
  expect(registry.lookUp(label, types({ A: "string", b: "boolean" }), none)).toBeUndefined();
  store.failReads(new Error("offline"));
  expect(await registry.pin(label, types({ a: "float64" }), none)).toMatchObject({ status: "retryable" });
  expect(await registry.pin(label, types({ A: "string", b: "boolean" }), none)).toMatchObject({
    schema: types({ b: "boolean" }),
  });
  expect(await registry.pin(label, types({ a: "string" }), none)).toMatchObject({
    schema: types({ a: "float64" }),
  });
});

test("names that differ only in case are one collection, in the folder of whoever came first", async () => {
  const store = createMemoryStore();
  const results = await Promise.all(
    ["Model_Inputs", "model_inputs", "MODEL_INPUTS"].map((collection) =>
      createSchemaRegistry(store).pin({ ...label, collection }, types({ [collection]: "float64" }), none),
    ),
  );
  const spellings = results.map((result) => (result.status === "pinned" ? result.collection : result));
  expect(new Set(spellings).size).toBe(1);
  const later = await createSchemaRegistry(store).pin(
    { ...label, collection: "model_Inputs" },
    types({ a: "float64" }),
    none,
  );
  expect(later).toMatchObject({ status: "pinned", collection: spellings[0] });
  expect([...store.objects.keys()].every((path) => path.startsWith(`${folder}/schema-`))).toBe(true);
});

test("another endpoint or deployment, if only in case, is another collection", async () => {
  const store = createMemoryStore();
  await pinned(store, { a: "float64" });
  for (const other of [{ endpoint: "Flights" }, { deployment: "Blue" }]) {
    const result = await createSchemaRegistry(store).pin(
      { ...label, ...other },
      types({ a: "string" }),
      none,
    );
    expect(result).toMatchObject({ schema: types({ a: "string" }) });
  }
});

/** What version 0.1 wrote, in the collection's own folder. */
async function formerChain(
  store: MemoryStore,
  folders: string,
  ...versions: Record<string, string>[]
): Promise<void> {
  for (const [index, columns] of versions.entries()) {
    const document = {
      version: index + 1,
      fingerprint: "0123456789abcdef",
      rollingRate: "hour",
      columns: Object.entries(columns).map(([name, type]) => ({ name, type })),
    };
    const path = `${folders}/schema-${String(index + 1).padStart(6, "0")}.json`;
    await store.put(path, Buffer.from(`${JSON.stringify(document, undefined, 1)}\n`));
  }
}

test("a chain in the collection's own folder goes on beside the collections", async () => {
  const store = createMemoryStore();
  await formerChain(store, former, { a: "float64" }, { a: "float64", b: "string" });
  expect(await pinned(store, { a: "string", b: "int64" })).toEqual({ a: "float64", b: "string" });
  expect(await pinned(store, { a: "string", c: "boolean" })).toEqual({ a: "float64", c: "boolean" });
  expect([...store.objects.keys()].slice(2)).toEqual(
    [1, 2, 3].map((version) => `${folder}/schema-00000${version}.json`),
  );
});

test("many processes that find a former chain at once agree, whatever they bring", async () => {
  const store = createMemoryStore();
  await formerChain(store, former, { a: "float64" }, { a: "float64", b: "string" });
  const columns = Array.from({ length: 8 }, (_, i) => `c${i}`);
  await Promise.all(
    columns.map((name) => pinned(store, { a: "string", [name]: "float64", shared: "int64" })),
  );
  const all = await pinned(
    store,
    Object.fromEntries(["a", "b", "shared", ...columns].map((name) => [name, "json"])),
  );
  expect(all).toMatchObject({ a: "float64", b: "string", shared: "int64", c0: "float64", c7: "float64" });
});

test("what a process of the former version pins later is taken over before anything new is pinned", async () => {
  const store = createMemoryStore();
  await pinned(store, { a: "float64" });
  await formerChain(store, former, { a: "float64", b: "string" });
  expect(await pinned(store, { b: "boolean" })).toEqual({ b: "string" });
});

test("a former chain of another spelling keeps the folder of its files", async () => {
  const store = createMemoryStore();
  await formerChain(store, former, { a: "float64" });
  const result = await createSchemaRegistry(store).pin(
    { ...label, collection: "Model_Inputs" },
    types({ a: "string" }),
    none,
  );
  expect(result).toMatchObject({ schema: types({ a: "float64" }), collection: "model_inputs" });
});

const good = {
  version: 1,
  collection: "model_inputs",
  rollingRate: "hour",
  columns: [{ name: "a", type: "float64" }],
};
const unusable: [string, string | Uint8Array, RegExp][] = [
  ["empty", "", /is empty/],
  ["cut off", JSON.stringify(good).slice(0, 40), /is not JSON, or was cut off/],
  ["binary", Uint8Array.of(0xff, 0xfe, 0), /is not JSON/],
  ["somebody else's list", "[1, 2]", /holds no JSON object/],
  ["null", "null", /holds no JSON object/],
  ["somebody else's object", '{"secret": "hunter2"}', /does not have the version/],
  ["of version 1e308", JSON.stringify({ ...good, version: 1e308 }), /does not have the version/],
  ["of version -1", JSON.stringify({ ...good, version: -1 }), /does not have the version/],
  [
    "of version 2 under the name of version 1",
    JSON.stringify({ ...good, version: 2 }),
    /does not have the version/,
  ],
  [
    "that of another collection",
    JSON.stringify({ ...good, collection: "hunter2" }),
    /is that of another collection/,
  ],
  [
    "of a collection that is no name",
    JSON.stringify({ ...good, collection: "../hunter2" }),
    /collection that is no name/,
  ],
  [
    "of a collection with a Kelvin sign",
    JSON.stringify({ ...good, collection: "\u212aodel" }),
    /that is no name/,
  ],
  ["of an unknown rolling rate", JSON.stringify({ ...good, rollingRate: "hunter2" }), /rollingRate/],
  ["without columns", JSON.stringify({ ...good, columns: { a: "float64" } }), /no list of columns/],
  ["with null for a column", JSON.stringify({ ...good, columns: [null] }), /no usable name for column 1/],
  [
    "with a system column",
    JSON.stringify({ ...good, columns: [{ name: "mdc_event_id", type: "string" }] }),
    /no usable name/,
  ],
  [
    "with an unknown type",
    JSON.stringify({ ...good, columns: [{ name: "hunter2", type: "decimal" }] }),
    /does not know, for column 1/,
  ],
  [
    "without a column that it was written with",
    JSON.stringify({
      ...good,
      fingerprint: schemaFingerprint(types({ a: "float64", hunter2: "string" })),
    }),
    /other columns than its fingerprint is of/,
  ],
  [
    "with a name twice",
    JSON.stringify({ ...good, columns: [...good.columns, { name: "A", type: "string" }] }),
    /column 2 twice/,
  ],
  ["deep", `${"[".repeat(4_000_000)}${"]".repeat(4_000_000)}`, /nests more than 8 levels deep/],
  ["large", `{"hunter2": "${"x".repeat(9 << 20)}"}`, /more than 8388608 bytes/],
];

test.each(
  unusable.flatMap((one) =>
    // In the former place a file does not say whose it is.
    (one[0] === "that of another collection" ? [folder] : [folder, former]).map(
      (place) => [...one, place] as const,
    ),
  ),
)(
  "a file that is %s holds its own collection up, is named and not shown, and when it is mended all goes on",
  async (_what, content, problem, place) => {
    const world = new PipelineWorld();
    const objects = world.store.objects as Map<string, MemoryObject>;
    const path = `${place}/schema-000001.json`;
    objects.set(path, { bytes: Buffer.from(content), metadata: {}, contentType: "", lastModified: 0 });
    for (let i = 0; i < 5; i++) world.append([{ a: i }]);
    world.append([{ a: 1 }], { collection: "model_outputs" });
    const flushed = world.engine.flush("store", 1_000_000);
    await turn();
    expect(world.told.deliveries.map(({ collection }) => collection)).toEqual(["model_outputs"]);
    const { status, reasons } = world.told.lastHealth;
    expect([status, reasons.length]).toEqual(["failing", 1]);
    expect(reasons[0]).toMatch(problem);
    expect(reasons[0]).toContain(path);
    expect(world.told.troubles).toMatchObject([{ code: "DELIVERY_BLOCKED", collection: "model_inputs" }]);
    expect(JSON.stringify([world.told.troubles, world.told.healths])).not.toMatch(/hunter2|xxx/);
    world.append([{ a: 2 }], { collection: "model_outputs" });
    await world.advance(60_000);
    expect(world.told.deliveredFrames).toBe(2);
    objects.set(path, {
      bytes: Buffer.from(JSON.stringify(good)),
      metadata: {},
      contentType: "",
      lastModified: 0,
    });
    await world.advance(60_000);
    expect(await flushed).toMatchObject({ pending: 0 });
    expect(world.told.lastHealth).toEqual({ status: "ok", reasons: [] });
    expect((await world.rows()).map(({ a }) => a)).toEqual([0, 1, 2, 3, 4]);
    expect(world.told.drops).toEqual([]);
  },
);

test("of a collection that is held up one segment tries again, however many wait; a flush makes it try at once", async () => {
  const store = unlistable();
  const world = new PipelineWorld({ store });
  const objects = store.objects as Map<string, MemoryObject>;
  const path = `${folder}/schema-000001.json`;
  objects.set(path, { bytes: Buffer.from("{"), metadata: {}, contentType: "", lastModified: 0 });
  const tries = (): number => store.asked.filter((asked) => asked === path).length;
  for (let i = 0; i < 20; i++) {
    world.append([{ a: i }]);
    await world.advance(61_000);
  }
  // One a minute, and for each new segment none but when it is time.
  expect(tries()).toBeLessThanOrEqual(22);
  const before = tries();
  objects.delete(path);
  expect(await world.flush()).toBe(0);
  expect(tries()).toBe(before + 1);
  expect((await world.rows()).map(({ a }) => a).sort((a, b) => Number(a) - Number(b))).toEqual(
    Array.from({ length: 20 }, (_, i) => i),
  );
});

test("a passing trouble with one collection's types holds up no other; a service that asks for patience is heard by all", async () => {
  const store = createMemoryStore();
  const world = new PipelineWorld({ store });
  const get = store.get.bind(store);
  let error: Error | undefined = Object.assign(new Error("EIO"), { failure: "transient" });
  store.get = (path, options) =>
    error !== undefined && path.startsWith(folder) ? Promise.reject(error) : get(path, options);
  world.append([{ a: 1 }]);
  world.append([{ a: 1 }], { collection: "model_outputs" });
  const flushed = world.engine.flush("store", 1_000_000);
  await turn();
  expect(world.told.deliveries.map(({ collection }) => collection)).toEqual(["model_outputs"]);
  expect(world.told.lastHealth).toEqual({ status: "degraded", reasons: ["EIO"] });
  error = undefined;
  await world.advance(1_000);
  expect(await flushed).toMatchObject({ pending: 0 });
  expect(world.told.lastHealth.status).toBe("ok");

  const wait = {
    status: "retryable",
    class: "transient",
    error: new Error("429"),
    retryAfterMs: 5_000,
  } as const;
  world.append([{ new: 1 }]);
  world.append([{ new: 1 }], { collection: "labels" });
  store.failPuts(wait, { times: 2 });
  const puts = store.puts;
  void world.engine.flush("store", 1_000_000);
  await turn();
  const refused = store.puts - puts;
  await world.advance(4_999);
  expect(store.puts - puts).toBe(refused);
  await world.advance(1_000);
  await world.advance(10_000);
  expect(world.told.deliveredFrames).toBe(4);
});

test("100,000 pinned columns, and one named __proto__, are no trouble; what does not fit into a file is not pinned", async () => {
  const store = createMemoryStore();
  const many = Array.from({ length: 100_000 }, (_, i) => ({ name: `column ${i}`, type: "int64" }));
  const columns = [{ name: "__proto__", type: "string" }, ...many];
  const text = JSON.stringify({ ...good, columns }, undefined, 1);
  await store.put(`${folder}/schema-000001.json`, Buffer.from(text));
  const wide = await createSchemaRegistry(store).pin(
    label,
    types({ "column 5": "string", new: "json" }),
    none,
  );
  expect(wide).toMatchObject({ schema: types({ "column 5": "int64" }), beyond: new Set(["new"]) });
  const proto = await createSchemaRegistry(store).pin(label, new Map([["__proto__", "json"]]), none);
  expect(proto).toMatchObject({ schema: new Map([["__proto__", "string"]]) });

  const long = new Map(
    Array.from({ length: 9_000 }, (_, i) => [`${i} ${"x".repeat(1_000)}`, "int64"] as const),
  );
  const other = { ...label, collection: "long" };
  const first = await createSchemaRegistry(store).pin(other, long, none);
  if (first.status !== "pinned") return expect.unreachable();
  expect(first.schema.size).toBeGreaterThan(7_000);
  expect(first.schema.size).toBeLessThan(9_000);
  expect(store.objects.get("flights/blue/_schema/long/schema-000001.json")!.bytes.length).toBeLessThanOrEqual(
    8 << 20,
  );
  expect(await createSchemaRegistry(store).pin(other, long, none)).toMatchObject({ status: "pinned" });
  expect(store.objects.has("flights/blue/_schema/long/schema-000002.json")).toBe(false);
});

test("a later version of the types that a person wrote is followed by the next process", async () => {
  const store = createMemoryStore();
  await pinned(store, { a: "float64" });
  const columns = [{ name: "a", type: "json" }];
  await store.put(
    `${folder}/schema-000002.json`,
    Buffer.from(JSON.stringify({ ...good, version: 2, columns })),
  );
  expect(await pinned(store, { a: "float64" })).toEqual({ a: "json" });
});

test("what is pinned already is answered without the store, what is new is not", async () => {
  const store = createMemoryStore();
  const registry = createSchemaRegistry(store);
  const wanted = types({ a: "float64" });
  expect(registry.lookUp(label, wanted, none)).toBeUndefined();
  const pinned = await registry.pin(label, types({ a: "float64", b: "boolean" }), none);
  store.failReads(new Error("the store was asked"), 100);
  expect(registry.lookUp(label, wanted, none)).toEqual({
    status: "pinned",
    schema: wanted,
    collection: "model_inputs",
  });
  expect(registry.lookUp(label, wanted, new Set(["b", "c"]))).toEqual(pinned);
  expect(registry.lookUp(label, types({ c: "string" }), none)).toBeUndefined();
  expect(registry.lookUp({ ...label, rollingRate: "day" }, wanted, none)).toMatchObject({
    status: "blocked",
  });
});
