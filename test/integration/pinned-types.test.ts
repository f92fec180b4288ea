import { globSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CorrelationContext, openDeployment } from "model-data-collector";
import { expect, test } from "vitest";
import { duckdbQuery } from "../support/parquet-engines.ts";
import { scratch } from "../support/scratch.ts";

const nothing = new Uint8Array(0);

/** What DuckDB makes of all Parquet files of a collection together. */
function stored(destination: string, columns: string, collection = "x"): Promise<Record<string, unknown>[]> {
  return duckdbQuery(
    nothing,
    `SELECT ${columns}, mdc_rejected FROM read_parquet('${destination}/default/default/${collection}/**/*.parquet', union_by_name = true)
     ORDER BY mdc_event_time, mdc_event_id, mdc_row_index`,
  );
}

const vague: [string, unknown, string][] = [
  ["an empty list", [], "[]"],
  ["a list of nulls", [null, null], "[null,null]"],
  ["NaN", Number.NaN, '"NaN"'],
];
/** What comes later, and how it reads. */
const deciding: [string, unknown, unknown][] = [
  ["a list of texts", ["late", null], ["late", null]],
  ["a list of booleans", [true], [true]],
  ["a list of objects", [{ label: "cat" }], '[{"label":"cat"}]'],
  ["an object", { label: "cat" }, '{"label":"cat"}'],
  ["a text", "AA", "AA"],
  ["a number", 2.5, 2.5],
];

test.each(vague)(
  "%s decides nothing: what comes later does, in the same frame, the next file and after a restart, and nothing is lost",
  async (_what, value, json) => {
    const told: string[] = [];
    const { destination, options } = await scratch();
    const world = options({ onError: (error) => told.push(error.message) });
    const names = deciding.map((_, index) => `c${index}`);
    const undecided = Object.fromEntries(names.map((name) => [name, value]));
    const decided = Object.fromEntries(deciding.map(([, decides], index) => [`c${index}`, decides]));
    {
      await using deployment = await openDeployment(world);
      deployment.collector("x").collect([{ ...undecided, n: 1 }]);
      deployment.collector("same").collect([undecided, decided]);
      await deployment.flush();
    }
    {
      await using deployment = await openDeployment(world);
      const x = deployment.collector("x");
      x.collect([{ ...undecided, n: 2 }]);
      await deployment.flush();
      x.collect([{ ...decided, n: 3 }]);
      await deployment.flush();
    }
    const rows = await stored(destination, `n, ${names.join(", ")}`);
    const reads = deciding.map(([, , read]) => read);
    expect(rows.map((row) => [row["n"], ...names.map((name) => row[name])])).toEqual([
      [1, ...names.map(() => null)],
      [2, ...names.map(() => null)],
      [3, ...reads],
    ]);
    const kept = `{${names.map((name) => `"${name}":${json}`).join(",")}}`;
    expect(rows.map(({ mdc_rejected }) => mdc_rejected)).toEqual([kept, kept, null]);
    const [, second] = await stored(destination, names.join(", "), "same");
    expect(names.map((name) => second?.[name])).toEqual(reads);
    // Where the value does not fit the type that came out, that is told; until then nothing is wrong with it.
    expect(told.filter((message) => !message.includes("collection same"))).toEqual([]);
  },
);

test("values that decide nothing are kept in the JSON lines format, too, and a declared type always decides", async () => {
  const { destination, options } = await scratch();
  await using deployment = await openDeployment(options({ format: "jsonl" }));
  const x = deployment.collector("x");
  const declared = deployment.collector("declared", { schema: { a: "float64", b: "json" } });
  x.collect([{ a: Number.NaN, b: [] }]);
  declared.collect([{ a: Number.NaN, b: [] }]);
  await deployment.flush();
  x.collect([{ a: "AA", b: ["late"] }]);
  await deployment.flush();
  const records = (collection: string): Record<string, unknown>[] =>
    globSync(`${destination}/default/default/${collection}/**/*.jsonl`)
      .flatMap((path) => readFileSync(path, "utf8").trimEnd().split("\n"))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .sort((one, other) => String(one["id"]).localeCompare(String(other["id"])));
  const [before, after] = records("x");
  expect(before).toMatchObject({ data: [{}] });
  expect(JSON.parse(String(before?.["mdcrejected"]))).toEqual([{ a: "NaN", b: [] }]);
  expect(after).toMatchObject({ data: [{ a: "AA", b: ["late"] }] });
  expect(after).not.toHaveProperty("mdcrejected");
  // JSON has no NaN; pandas writes null for it, too.
  expect(records("declared")).toMatchObject([{ data: [{ a: null, b: [] }] }]);
});

test("a column pinned as JSON takes everything that JSON can say", async () => {
  const { destination, options } = await scratch();
  const told: string[] = [];
  await using deployment = await openDeployment(options({ onError: (error) => told.push(error.message) }));
  const x = deployment.collector("x");
  const values = [
    { o: 1 },
    "text",
    1.5,
    -0,
    true,
    12345678901234567890n,
    7n,
    [1, null],
    [],
    ["a"],
    new Date(0),
    Number.NaN,
  ];
  for (const a of values) {
    x.collect([{ a }]);
    await deployment.flush();
  }
  const rows = await stored(destination, "a");
  expect(rows.map(({ a }) => a)).toEqual([
    '{"o":1}',
    '"text"',
    "1.5",
    "-0",
    "true",
    null,
    "7",
    "[1,null]",
    "[]",
    '["a"]',
    '"1970-01-01T00:00:00.000Z"',
    null,
  ]);
  expect(rows.flatMap(({ mdc_rejected }) => mdc_rejected ?? [])).toEqual(['{"a":"12345678901234567890"}']);
  expect(told).toHaveLength(1);
});

test("of two partitions at once, the one whose data came first decides, every time", async () => {
  for (let round = 0; round < 4; round++) {
    const { destination, options } = await scratch();
    await using deployment = await openDeployment(options({ onError: () => {} }));
    const x = deployment.collector("x");
    const hours = [3_600_000 * 5, 0];
    for (const [index, a] of [1, "x"].entries()) {
      x.collect([{ a }], CorrelationContext.create({ requestTime: new Date(hours[(index + round) % 2]!) }));
    }
    await deployment.flush();
    const rows = await stored(destination, "a");
    expect(rows.map(({ a, mdc_rejected }) => [a, mdc_rejected])).toEqual([
      [1, null],
      [null, '{"a":"x"}'],
    ]);
  }
});

test("processes that spell a collection differently fill one folder, under one name", async () => {
  const { destination, options } = await scratch();
  const spellings = ["Model_Inputs", "model_inputs", "MODEL_INPUTS"];
  for (const [n, name] of spellings.entries()) {
    await using deployment = await openDeployment(options({ onError: () => {} }));
    deployment.collector(name).collect([{ n, [name]: n }]);
    await deployment.flush();
  }
  expect(globSync("*/*/*", { cwd: destination }).sort()).toEqual([
    "default/default/Model_Inputs",
    "default/default/_ledger",
    "default/default/_schema",
  ]);
  const rows = await stored(destination, "n, Model_Inputs AS own, mdc_collection", "Model_Inputs");
  expect(rows.map(({ n, own, mdc_collection }) => [n, own, mdc_collection])).toEqual([
    [0, 0, "Model_Inputs"],
    [1, null, "Model_Inputs"],
    [2, null, "Model_Inputs"],
  ]);
});

test("a collection's folder holds nothing but its data", async () => {
  const { destination, options } = await scratch();
  await using deployment = await openDeployment(options());
  const x = deployment.collector("x");
  for (const frame of [{ a: [1] }, { b: [1] }]) {
    x.collect(frame);
    await deployment.flush();
  }
  const files = globSync("**/*", { cwd: join(destination, "default/default/x"), withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
  expect(files.length).toBe(2);
  expect(files.every((name) => name.endsWith(".parquet"))).toBe(true);
});

const beside = "default/default/_schema/bad/schema-000001.json";
const within = "default/default/bad/_schema/schema-000001.json";
const troubles: [string, (path: string) => void][] = [
  ["cut off", (path) => writeFileSync(path, '{ "version": 1, "colu')],
  ["a folder", (path) => mkdirSync(path)],
  ["a link to another file", (path) => symlinkSync("/etc/hostname", path)],
  ["gigabytes large", (path) => (writeFileSync(path, "{"), truncateSync(path, 2 ** 35))],
];

test.each(troubles.flatMap(([what, make]) => [beside, within].map((path) => [what, path, make] as const)))(
  "a file of types that is %s, %s, holds up its own collection alone, until it is mended",
  async (_what, path, make) => {
    const { destination, options } = await scratch();
    const file = join(destination, path);
    mkdirSync(dirname(file), { recursive: true });
    make(file);
    const told: string[] = [];
    await using deployment = await openDeployment(
      options({
        rotation: { maxAgeMs: 50 },
        onError: (error) => told.push(`${error.code} ${error.message}`),
      }),
    );
    const [bad, good] = [deployment.collector("bad"), deployment.collector("good")];
    bad.collect([{ a: 1 }]);
    await until(() => deployment.status().status === "failing");
    for (let i = 0; i < 3; i++) {
      bad.collect([{ a: i }]);
      good.collect([{ a: i }]);
      await until(() => good.stats().frames.delivered === i + 1);
    }
    expect(bad.stats().frames).toMatchObject({ delivered: 0 });
    expect(deployment.status()).toMatchObject({
      status: "failing",
      reasons: [expect.stringContaining(path)],
    });
    expect(told.join("\n")).toMatch(/^DELIVERY_BLOCKED .*schema-000001\.json/);

    rmSync(file, { recursive: true });
    await deployment.flush();
    expect(bad.stats().frames).toMatchObject({ delivered: 4, spooled: 0 });
    await until(() => deployment.status().status === "ok");
    expect((await stored(destination, "a", "bad")).length).toBe(4);
  },
);

async function until(holds: () => boolean): Promise<void> {
  await expect.poll(holds, { timeout: 20_000 }).toBe(true);
}
