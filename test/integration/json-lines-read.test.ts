import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Collector, CorrelationContext, list, openDeployment } from "model-data-collector";
import { openDataset, type Where } from "model-data-collector/reader";
import { expect, test } from "vitest";
import { pinsBytes } from "../../src/layout/pinned-schema.ts";
import { scratch } from "../support/scratch.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { run } from "../unit/cli/run.ts";

const schema = {
  n: "float64",
  i: "int64",
  t: "timestamp",
  s: "string",
  b: "boolean",
  j: "json",
  bytes: "binary",
  tags: list("string"),
  times: list("timestamp"),
} as const;

const rows = Array.from({ length: 40 }, (_, k) => ({
  n: k % 5 === 0 ? null : k + 0.5,
  i: 2n ** 60n + BigInt(k),
  t: new Date(1_763_000_000_000 + k),
  s: k % 7 === 0 ? null : `text "${k}" \u2028 é 👩`,
  b: k % 2 === 0,
  j: { k, deep: [1, { x: "}" }], big: 0.1 },
  bytes: Uint8Array.of(k, 255),
  tags: k % 3 === 0 ? null : ["a", null, `t${k}`],
  times: [new Date(k)],
}));

/** The same frames, as each format stores them. */
async function stored(format: "parquet" | "jsonl") {
  const { destination, options } = await scratch();
  await using deployment = await openDeployment(options({ format }));
  const inputs = new Collector({ name: "model_inputs", deployment, schema });
  for (const [k, row] of rows.entries()) {
    const attributes = k === 3 ? { tenant: "blue" } : {};
    const requestTime = new Date("2026-11-22T05:10:07Z");
    inputs.collect(
      [row, { ...row, b: null }],
      CorrelationContext.create({ id: `order-${k}`, requestTime, attributes }),
    );
  }
  // Cells that do not fit, and a payload too large for its record.
  inputs.collect([{ ...rows[1], n: "no number" } as never], CorrelationContext.create({ id: "misfit" }));
  inputs.collect(
    [{ ...rows[1], s: "x".repeat(60_000), j: "y".repeat(60_000) }] as never,
    CorrelationContext.create({ id: "long" }),
  );
  const many = Array.from({ length: 100 }, () => ({ s: "z".repeat(60_000) }));
  inputs.collect(many as never, CorrelationContext.create({ id: "beside" }));
  await deployment.flush();
  return destination;
}

test("mdc schema shows the same columns of JSON lines as of Parquet files, and of others' what they look like", async () => {
  const columnsOf = async (root: string): Promise<unknown> => {
    const { code, out, err } = await run("schema", "MODEL_INPUTS", "--root", root, "--json");
    expect([code, err]).toEqual([0, ""]);
    return (JSON.parse(out) as { columns: unknown }[])[0]?.columns;
  };
  expect(await columnsOf(await stored("jsonl"))).toEqual(await columnsOf(await stored("parquet")));
  const root = await tempFolder();
  const folder = join(root, "e/d/model_inputs/2026/11/22/05");
  mkdirSync(folder, { recursive: true });
  const record = { time: "2026-11-22T05:10:00Z", correlationid: "x", data: [{ a: 1, b: "x", c: [1] }] };
  writeFileSync(join(folder, "x.jsonl"), JSON.stringify(record));
  expect(await columnsOf(root)).toEqual([
    { name: "a", type: "float64" },
    { name: "b", type: "string" },
    { name: "c", type: "json" },
  ]);
});

test("JSON lines give the same rows as Parquet files do", async () => {
  await using lines = await openDataset(await stored("jsonl"));
  await using parquet = await openDataset(await stored("parquet"));
  const columns = [
    ...Object.keys(schema),
    "mdc_correlation_id",
    "mdc_row_index",
    "mdc_collection",
    "mdc_endpoint",
    "mdc_sampling_rate",
    "mdc_rejected",
  ];
  const questions: (Where | undefined)[] = [
    undefined,
    { mdc_correlation_id: "order-17" },
    { i: { above: 2n ** 60n + 30n } },
    { t: { below: new Date(1_763_000_000_005) } },
    { $or: [{ s: null }, { tags: { contains: "t4" } }], $not: { b: true } },
    { j: { contains: '"k":12' } },
    { bytes: Uint8Array.of(9, 255) },
    { mdc_rejected: { not: null } },
  ];
  for (const where of questions) {
    const read = async (data: typeof lines): Promise<unknown[]> => {
      const found = [];
      const options = { columns, ...(where === undefined ? {} : { where }) };
      for await (const row of data.table("model_inputs", options).rows()) found.push(row);
      return found.sort((a, b) => key(a).localeCompare(key(b)));
    };
    const expected = await read(parquet);
    expect(expected.length).toBeGreaterThan(0);
    expect(await read(lines)).toEqual(expected);
  }
  const { records } = await lines.trace("order-3");
  expect(records).toMatchObject([{ collection: "model_inputs", rows: [{ n: 3.5 }, { n: 3.5, b: null }] }]);
  expect(await lines.find({ text: "no number" })).toMatchObject([{ id: "misfit", row: { n: null } }]);
  const [tagged] = await lines.find({ where: { mdc_tags: { contains: "blue" } } });
  expect(tagged?.id).toBe("order-3");
});

function key(row: Record<string, unknown>): string {
  return `${String(row["mdc_correlation_id"])} ${String(row["mdc_row_index"]).padStart(5, "0")}`;
}

const record = (data: string): string =>
  `{"specversion":"1.0","id":"e","source":"/flights/blue","type":"azureml.inference.model_inputs","time":"2026-11-22T05:10:07Z","correlationid":"c","agent":"azureml-ai-monitoring/0.1.0","data":${data}}`;

async function foreign(...lines: string[]) {
  const root = await tempFolder();
  const folder = join(root, "flights/blue/model_inputs/2026/11/22/05");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "x.jsonl"), lines.join("\n"));
  return await openDataset(root);
}

test("records of Azure's own collector, of which nothing is pinned, are taken as they look", async () => {
  await using data = await foreign(
    record('[{"a":1,"b":"x","c":null,"d":[1,2.50]},{"a":2.5,"b":null,"e":true}]'),
    "",
    record('[{"b":"y"}]'),
    record("[]"),
  );
  const found = [];
  for await (const batch of data.table("model_inputs")) {
    expect(Object.fromEntries([...batch.types].filter(([name]) => name.length === 1))).toEqual({
      a: "float64",
      b: "string",
      d: "json",
      e: "boolean",
    });
    for (const { a, b, c, d, e } of batch.rows()) found.push([a, b, c, d, e]);
  }
  expect(found).toEqual([
    [1, "x", null, "[1,2.50]", null],
    [2.5, null, null, null, true],
    [null, "y", null, null, null],
  ]);
});

test.each([
  ["no JSON", "nonsense", "line 2: "],
  ["a record cut short", record('[{"a":1}]').slice(0, -5), "line 2: "],
  ["data that is no array", record("5"), "line 2: "],
  ["rows that are none", record("[5]"), "line 2: "],
  ["no time", "{}", "line 2: its time is none"],
  ["a record nested without end", record(`[{"a":${"[".repeat(100_000)}`), "line 2: "],
  ["more behind the record", `${record("[]")} {}`, "line 2: "],
])("a file with %s names itself and the line, after the rows before it", async (_, line, message) => {
  await using data = await foreign(record('[{"a":1}]'), line);
  const reasons: string[] = [];
  const found: unknown[] = [];
  const options = { onUnreadable: ({ reason }: { reason: string }) => void reasons.push(reason) };
  for await (const { a } of data.table("model_inputs", options).rows()) found.push(a);
  expect(found).toEqual([1]);
  expect(reasons).toEqual([expect.stringContaining(message)]);
  const read = async (): Promise<void> => {
    for await (const _ of data.table("model_inputs"));
  };
  await expect(read()).rejects.toMatchObject({
    code: "CORRUPT",
    message: expect.stringContaining("flights/blue/model_inputs/2026/11/22/05/x.jsonl: line 2"),
  });
});

test.each([
  ["int32", "2147483648"],
  ["int64", "9223372036854775808"],
  ["timestamp", "9223372036854776"],
  ["boolean", '"-1"'],
  ["float64", '"x"'],
  ["binary", '"2024-13-45"'],
] as const)("a value that is no %s, %s, makes rows and SQL name the file", async (type, value) => {
  await using data = await foreign(record('[{"a":null}]'), record(`[{"a":${value}}]`));
  const pins = join(data.root, "flights/blue/_schema/model_inputs/schema-000001.json");
  mkdirSync(dirname(pins), { recursive: true });
  const columns = new Map([["a", type]]);
  writeFileSync(pins, pinsBytes({ version: 1, collection: "model_inputs", rollingRate: "hour", columns }));
  const corrupt = { code: "CORRUPT", message: expect.stringMatching(/x\.jsonl: .*a value is no /) };
  const read = async (): Promise<void> => {
    for await (const _ of data.table("model_inputs"));
  };
  await expect(read()).rejects.toMatchObject(corrupt);
  await expect(data.sql("select a from model_inputs")).rejects.toMatchObject({ code: "CORRUPT" });
});
