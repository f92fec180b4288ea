import { globSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CorrelationContext, openDeployment } from "model-data-collector";
import { expect, test, vi } from "vitest";
import { createFolderStore } from "../../src/store/folder-store.ts";
import { replayLog } from "../support/delta/replay.ts";
import { duckdbSql } from "../support/parquet-engines.ts";
import { runScript, type Scratch, scratch } from "../support/scratch.ts";

const table = "default/default/model_inputs";
const hours = ["2026-11-22T05:00:00Z", "2026-11-22T23:59:59.999Z"];

/** The files of the table by its log, and by the folder. */
async function filesOf({ destination }: Scratch) {
  const { live, adds, versions } = await replayLog(createFolderStore({ root: destination }), table);
  const stored = globSync("inference_date=*/**/*.parquet", { cwd: join(destination, table) });
  return { live: [...live].sort(), stored: stored.sort(), adds, versions };
}

test("what several deployments deliver at once is one table, each file in it once", async () => {
  const place = await scratch();
  const write = async (writer: number): Promise<void> => {
    const spool = { directory: join(place.folder, `spool-${writer}`) };
    await using deployment = await openDeployment(place.options({ table: "delta", spool }));
    const inputs = deployment.collector("model_inputs");
    for (let round = 0; round < 3; round++) {
      for (const hour of hours) {
        const context = CorrelationContext.create({ requestTime: new Date(hour) });
        inputs.collect([{ distance: writer * 10 + round, ...(writer === 2 ? { late: true } : {}) }], context);
      }
      await deployment.flush();
    }
  };
  await Promise.all([0, 1, 2].map(write));
  const { live, stored, adds, versions } = await filesOf(place);
  expect(stored).toHaveLength(18);
  expect(live).toEqual(stored);
  expect(adds).toHaveLength(stored.length);
  // Commits are of what was delivered together.
  expect(versions).toBeLessThan(stored.length);
  const paths = live.map((path) => `'${join(place.destination, table, path)}'`).join(", ");
  const sum = "SELECT count(*)::INT AS rows, sum(distance) AS distance, count(late)::INT AS late";
  expect(await duckdbSql(`${sum} FROM read_parquet([${paths}], union_by_name = true)`)).toEqual([
    { rows: 18, distance: 2 * (30 + 9 + 60), late: 6 },
  ]);
});

test("what was delivered and not entered when the process was killed is entered by the next one", async () => {
  const place = await scratch();
  // No folder can be made where a file is, so no commit is created, and nothing else is in its way.
  const obstacle = join(place.destination, table, "_delta_log");
  await mkdir(dirname(obstacle), { recursive: true });
  await writeFile(obstacle, "");
  const script = `
    import { openDeployment } from "model-data-collector";
    const deployment = await openDeployment({ table: "delta" });
    deployment.collector("model_inputs").collect([{ distance: 1 }, { distance: 2 }]);
    const { delivered } = await deployment.flush();
    console.log(delivered, deployment.stats().frames.delivered);
    process.kill(process.pid, "SIGKILL");`;
  const { signal, stdout } = await runScript(script, { env: { ...process.env, ...place.env } });
  expect(signal).toBe("SIGKILL");
  expect(stdout.trim()).toBe("1 1");
  await rm(obstacle);
  // Whoever comes next need not keep tables: it ends what was begun.
  await using deployment = await openDeployment(place.options());
  expect(deployment.config.table).toBe("none");
  await vi.waitFor(async () => expect((await filesOf(place)).live).toHaveLength(1), { timeout: 30_000 });
  const { live, stored, adds } = await filesOf(place);
  expect(live).toEqual(stored);
  expect(JSON.parse(String(adds[0]?.["stats"])).numRecords).toBe(2);
});
