import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CorrelationContext, openDeployment } from "model-data-collector";
import { expect, onTestFinished, test } from "vitest";
import { createFolderStore } from "../../../src/store/folder-store.ts";
import { compact } from "../../../src/upkeep/compact.ts";
import { duckdbSql } from "../../support/parquet-engines.ts";
import { parquetFiles, scratch, until } from "../../support/scratch.ts";

test("tail -f shows each row once: from the spool within moments, and not again when it is delivered", async () => {
  const { options, destination, spool } = await scratch();
  const place = { endpoint: "flights", deployment: "blue" };
  await using deployment = await openDeployment(options(place));
  const inputs = deployment.collector("model_inputs");
  inputs.collect([{ n: -1 }]);
  await deployment.flush({ to: "spool" });

  const { rows } = follow(destination, spool);
  await until(() => rows().length === 1);

  for (let n = 0; n < 20; n++) {
    inputs.collect([{ n }], CorrelationContext.create({ id: `order-${n}` }));
    // Half of them become files at once: seen in the spool, in the file, or in both.
    await deployment.flush({ to: n % 2 === 0 ? "spool" : "store" });
  }
  await until(() => rows().length >= 21);
  await deployment.flush();
  inputs.collect([{ n: 20 }]);
  await deployment.flush();
  await until(() => rows().some(({ n }) => n === 20));
  const seen = rows().map(({ n }) => n);
  expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 22 }, (_, i) => i - 1));
  // Whichever was in a file by the time of the first look.
  expect(rows().some(({ delivered }) => !delivered)).toBe(true);
});

test("tail -f shows each row once, too, where upkeep or another engine makes one file of many", async () => {
  const { options, destination, spool } = await scratch();
  const place = { endpoint: "flights", deployment: "blue" };
  await using deployment = await openDeployment(options({ ...place, table: "delta" }));
  const inputs = deployment.collector("model_inputs");
  const requestTime = new Date("2026-11-22T05:10:00Z");
  const store = async (...numbers: number[]): Promise<void> => {
    for (const n of numbers) {
      inputs.collect([{ n }], CorrelationContext.create({ id: `order-${n}`, requestTime }));
      await deployment.flush();
    }
  };
  await store(0);
  const { child, rows } = follow(destination, spool);
  await until(() => rows().length === 1);
  await store(1, 2);
  await until(() => rows().length === 3);

  // Between two looks files come, and are compacted.
  child.kill("SIGSTOP");
  await store(3, 4);
  const [done, ...others] = await compact(createFolderStore({ root: destination }), {
    now: Date.now(),
    olderThanMs: 3_600_000,
  });
  expect([done?.status, done?.filesBefore, others]).toEqual(["compacted", 5, []]);
  child.kill("SIGCONT");
  await until(() => rows().length >= 5);

  // Another engine does the same, and adds a row.
  const table = join(destination, "flights/blue/model_inputs");
  const [small = ""] = parquetFiles(table);
  const large = join(dirname(small), "part-00000-5ab3f3a2-d3a5-4c55-8f24-0a6c2f8d3b11.c000.snappy.parquet");
  const added =
    "(SELECT * REPLACE ('new' AS mdc_event_id, now() AS mdc_event_time, 5 AS n) FROM stored LIMIT 1)";
  await duckdbSql(`COPY (WITH stored AS (FROM '${small}') FROM stored UNION ALL ${added}) TO '${large}'`);
  const within = (path: string): string => path.slice(table.length + 1);
  const partitionValues = { inference_date: "2026-11-22", inference_hour: "5" };
  const facts = { partitionValues, size: statSync(large).size, modificationTime: 1, dataChange: false };
  const version = readdirSync(join(table, "_delta_log")).filter((name) => name.endsWith(".json")).length;
  writeFileSync(
    join(table, "_delta_log", `${String(version).padStart(20, "0")}.json`),
    [
      { remove: { path: within(small), deletionTimestamp: Date.now(), dataChange: false } },
      { add: { path: within(large), ...facts } },
    ]
      .map((action) => JSON.stringify(action))
      .join("\n"),
  );
  await until(() => rows().length >= 6);
  await store(6);
  await until(() => rows().some(({ n }) => n === 6));
  expect(
    rows()
      .map(({ n }) => n)
      .toSorted((a, b) => a - b),
  ).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

/** Runs `mdc tail -f` on a destination until the test ends; `rows` is what it has shown. */
function follow(
  destination: string,
  spool: string,
): { child: ChildProcess; rows: () => { n: number; delivered: boolean }[] } {
  const env = { ...process.env, MDC_SPOOL_DIR: spool, NODE_OPTIONS: "" };
  const args = ["dist/cli/main.js", "tail", "model_inputs", "-f", "--json", "--root", destination];
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  const rows = (): { n: number; delivered: boolean }[] =>
    out
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  return { child, rows };
}
