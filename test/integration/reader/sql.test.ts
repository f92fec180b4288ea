import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CorrelationContext, list, openDeployment } from "model-data-collector";
import { openDataset } from "model-data-collector/reader";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Azurite, startAzurite } from "../../support/azurite.ts";
import { duckdbCollection } from "../../support/parquet-engines.ts";
import { scratch } from "../../support/scratch.ts";

let azurite: Azurite;
beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite.stop());

const schema = {
  distance: "float64",
  seats: "int64",
  origin: "string",
  late: "boolean",
  due: "timestamp",
  raw: "binary",
  more: "json",
  tags: list("string"),
  times: list("timestamp"),
  "odd ~/\"'name": "string",
} as const;

const filled = {
  distance: 1.5,
  seats: 2n ** 60n + 1n,
  origin: "Zürich '\"\\ \u{1f600}",
  late: true,
  due: new Date("2026-01-02T03:04:05.678Z"),
  raw: new Uint8Array([0, 255]),
  more: { a: [1, null] },
  tags: ["a", null],
  times: [new Date(5), null],
  "odd ~/\"'name": "here",
};
const empty = {
  ...{ distance: null, seats: null, origin: null, late: null, due: null, raw: null, more: null },
  ...{ tags: null, times: null, "odd ~/\"'name": null },
};

/** What SQL makes of them. */
const expected = [{ ...filled, more: '{"a":[1,null]}' }, empty];
const columns = Object.keys(schema)
  .map((name) => `"${name.replaceAll('"', '""')}"`)
  .join(", ");

async function collected(
  format: "parquet" | "jsonl",
  destination?: string,
  credential?: string,
): Promise<string> {
  const { spool, folder } = await scratch();
  const root = destination ?? folder;
  await using deployment = await openDeployment({
    ...{ destination: root, format, endpoint: "flights", deployment: "blue", spool: { directory: spool } },
    ...(credential === undefined ? {} : { credential }),
    limits: { maxStringBytes: 8_000_000 },
  });
  const collector = deployment.collector("model_inputs", { schema });
  collector.collect([filled, empty], CorrelationContext.create({ id: "order-1" }));
  // Its payload is larger than a record of JSON lines takes, so it stands in a file beside.
  const big = [{ text: "x".repeat(5_000_000) }, { text: "y" }];
  const bodies = deployment.collector("bodies");
  bodies.collect(big, CorrelationContext.create({ id: "order-1" }));
  bodies.collect([{ text: "z" }], CorrelationContext.create({ id: "order-2" }));
  return root;
}

test.each(["parquet", "jsonl"] as const)(
  "%s: what was collected comes back, each value of its type",
  async (format) => {
    const root = await collected(format);
    await using data = await openDataset(root);
    const found = await data.sql(`select ${columns} from model_inputs order by mdc_row_index`);
    expect([...found]).toEqual(expected);
    const joined = await data.sql(
      `select i.mdc_row_index, length(b.text) n, b.mdc_endpoint from model_inputs i
       join bodies b using (mdc_correlation_id, mdc_row_index) order by 1`,
    );
    expect([...joined]).toEqual([
      { mdc_row_index: 0, n: 5_000_000n, mdc_endpoint: "flights" },
      { mdc_row_index: 1, n: 1n, mdc_endpoint: "flights" },
    ]);
    if (format === "jsonl") return;
    // The same as DuckDB makes of the folder by itself.
    const plain = await duckdbCollection(root, "model_inputs");
    expect(plain.map((row) => [row["distance"], row["seats"], row["origin"], row["more"]])).toEqual(
      expected.map((row) => [row.distance, row.seats, row.origin, row.more]),
    );
  },
);

test.each(["parquet", "jsonl"] as const)(
  "%s in Azure: the same, of files that are fetched",
  async (format) => {
    const container = `sql-${format}`;
    await azurite.container(container);
    const root = `${azurite.url}/${container}/some/prefix`;
    await collected(format, root, azurite.connectionString);
    await using data = await openDataset(root, { credential: azurite.connectionString });
    expect([...(await data.sql(`select ${columns} from model_inputs order by mdc_row_index`))]).toEqual(
      expected,
    );
    const [sum] = await data.sql("select sum(length(text))::bigint n from bodies where inference_hour >= 0");
    expect(sum).toEqual({ n: 5_000_002n });
  },
);

test("mdc sql: the views, a statement, a file, stdin; machines get exact values", async () => {
  const root = await collected("parquet");
  const mdc = (args: readonly string[], input = "") =>
    spawnSync(process.execPath, ["dist/cli/main.js", "sql", ...args, "--root", root], {
      input,
      encoding: "utf8",
    });
  const views = mdc([]);
  expect(views.stdout).toMatch(/^model_inputs +1 +\S+ \S+ +distance DOUBLE, seats BIGINT, origin VARCHAR/m);
  const question = "select seats, due from model_inputs order by mdc_row_index limit 1";
  expect(mdc([question]).stdout).toBe(
    "              seats  due\n1152921504606846977  2026-01-02 03:04:05.678\n",
  );
  const answer = [{ seats: "1152921504606846977", due: "2026-01-02T03:04:05.678Z" }];
  expect(JSON.parse(mdc(["-f", "-", "--json"], question).stdout)).toEqual(answer);
  const { folder } = await scratch();
  writeFileSync(join(folder, "q.sql"), question);
  expect(JSON.parse(mdc(["--file", join(folder, "q.sql"), "--json"]).stdout)).toEqual(answer);
  expect(mdc(["explain select 1"]).stdout).toContain("┌────");
  for (const [args, status, message] of [
    [["select nothing from model_inputs"], 2, 'Referenced column "nothing" not found'],
    [["from read_text('/etc/passwd')"], 2, "Permission Error"],
    [["select 1", "-f", "x"], 2, "expected a statement or --file, got both"],
    [["-f", "/nowhere"], 2, "--file: cannot be read"],
    [["select 1", "--from", "now"], 2, "--from: expected a UTC time"],
    [["from range(10)", "--max-rows", "9"], 2, "more than 9 rows"],
  ] as const) {
    const { status: code, stderr } = mdc(args);
    expect({ code, stderr }).toEqual({ code: status, stderr: expect.stringContaining(message) });
  }
});
