import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { CorrelationContext, type DeploymentOptions, openDeployment } from "model-data-collector";
import { openDataset } from "model-data-collector/reader";
import { expect, test } from "vitest";
import { runScript, type Scratch, scratch, storedRows } from "../support/scratch.ts";

/** What `completeness` says of a place, without where and when. */
async function completenessOf(destination: string): Promise<object[]> {
  await using data = await openDataset(destination);
  return (await data.completeness()).map(({ endpoint: _, deployment: __, ...hour }) => hour);
}

function ledgerFiles({ destination }: Scratch): string[] {
  return globSync("**/_ledger/*/*.jsonl", { cwd: destination }).map((path) => join(destination, path));
}

/** The next process of this spool comes and goes, and delivers what was left there meanwhile. */
async function takeOver(place: Scratch): Promise<void> {
  const heir = await openDeployment(place.options());
  await heir.close({ deadlineMs: 20_000 });
}

const hours = ["2026-11-22T05:59:59.999Z", "2026-11-22T06:00:00.000Z"] as const;

/** Twenty frames of two rows in each of two hours, half of them sampled out, one refused, one switched off. */
async function collectSome(place: Scratch, given: DeploymentOptions): Promise<number> {
  await using deployment = await openDeployment(
    place.options({ samplingRate: 0.5, collections: { off: { enabled: false } }, onError() {}, ...given }),
  );
  const inputs = deployment.collector("model_inputs");
  for (const hour of hours) {
    for (let i = 0; i < 20; i++) {
      const context = CorrelationContext.create({ requestTime: new Date(hour) });
      inputs.collect([{ x: i }, { x: -i }], context);
    }
  }
  const context = CorrelationContext.create({ requestTime: new Date(hours[0]) });
  deployment.update({ samplingRate: 1 });
  inputs.collect({ x: [1], y: [1, 2] }, context);
  deployment.collector("off").collect([{ x: 1 }], context);
  const { sampledOut } = inputs.stats().frames;
  await deployment.close();
  return sampledOut;
}

test.each(["parquet", "jsonl"] as const)(
  "format %s: each hour and collection is told with all that became of its frames",
  async (format) => {
    const place = await scratch();
    const sampledOut = await collectSome(place, { format });
    const told = (await completenessOf(place.destination)) as Record<string, number>[];
    const hour = { from: new Date("2026-11-22T05:00:00Z"), to: new Date("2026-11-22T06:00:00Z") };
    await using data = await openDataset(place.destination);
    const [facts] = await data.windowFacts({ collection: "model_inputs", windows: [hour], labels: true });
    expect(facts).toMatchObject({
      rows: told[0]?.["storedRows"],
      ledger: {
        ...{
          offered: 21,
          leftOut: told[0]?.["sampledOut"],
          dropped: { invalid: 1 },
          unaccounted: 0,
          goneRows: 0,
        },
      },
      labels: { labelled: 0 },
    });
    expect(told).toMatchObject([
      {
        collection: "model_inputs",
        hour: new Date("2026-11-22T05:00:00Z"),
        offered: 21,
        dropped: { invalid: 1 },
      },
      { collection: "off", offered: 1, disabled: 1, stored: 0, verdict: "complete" },
      {
        collection: "model_inputs",
        hour: new Date("2026-11-22T06:00:00Z"),
        offered: 20,
        verdict: "complete",
      },
    ]);
    const [five, , six] = told;
    expect(Number(five?.["sampledOut"]) + Number(six?.["sampledOut"])).toBe(sampledOut);
    expect(Number(five?.["stored"]) + Number(six?.["stored"])).toBe(40 - sampledOut);
    if (format === "parquet")
      expect(await storedRows(place.destination, "model_inputs")).toHaveLength(2 * (40 - sampledOut));
  },
);

test("where partitions are days the ledger tells of days, and with a spool in memory all the same", async () => {
  const place = await scratch();
  const config = join(place.folder, "deployment.yml");
  writeFileSync(
    config,
    "data_collector:\n  rolling_rate: day\n  collections: { model_inputs: { enabled: 'True' } }\n",
  );
  await collectSome(place, { configFile: config, spool: { durability: "memory" } });
  const told = await completenessOf(place.destination);
  expect(told[0]).toMatchObject({ hour: new Date("2026-11-22T00:00:00Z"), offered: 41, verdict: "short" });
});

test("a flush at which nothing is left tells all, so that a process that is frozen after it is not behind", async () => {
  const place = await scratch();
  const deployment = await openDeployment(place.options());
  const inputs = deployment.collector("model_inputs");
  inputs.collect([{ x: 1 }]);
  await inputs.flush();
  expect(await completenessOf(place.destination)).toMatchObject([
    {
      offered: 1,
      stored: 1,
      pending: 0,
      foundRows: 1,
      verdict: "waiting",
      reasons: ["1 process yet to tell"],
    },
  ]);
  await deployment.close();
  expect(await completenessOf(place.destination)).toMatchObject([{ offered: 1, verdict: "complete" }]);
  const { status } = deployment;
  expect(status.call(deployment).spool).toMatchObject({ segments: 0 });
});

test("a process that was killed is named, and what it was offered is told by the next one of its spool", async () => {
  const place = await scratch();
  const killed = `
    import { openDeployment } from "model-data-collector";
    const deployment = await openDeployment();
    const inputs = deployment.collector("model_inputs");
    deployment.update({ samplingRate: 0 });
    for (let i = 0; i < 7; i++) inputs.collect([{ x: i }]);
    deployment.update({ samplingRate: 1 });
    for (let i = 0; i < 5; i++) inputs.collect([{ x: i }, { x: i }]);
    inputs.collect("no frame");
    setTimeout(() => process.kill(process.pid, "SIGKILL"), 1_500);`;
  expect((await runScript(killed, { env: place.env })).signal).toBe("SIGKILL");
  await takeOver(place);
  const [hour] = await completenessOf(place.destination);
  expect(hour).toMatchObject({
    ...{ offered: 13, sampledOut: 7, stored: 5, dropped: { invalid: 1 }, pending: 0, unaccounted: 0 },
    ...{ storedRows: 10, foundRows: 10, silent: [{ recovered: true }], verdict: "short" },
  });
});

test("a process that exits in the middle has told all when its spool is delivered, and has ended well", async () => {
  const place = await scratch();
  const exits = `
    import { openDeployment } from "model-data-collector";
    const deployment = await openDeployment();
    for (let i = 0; i < 9; i++) deployment.collector("model_inputs").collect([{ x: i }]);
    process.exit(0);`;
  expect((await runScript(exits, { env: place.env })).code).toBe(0);
  await takeOver(place);
  expect(await completenessOf(place.destination)).toMatchObject([
    { offered: 9, stored: 9, silent: [], verdict: "complete" },
  ]);
});

test("the lines are those that are documented, and DuckDB adds them up", async () => {
  const place = await scratch();
  await collectSome(place, {});
  const lines = ledgerFiles(place).flatMap((path) => readFileSync(path, "utf8").trim().split("\n"));
  const rows = readFileSync("docs/stored-data.md", "utf8").matchAll(/^\| (`\w+`(?:, `\w+`)*) \|/gm);
  const names = new Set([...rows].flatMap(([, cell = ""]) => cell.match(/\w+/g) ?? []));
  for (const line of lines)
    for (const name of Object.keys(JSON.parse(line) as object)) expect(names).toContain(name);
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const files = join(place.destination, "*/*/_ledger/*/*.jsonl");
  const sum = await connection.runAndReadAll(
    `select sum(offered[1])::int as offered, sum(disabled[1])::int as disabled
     from read_json('${files}', format = 'newline_delimited', union_by_name = true) where kind = 'counts'`,
  );
  expect(sum.getRowObjects()).toEqual([{ offered: 42, disabled: 1 }]);
  connection.closeSync();
  instance.closeSync();
});
