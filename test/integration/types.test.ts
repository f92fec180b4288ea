import { list, openDeployment } from "model-data-collector";
import { expect, test } from "vitest";
import { duckdbQuery } from "../support/parquet-engines.ts";
import { type Scratch, runScript, scratch, storedRows } from "../support/scratch.ts";

/** Runs a script that collects and ends. */
async function process1({ env }: Scratch, body: string): Promise<string> {
  const { code, stdout, stderr } = await runScript(
    `import { openDeployment } from "model-data-collector";
     const deployment = await openDeployment({ onError: (error, info) => console.log(JSON.stringify([error.code, info.collection, error.message])) });
     const inputs = deployment.collector("model_inputs");
     ${body};
     await deployment.close();`,
    { env },
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

/** `mdc_rejected` of all rows that have one, as values. */
function rejected(rows: readonly Record<string, unknown>[]): unknown[] {
  return rows.flatMap(({ mdc_rejected }) =>
    mdc_rejected === null ? [] : [JSON.parse(String(mdc_rejected))],
  );
}

test("a type is pinned across processes: what does not fit is kept in mdc_rejected, exactly, and told", async () => {
  const world = await scratch();
  await process1(world, "inputs.collect([{ a: 1, b: 'x' }])");
  const told = await process1(
    world,
    "inputs.collect([{ a: 'one', b: 'y' }, { a: 2, b: 3 }, { a: null, b: null }])",
  );
  expect(told).toContain('["VALUES_REJECTED","model_inputs"');
  expect(told).toContain("expected float64");
  const rows = await storedRows(world.destination, "model_inputs", {
    a: "float64",
    b: "string",
    mdc_rejected: "string",
  });
  expect(rows.map(({ a, b }) => [a, b])).toEqual([
    [1, "x"],
    [null, "y"],
    [2, null],
    [null, null],
  ]);
  expect(rejected(rows)).toEqual([{ a: "one" }, { b: 3 }]);
});

test("the first value of a column decides, in the same process and the same batch", async () => {
  const { destination, options } = await scratch();
  const codes: string[] = [];
  await using deployment = await openDeployment(options({ onError: (error) => codes.push(error.code) }));
  const collector = deployment.collector("model_inputs");
  collector.collect([{ a: null }]);
  collector.collect([{ a: "text" }]);
  collector.collect([{ a: 5 }]);
  await deployment.flush();
  collector.collect([{ a: true }]);
  await deployment.flush();
  const rows = await storedRows(destination, "model_inputs", { a: "string", mdc_rejected: "string" });
  expect(rows.map(({ a }) => a)).toEqual([null, "text", null, null]);
  expect(rejected(rows)).toEqual([{ a: 5 }, { a: true }]);
  // Twice the same report within a second is told once.
  expect(codes).toEqual(["VALUES_REJECTED"]);
});

test("declared types hold from the first file on, whatever comes first", async () => {
  const { destination, options } = await scratch();
  await using deployment = await openDeployment(options({ onError: () => {} }));
  const collector = deployment.collector("model_inputs", {
    schema: {
      distance: "int64",
      departed: "timestamp",
      tags: list("string"),
      extra: "json",
      late: "boolean",
    },
  });
  const at = new Date(1_700_000_000_123);
  collector.collect([{ distance: 5, departed: at, tags: ["a"], extra: { x: 1 }, late: true }]);
  (collector as { collect(frame: object): unknown }).collect([
    { distance: 5.5, departed: "soon", tags: 7, late: "yes" },
  ]);
  collector.collect([{ distance: 2n ** 62n, departed: null, tags: null, extra: null, late: null }]);
  await deployment.flush();
  const rows = await storedRows(destination, "model_inputs", {
    distance: "int64",
    departed: "timestamp",
    tags: "list<string>",
    extra: "string",
    late: "boolean",
    mdc_rejected: "string",
  });
  expect(
    rows.map(({ distance, departed, tags, extra, late }) => [distance, departed, tags, extra, late]),
  ).toEqual([
    [5n, BigInt(at.getTime()) * 1000n, ["a"], '{"x":1}', true],
    [null, null, null, null, null],
    [2n ** 62n, null, null, null, null],
  ]);
  expect(rejected(rows)).toEqual([{ distance: 5.5, departed: "soon", tags: 7, late: "yes" }]);
});

test("a column of nulls gets its type later, and columns may come and go", async () => {
  const { destination, options } = await scratch();
  await using deployment = await openDeployment(options({ rotation: { maxAgeMs: 86_400_000 } }));
  const collector = deployment.collector("model_inputs");
  for (const frame of [
    [{ a: 1, b: null }],
    [{ a: 2, b: "x" }],
    [{ c: true }],
    [{ a: 4, b: null, c: null, d: [1] }],
  ]) {
    collector.collect(frame);
    await deployment.flush();
  }
  const rows = await storedRows(destination, "model_inputs", {
    a: "float64",
    b: "string",
    c: "boolean",
    d: "list<float64>",
  });
  expect(rows.map(({ a, b, c, d }) => [a, b, c, d])).toEqual([
    [1, null, null, null],
    [2, "x", null, null],
    [null, null, true, null],
    [4, null, null, [1]],
  ]);
  const types = await duckdbQuery(
    new Uint8Array(),
    `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet('${destination}/**/*.parquet', union_by_name = true)) WHERE length(column_name) = 1 ORDER BY 1`,
  );
  expect(types.map((row) => Object.values(row))).toEqual([
    ["a", "DOUBLE"],
    ["b", "VARCHAR"],
    ["c", "BOOLEAN"],
    ["d", "DOUBLE[]"],
  ]);
});

test("names that differ only in case are one column; the later one's values are kept aside", async () => {
  const { destination, options } = await scratch();
  await using deployment = await openDeployment(options({ onError: () => {} }));
  const collector = deployment.collector("model_inputs");
  collector.collect([{ Age: 1 }]);
  await deployment.flush();
  collector.collect([{ age: 2 }]);
  await deployment.flush();
  const rows = await storedRows(destination, "model_inputs", { Age: "float64", mdc_rejected: "string" });
  expect(rows.map(({ Age }) => Age)).toEqual([1, null]);
  expect(rejected(rows)).toEqual([{ age: 2 }]);
});

test("processes that see a column first with different types end with one type", async () => {
  const world = await scratch();
  await Promise.all([
    process1(world, "inputs.collect([{ a: 1, n: 1 }])"),
    process1(world, "inputs.collect([{ a: 'x', n: 2 }])"),
    process1(world, "inputs.collect([{ a: true, n: 3 }])"),
  ]);
  const types = await duckdbQuery(
    new Uint8Array(),
    `SELECT DISTINCT type FROM parquet_schema('${world.destination}/**/*.parquet') WHERE name = 'a'`,
  );
  expect(types.length).toBe(1);
  const [counted] = await duckdbQuery(
    new Uint8Array(),
    `SELECT count(*) AS rows, count(a) AS fitting, count(mdc_rejected) AS rejected FROM read_parquet('${world.destination}/**/*.parquet', union_by_name = true)`,
  );
  expect(counted).toEqual({ rows: 3n, fitting: 1n, rejected: 2n });
});

test("what no column can hold is kept aside as text", async () => {
  const { destination, options } = await scratch();
  await using deployment = await openDeployment(options({ onError: () => {} }));
  const collector = deployment.collector("model_inputs");
  collector.collect([
    { big: 1n, text: "ok", at: new Date(0) },
    { big: 2n ** 64n, text: "\ud800", at: new Date(Number.NaN) },
  ]);
  await deployment.flush();
  const types = { big: "int64", text: "string", at: "timestamp", mdc_rejected: "string" };
  const rows = await storedRows(destination, "model_inputs", types);
  expect(rows.map(({ big, text, at }) => [big, text, at])).toEqual([
    [1n, "ok", 0n],
    [null, null, null],
  ]);
  const [kept] = rejected(rows) as Record<string, unknown>[];
  expect(Object.keys(kept ?? {}).sort()).toEqual(["at", "big", "text"]);
  // As text, which no reader of JSON rounds.
  expect(kept?.["big"]).toBe("18446744073709551616");
});

test("a changed rolling rate is refused with a reason, and nothing is lost", async () => {
  const world = await scratch();
  await process1(world, "inputs.collect([{ a: 1 }])");
  const heard: string[] = [];
  const wrong = await openDeployment(
    world.options({ rollingRate: "day", onError: (error) => heard.push(`${error.code} ${error.message}`) }),
  );
  wrong.collector("model_inputs").collect([{ a: 2 }]);
  wrong.collector("model_outputs").collect([{ a: 3 }]);
  await expect(wrong.flush({ deadlineMs: 400 })).rejects.toMatchObject({ code: "TIMEOUT" });
  expect(wrong.status()).toMatchObject({ status: "failing" });
  expect(heard.join()).toMatch(/DELIVERY_BLOCKED .*model_inputs is partitioned by hour/);
  expect(await wrong.close({ deadlineMs: 100 })).toEqual({ delivered: 1, leftInSpool: 1, dropped: 0 });
  expect(await storedRows(world.destination, "model_inputs")).toHaveLength(1);
  expect(await storedRows(world.destination, "model_outputs")).toHaveLength(1);
});
