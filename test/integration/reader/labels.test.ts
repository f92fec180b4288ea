import { spawnSync } from "node:child_process";
import { globSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DataFrame } from "danfojs-node";
import { CorrelationContext, openDeployment } from "model-data-collector";
import { type Label, openDataset } from "model-data-collector/reader";
import { expect, test } from "vitest";
import { duckdbCollection, duckdbFile } from "../../support/parquet-engines.ts";
import { type Scratch, scratch } from "../../support/scratch.ts";

const names = { endpoint: "flights", deployment: "blue" };

async function labelsOf(destination: string): Promise<Label[]> {
  await using data = await openDataset(destination);
  return await data.labels();
}

function mdc({ destination, spool }: Scratch, ...args: readonly string[]) {
  return mdcIn({}, { destination, spool }, ...args);
}

function mdcIn(
  more: NodeJS.ProcessEnv,
  { destination, spool }: Pick<Scratch, "destination" | "spool">,
  ...args: readonly string[]
) {
  const env = {
    ...process.env,
    ...more,
    MDC_DESTINATION: destination,
    MDC_SPOOL_DIR: spool,
    NODE_OPTIONS: "",
  };
  return spawnSync(process.execPath, ["dist/cli/main.js", ...args], { encoding: "utf8", env });
}

test("labels are stored whatever the rate, beside their requests, in any frame; the last one counts", async () => {
  const { options, destination } = await scratch();
  const context = CorrelationContext.create({ requestTime: new Date("2026-01-02T03:04:05Z") });
  {
    await using deployment = await openDeployment(options({ ...names, samplingRate: 0 }));
    await deployment.label(context, [{ late: true }, { late: false }]);
    await deployment.label("order-1", { late: [true] });
    await deployment.label("order-1", { late: [true] });
    await deployment.label("order-1", { late: [false] });
    await deployment.label({ order_id: "A-17", part: 2 }, new DataFrame([{ late: true }]));
    await deployment.label({ part: 2, order_id: "A-17" }, [{ late: false }]);
    expect(deployment.stats().frames).toMatchObject({ offered: 6, sampledOut: 0, dropped: {} });
  }
  const labels = await labelsOf(destination);
  expect(labels.map(({ id, rows, key, versions }) => [id, rows, key, versions.length])).toEqual([
    [context.id, [{ late: true }, { late: false }].map((row) => expect.objectContaining(row)), [], 1],
    ["order-1", [expect.objectContaining({ late: false })], [], 2],
    [
      expect.stringMatching(/^key:[0-9a-f]{32}$/),
      [{ late: false, order_id: "A-17", part: 2 }],
      ["order_id", "part"],
      2,
    ],
  ]);
  expect(labels[1]?.versions.map(({ rows }) => rows[0]?.["late"])).toEqual([true, false]);
  const stored = await duckdbCollection(destination, "labels");
  expect(stored).toHaveLength(7);
  expect(new Set(stored.map((row) => row["mdc_sampling_rate"]))).toEqual(new Set([1]));
  expect(stored.filter((row) => row["order_id"] === "A-17" && row["part"] === 2)).toHaveLength(2);
  // Its id says when the request was: the label is in the same partition.
  expect(
    globSync("flights/blue/labels/inference_date=2026-01-02/*/*.parquet", { cwd: destination }),
  ).toHaveLength(1);
});

test("what is no subject, or is not taken, is an error and not a loss", async () => {
  const { options } = await scratch();
  await using deployment = await openDeployment(options({ onError: () => {} }));
  for (const [subject, message] of [
    ["", "label: idOrKey: expected a correlation id, its context, or an object of key columns"],
    [{}, "expected at least one column"],
    [{ a: null }, 'column "a": expected a text, a number or a boolean'],
    [{ mdc_x: 1 }, "usable names"],
    [7, "label: idOrKey: expected"],
  ] as const)
    await expect(deployment.label(subject as never, [{ a: 1 }])).rejects.toThrow(message);
  const dropped = {
    code: "FRAME_DROPPED",
    message: expect.stringContaining("the label is not stored (invalid)"),
  };
  await expect(deployment.label("x", 5 as never)).rejects.toMatchObject(dropped);
  await expect(deployment.label({ order_id: "x" }, [{ order_id: "y" }])).rejects.toMatchObject(dropped);
  deployment.update({ collections: { labels: { enabled: false } } });
  await expect(deployment.label("x", [{ a: 1 }])).rejects.toThrow("the collection labels is switched off");
});

test("a file of Azure's that names other collections leaves labels on", async () => {
  const { options, folder, destination } = await scratch();
  const file = join(folder, "blue.yml");
  writeFileSync(file, "data_collector:\n  collections:\n    model_inputs:\n      enabled: 'True'\n");
  await using deployment = await openDeployment(options({ configFile: file }));
  await deployment.label("order-1", [{ late: true }]);
  await deployment.flush();
  expect(await labelsOf(destination)).toHaveLength(1);
});

test("mdc label import: CSV, JSON lines and Parquet; twice is once, and a correction is a version", async () => {
  const here = await scratch();
  const { folder, destination } = here;
  const file = (name: string, text: string | Uint8Array): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const place = ["--endpoint", "flights", "--deployment", "blue"];
  const csv = file(
    "truth.csv",
    'id,late,code,delay,known\no-1,true,007,1,2026-01-02T00:00:00Z\no-1,false,"0,8",,2026-01-02T00:00:00Z\no-2,false,1,2.5,2026-01-03T00:00:00Z\n',
  );
  for (let i = 0; i < 2; i++) {
    const { status, stdout, stderr } = mdc(
      here,
      "label",
      "import",
      csv,
      "--id",
      "id",
      "--at",
      "known",
      ...place,
    );
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "2 labels of 3 rows\n", stderr: "" });
  }
  const first = [
    { late: true, code: "007", delay: 1 },
    { late: false, code: "0,8", delay: null },
  ];
  expect(await labelsOf(destination)).toMatchObject([
    { id: "o-1", rows: first, versions: [{ at: new Date("2026-01-02") }], ...names },
    { id: "o-2", rows: [{ late: false, code: "1", delay: 2.5 }], versions: [{}] },
  ]);
  const later = file("later.jsonl", '{"id":"o-1","late":false,"known":"2026-02-01"}\n\n');
  expect(mdc(here, "label", "import", later, "--id", "id", "--at", "known", ...place).status).toBe(0);
  // The first file again: it was corrected since, and stays so.
  expect(mdc(here, "label", "import", csv, "--id", "id", "--at", "known", ...place).status).toBe(0);
  const [corrected] = await labelsOf(destination);
  expect(corrected).toMatchObject({ rows: [{ late: false }], versions: [{ rows: first }, {}] });

  const bytes = await duckdbFile(
    new Uint8Array(),
    "SELECT 'A-17' AS order_id, 2 AS part, 0.5 AS score",
    "COMPRESSION zstd",
  );
  const parquet = file("orders.parquet", bytes);
  expect(mdc(here, "label", "import", parquet, "--key", "order_id,part", ...place)).toMatchObject({
    status: 0,
  });
  expect((await labelsOf(destination)).at(-1)).toMatchObject({
    key: ["order_id", "part"],
    rows: [{ order_id: "A-17", part: 2, score: 0.5 }],
  });
});

test("mdc label import: times without a zone are UTC, and what was imported twice is no problem", async () => {
  const here = await scratch();
  const csv = join(here.folder, "t.csv");
  writeFileSync(
    csv,
    "id,at,late\no-1,2026-11-22 07:00:00,true\no-2,2026-11-22T07:00,true\no-3,2026-11-22,true\n",
  );
  for (const zone of ["America/New_York", "UTC"]) {
    const imported = mdcIn({ TZ: zone }, here, "label", "import", csv, "--id", "id", "--at", "at");
    expect({ zone, ...imported }).toMatchObject({ status: 0 });
  }
  const labels = await labelsOf(here.destination);
  const at = labels.map(({ id, versions }) => [id, versions.map((one) => one.at.toISOString())]);
  expect(Object.fromEntries(at)).toEqual({
    "o-1": ["2026-11-22T07:00:00.000Z"],
    "o-2": ["2026-11-22T07:00:00.000Z"],
    "o-3": ["2026-11-22T00:00:00.000Z"],
  });
  const { status, stdout } = mdc(here, "verify");
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.not.stringContaining("duplicate") });
});

test("mdc label import: what cannot be imported is said, with the row", async () => {
  const here = await scratch();
  const file = (name: string, text: string): string => {
    writeFileSync(join(here.folder, name), text);
    return join(here.folder, name);
  };
  const csv = file("t.csv", "id,late\no-1,true\n,true\n");
  for (const [args, status, message] of [
    [[csv], 2, "expected either --id or --key"],
    [[csv, "--id", "ids"], 2, 't.csv: row 1 has no value in column "ids"; did you mean "id"?'],
    [[csv, "--id", "id"], 2, 't.csv: row 2 has no value in column "id"'],
    [[csv, "--key", "late", "--at", "late"], 2, 'row 1 has no time in column "late"'],
    [[file("t.jsonl", "{}\nnope"), "--id", "id"], 2, "t.jsonl: row 1 has no value"],
    [[file("u.jsonl", "nope"), "--id", "id"], 3, "u.jsonl: line 1 is not JSON"],
    [[file("t.parquet", "nope"), "--id", "id"], 3, "t.parquet: "],
    [[file("t.txt", "nope"), "--id", "id"], 3, "expected a file that ends with .csv"],
    [[join(here.folder, "none.csv"), "--id", "id"], 2, "none.csv: ENOENT"],
    [
      [file("v.csv", "id,mdc_x\no-1,1\n"), "--id", "id"],
      2,
      'v.csv: row 1: column "mdc_x": the name is reserved',
    ],
    [
      [file("w.csv", "id,late,late\no-1,1,2\n"), "--id", "id"],
      3,
      'w.csv: the first record names "late" twice',
    ],
    [
      [file("x.csv", "id,late\no-1,1\no-2"), "--id", "id"],
      3,
      "x.csv: record 3 has 1 field, and the first one names 2",
    ],
    [
      [file("y.csv", "id,at\no-1,22 Nov 2026\n"), "--id", "id", "--at", "at"],
      2,
      'row 1 has no time in column "at": expected one such as 2026-11-22T05:30:00Z',
    ],
  ] as const) {
    const { status: code, stderr } = mdc(here, "label", "import", ...args);
    expect({ args, code, stderr }).toEqual({ args, code: status, stderr: expect.stringContaining(message) });
  }
  expect(globSync("**/labels", { cwd: here.destination })).toEqual([]);
});

test("the label-age curve counts each request once, by its first label, by id or key", async () => {
  const here = await scratch();
  const { options, destination, folder } = here;
  const requestTime = new Date("2026-01-01T00:00:00Z");
  {
    await using deployment = await openDeployment(options(names));
    for (let i = 0; i < 4; i++) {
      const context = CorrelationContext.create({ id: `o-${i}`, requestTime });
      deployment.collector("model_inputs").collect([{ order_id: `A-${i}` }], context);
    }
  }
  writeFileSync(
    join(folder, "a.csv"),
    "id,late,at\no-0,true,2026-01-01T00:30:00Z\no-0,false,2026-01-09T00:00:00Z\no-1,true,2026-01-02T12:00:00Z\n",
  );
  writeFileSync(join(folder, "b.csv"), "order_id,late,at\nA-2,true,2026-03-01T00:00:00Z\n");
  const place = ["--endpoint", "flights", "--deployment", "blue"];
  expect(
    mdc(here, "label", "import", join(folder, "a.csv"), "--id", "id", "--at", "at", ...place).status,
  ).toBe(0);
  expect(
    mdc(here, "label", "import", join(folder, "b.csv"), "--key", "order_id", "--at", "at", ...place).status,
  ).toBe(0);
  await using data = await openDataset(destination);
  const { requests, curve } = await data.labelAges({ of: "model_inputs" });
  expect(requests).toBe(4);
  expect(curve.map(({ withinMs, labelled, share }) => [withinMs / 3_600_000, labelled, share])).toEqual([
    ...[1, 6, 24].map((hours) => [hours, 1, 0.25]),
    ...[72, 168, 336, 720].map((hours) => [hours, 2, 0.5]),
    [Infinity, 3, 0.75],
  ]);
  expect(mdc(here, "label", "ages", "model_inputs").stdout).toMatch(/^ever +3 +75.0%$/m);
});
