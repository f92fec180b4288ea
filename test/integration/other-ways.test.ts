import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CorrelationContext, openDeployment } from "model-data-collector";
import { expect, test } from "vitest";
import { runNode } from "../support/child.ts";
import { root } from "../support/packed-project.ts";
import { parquetFiles, scratch, storedRows } from "../support/scratch.ts";

test("format jsonl: one CloudEvents record for each frame, in the folders of Azure ML", async () => {
  const { destination, options } = await scratch();
  await using deployment = await openDeployment(
    options({
      format: "jsonl",
      endpoint: "flights",
      deployment: "blue",
      modelName: "late",
      modelVersion: "3",
    }),
  );
  const collector = deployment.collector("model_inputs");
  const requestTime = new Date(Date.UTC(2026, 10, 22, 5, 59));
  for (let i = 0; i < 20; i++) {
    const context = CorrelationContext.create({
      id: `id-${i}`,
      requestTime: new Date(requestTime.getTime() + i * 60_000),
    });
    collector.collect(
      [
        { a: i, s: "x", tags: ["t"] },
        { a: i + 0.5, s: null, tags: null },
      ],
      context,
    );
  }
  await deployment.flush();
  expect(deployment.stats().frames).toMatchObject({ offered: 20, delivered: 20 });
  const paths = globSync("*/*/model_inputs/**/*.jsonl", { cwd: destination }).sort();
  expect(paths.map((path) => path.replace(/[^/]+$/, ""))).toEqual([
    "flights/blue/model_inputs/2026/11/22/05/",
    "flights/blue/model_inputs/2026/11/22/06/",
  ]);
  const records = paths.flatMap((path) =>
    readFileSync(join(destination, path), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  );
  expect(records.map(({ correlationid }) => correlationid)).toEqual(
    Array.from({ length: 20 }, (_, i) => `id-${i}`),
  );
  expect(records[7]).toMatchObject({ specversion: "1.0", datacontenttype: "application/json" });
  const [first, second] = (records[7]?.["data"] ?? []) as Record<string, unknown>[];
  expect(first).toMatchObject({ a: 7, s: "x" });
  expect(second).toMatchObject({ a: 7.5 });
  expect(parquetFiles(destination)).toEqual([]);
});

test("a CommonJS program gets the package by require", async () => {
  const { env, destination } = await scratch();
  const code = `const { Collector } = require("model-data-collector");
    new Collector({ name: "model_inputs" }).collect([{ a: 1 }]);`;
  const result = await runNode(["--input-type=commonjs", "--eval", code], { cwd: root, env });
  expect(result).toMatchObject({ code: 0, stderr: "" });
  expect(await storedRows(destination, "model_inputs")).toHaveLength(1);
});

test("two deployments in one process keep apart, and each balances", async () => {
  const [one, two] = [await scratch(), await scratch()];
  await using blue = await openDeployment(one.options({ deployment: "blue" }));
  await using green = await openDeployment(
    two.options({ deployment: "green", spool: { durability: "frame" } }),
  );
  for (let i = 0; i < 50; i++) {
    blue.collector("model_inputs").collect([{ a: i }]);
    green.collector("model_inputs").collect([{ a: -i }, { a: -i }]);
  }
  await Promise.all([blue.flush(), green.flush()]);
  expect(await storedRows(one.destination, "model_inputs")).toHaveLength(50);
  expect(await storedRows(two.destination, "model_inputs")).toHaveLength(100);
  expect([blue.stats().rows.delivered, green.stats().rows.delivered]).toEqual([50, 100]);
});

test("every stored row says where it comes from", async () => {
  const { destination, options } = await scratch();
  await using deployment = await openDeployment(
    options({ endpoint: "flights", deployment: "blue", modelName: "late", modelVersion: "3" }),
  );
  const requestTime = new Date(Date.UTC(2026, 10, 22, 5));
  const context = CorrelationContext.create({ id: "mine", requestTime, attributes: { tenant: "acme" } });
  const before = BigInt(Date.now()) * 1000n;
  deployment.collector("model_inputs").collect([{ a: 1 }, { a: 2 }], context);
  const fromHeaders = CorrelationContext.fromHeaders({
    "x-request-id": "from-header",
    "x-ms-client-request-id": "caller",
  });
  deployment.collector("model_inputs").collect([{ a: 3 }], fromHeaders);
  await deployment.flush();
  const types = Object.fromEntries(
    [
      "source",
      "collection",
      "endpoint",
      "deployment",
      "model_name",
      "model_version",
      "agent",
      "tags",
      "request_id",
      "client_request_id",
    ]
      .concat(["instance_id", "schema_fingerprint"])
      .map((name) => [`mdc_${name}`, "string"]),
  );
  const times = { mdc_event_time: "timestamp", mdc_request_time: "timestamp", mdc_rejected: "string" };
  const rows = await storedRows(destination, "model_inputs", { ...types, ...times });
  const [first, second, third] = rows.sort(
    (x, y) => Number(x["mdc_request_time"]) - Number(y["mdc_request_time"]),
  );
  expect(first).toMatchObject({
    mdc_correlation_id: "mine",
    mdc_row_index: 0,
    mdc_source: "/flights/blue",
    mdc_collection: "model_inputs",
    mdc_endpoint: "flights",
    mdc_deployment: "blue",
    mdc_model_name: "late",
    mdc_model_version: "3",
    mdc_request_time: BigInt(requestTime.getTime()) * 1000n,
    mdc_request_id: null,
    mdc_client_request_id: null,
    mdc_rejected: null,
    mdc_tags: JSON.stringify({ tenant: "acme" }),
    mdc_agent: expect.stringMatching(/^model-data-collector\/\d+\.\d+\.\d+ node\/\d+/),
  });
  expect(first?.["mdc_event_time"] as bigint).toBeGreaterThanOrEqual(before);
  expect(second).toEqual({ ...first, mdc_row_index: 1 });
  expect(third).toMatchObject({
    mdc_correlation_id: "from-header",
    mdc_request_id: "from-header",
    mdc_client_request_id: "caller",
    mdc_tags: null,
  });
});
