import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { CorrelationContext, openDeployment } from "model-data-collector";
import { openDataset } from "model-data-collector/reader";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Azurite, startAzurite } from "../../support/azurite.ts";
import { runNode } from "../../support/child.ts";
import { type HttpProxy, startHttpProxy } from "../../support/http-proxy.ts";
import { root } from "../../support/packed-project.ts";
import { scratch } from "../../support/scratch.ts";

const bin = join(root, "dist/cli/main.js");
let azurite: Azurite;
let proxy: HttpProxy;
beforeAll(async () => {
  azurite = await startAzurite();
  proxy = await startHttpProxy(azurite.port);
});
afterAll(async () => {
  await proxy.close();
  await azurite.stop();
});

/** Bytes that came for each request since then that is no listing. */
function countBytes(): number[] {
  const reads: number[] = [];
  proxy.setRule(async ({ url }, forward) => {
    const answer = await forward();
    if (!url.includes("comp=list")) reads.push(answer.body?.length ?? 0);
    return answer;
  });
  return reads;
}

/** Inputs and outputs of ten minutes of an hour, each a file of its own; an id of each. */
async function collectTen(container: string, format: "parquet" | "jsonl"): Promise<readonly string[]> {
  const { spool } = await scratch();
  await azurite.container(container);
  await using deployment = await openDeployment({
    destination: `${azurite.url}/${container}`,
    credential: azurite.connectionString,
    spool: { directory: spool },
    format,
  });
  const [inputs, outputs] = [deployment.collector("model_inputs"), deployment.collector("model_outputs")];
  const hour = Math.floor(Date.now() / 3_600_000 - 24) * 3_600_000;
  const ids: string[] = [];
  for (let minute = 0; minute < 10; minute++) {
    for (let i = 0; i < 500; i++) {
      const at = hour + minute * 60_000 + i * 100;
      const context = CorrelationContext.create({ id: idAt(at), requestTime: new Date(at) });
      inputs.collect([{ distance: Math.random(), origin: `JFK ${Math.random()}` }], context);
      outputs.collect([{ delay: Math.random() }], context);
      if (i === 250) ids.push(context.id);
    }
    await deployment.flush();
  }
  return ids;
}

function idAt(ms: number): string {
  const stamp = ms.toString(16).padStart(12, "0");
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}-7000-8000-${"0".repeat(12)}`;
}

test.each(["parquet", "jsonl"] as const)("one id costs a request a collection, of %s", async (format) => {
  const ids = await collectTen(format, format);
  const url = `http://127.0.0.1:${proxy.port}/devstoreaccount1/${format}`;
  await using data = await openDataset(url, { credential: azurite.sas(format) });
  for (const id of ids.slice(3, 6)) {
    const reads = countBytes();
    const { records } = await data.trace(id);
    expect(records.map(({ collection }) => collection).sort()).toEqual(["model_inputs", "model_outputs"]);
    // Each of the two files in one request or two; JSON lines in one, and their pinned types.
    expect(reads.length).toBeLessThanOrEqual(4);
    expect(reads.reduce((sum, one) => sum + one, 0)).toBeLessThan(512 * 1024);
    const again = countBytes();
    expect(await data.find({ where: { mdc_correlation_id: id } })).toHaveLength(2);
    expect(again.length).toBeLessThanOrEqual(4);
  }
  const reads = countBytes();
  expect(await data.trace(idAt(Date.now()))).toMatchObject({ records: [] });
  expect(reads).toEqual([]);
});

test("mdc join counts all rows with a request for each file, and says how many it made", async () => {
  const container = "joined";
  await collectTen(container, "parquet");
  const url = `http://127.0.0.1:${proxy.port}/devstoreaccount1/${container}?${azurite.sas(container)}`;
  const reads = countBytes();
  const args = ["join", "--root", url, "--account", "--json", "--stats"];
  const { code, stdout, stderr } = await runNode([bin, ...args], {});
  expect(code).toBe(0);
  const all = { rows: 5_000, matched: 5_000, only: 0, duplicates: 0, late: 0, superseded: 0 };
  const account = { matched: 5_000, inputsOnly: 0, outputsOnly: 0, collections: [all, all] };
  expect(JSON.parse(stdout)).toMatchObject(account);
  expect(reads.length).toBeLessThanOrEqual(20);
  const [, told] = /, (\d+) reads of /.exec(stderr) ?? [];
  expect(Number(told)).toBe(reads.length);
});

test("what was fetched once is not fetched again, by no process that shares the folder", async () => {
  const container = "kept";
  const ids = await collectTen(container, "parquet");
  const { folder } = await scratch();
  const cacheDirectory = join(folder, "cache");
  const url = `http://127.0.0.1:${proxy.port}/devstoreaccount1/${container}`;
  const credential = azurite.sas(container);
  const answer = async (): Promise<unknown[]> => {
    await using data = await openDataset(url, { credential, cacheDirectory });
    const { records } = await data.trace(ids[4] ?? "");
    const [row] = await data.sql("select count(*) as rows, max(distance) as distance from model_inputs");
    let rows = 0;
    for await (const batch of data.table("model_outputs", { columns: ["delay"] })) rows += batch.length;
    return [records.map(({ rows: features }) => features), row, rows, await data.completeness()];
  };
  const reads = countBytes();
  const first = await answer();
  expect(first.slice(1, 3)).toEqual([expect.objectContaining({ rows: 5_000n }), 5_000]);
  expect(reads.length).toBeGreaterThan(20);
  const again = countBytes();
  expect(await answer()).toEqual(first);
  expect(again).toEqual([]);
  const kept = readdirSync(cacheDirectory, { recursive: true, encoding: "utf8" });
  expect(kept.filter((name) => !/^[0-9a-f](\/[0-9a-f]{64})?$/.test(name))).toEqual([]);
  expect(statSync(cacheDirectory).mode & 0o077).toBe(0);
  // From the command line, in processes at once.
  const args = ["--root", `${url}?${credential}`, "--cache-dir", cacheDirectory, "--json"];
  const traces = await Promise.all([1, 2].map(() => runNode([bin, "trace", ids[4] ?? "", ...args], {})));
  for (const { stdout, stderr } of traces) {
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toMatchObject({ id: ids[4] });
  }
  expect(again).toEqual([]);
});
