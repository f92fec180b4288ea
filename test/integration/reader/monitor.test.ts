import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { MonitorResult } from "model-data-collector/monitor";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { samplesOf } from "../../support/prometheus-samples.ts";
import { disposableFolder } from "../../support/temp-folder.ts";
import { idAt, storeFile } from "../../unit/reader/stored-data.ts";

/** Three days of requests, of which the last one has half of the rows, and a column less; and their labels. */
let root = "";
let config = "";
let folder: Awaited<ReturnType<typeof disposableFolder>>;

afterAll(() => folder[Symbol.asyncDispose]());

beforeAll(async () => {
  folder = await disposableFolder();
  root = join(folder.path, "collected");
  config = join(root, "..", "monitor.yml");
  for (const [day, rows] of [300, 300, 120].entries()) {
    const requestTime = `2026-11-${String(20 + day)}T10:00:00.000Z`;
    const frames = (collection: string, rowOf: (i: number) => Record<string, unknown>) =>
      Array.from({ length: rows }, (_, i) => ({
        ...{ collection, id: idAt(requestTime, i), requestTime, rows: [rowOf(i)] },
      }));
    const x = (i: number): number => ((i * 37) % rows) / rows;
    const inputs = day < 2 ? ({ x: "DOUBLE", origin: "STRING" } as const) : ({ x: "DOUBLE" } as const);
    storeFile(
      root,
      frames("model_inputs", (i) => ({ x: x(i), origin: i % 3 === 0 ? "JFK" : "SEA" })),
      inputs,
    );
    storeFile(
      root,
      frames("model_outputs", (i) => ({ late: x(i) > 0.5 })),
      { late: "BOOLEAN" },
    );
    storeFile(
      root,
      frames("labels", (i) => ({ late: x(i) > 0.4 })),
      { late: "BOOLEAN" },
    );
  }
  writeFileSync(
    config,
    `window: 1d
windows: 2
collections:
  model_inputs:
    baseline: { from: 2026-11-20, to: 2026-11-21 }
    completeness: { freshness: 15h, labels: 0.9 }
performance: { prediction: late, thresholds: { accuracy: 0.95 } }
`,
  );
});

function mdc(...args: readonly string[]) {
  const env = { ...process.env, MDC_DESTINATION: root, NODE_OPTIONS: "" };
  return spawnSync(process.execPath, ["dist/cli/main.js", ...args], { encoding: "utf8", env });
}

test("everything is asked at once: what is not whole comes first, and the result is kept beside the data", () => {
  const { status, stdout, stderr } = mdc("monitor", "--config", config, "--to", "2026-11-23", "--json");
  expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
  const result = JSON.parse(stdout) as MonitorResult;
  const [inputs] = result.collections;
  expect(inputs?.reasons.slice(0, 2)).toEqual([
    "not whole: volume: 120 rows, and 300 expected",
    'not whole: schema: "origin" is gone (string)',
  ]);
  const verdicts = inputs?.windows.map(({ signals }) =>
    Object.fromEntries(signals?.map(({ signal, verdict }) => [signal, verdict]) ?? []),
  );
  expect(verdicts?.[0]).toMatchObject({ freshness: "pass", volume: "pass", schema: "pass", labels: "pass" });
  expect(verdicts?.[1]).toMatchObject({ volume: "breach", schema: "breach", lost: "skipped" });
  // Of predictions one in ten is wrong: those between 0.4 and 0.5.
  expect(
    result.performance?.rows.map(({ rows, verdict, metrics }) => [rows, verdict, metrics[0]?.value]),
  ).toEqual([
    [300, "breach", 0.9],
    [120, "breach", 0.9],
  ]);
  const [kept = "", ...others] = globSync("flights/blue/_monitor/2026-11-23/20261123T000000Z-*.json", {
    cwd: root,
  });
  expect(others).toEqual([]);
  expect(JSON.parse(readFileSync(join(root, kept), "utf8"))).toEqual(result);
  const again = mdc("monitor", "--config", config, "--to", "2026-11-23");
  expect(again.status).toBe(1);
  expect(again.stdout).toContain("volume: breach in 1 window: 120 rows, and 300 expected");
  expect(again.stdout).toContain("verdict: breach");
  expect(
    JSON.parse(mdc("verify", "--json").stdout).findings.map((one: { kind: string }) => one.kind),
  ).not.toContain("foreign");
});

test("wrong settings are told with their line, and what does not go together", () => {
  const wrong = join(root, "..", "wrong.yml");
  const of = (text: string): string => {
    writeFileSync(wrong, `${readFileSync(config, "utf8")}${text}`);
    return mdc("monitor", "--config", wrong, "--no-store").stderr;
  };
  expect(of("    completenes: {}\n")).toContain("wrong.yml:");
  writeFileSync(wrong, readFileSync(config, "utf8").replace("accuracy: 0.95", "accuracy: high"));
  expect(mdc("monitor", "--config", wrong).stderr).toMatch(/wrong\.yml:7: .*accuracy: expected a number/);
  writeFileSync(wrong, readFileSync(config, "utf8").replace("labels: 0.9", "labels: 9"));
  expect(mdc("monitor", "--config", wrong).stderr).toMatch(
    /wrong\.yml:6: .*labels: expected a number from 0 to 1/,
  );
  expect(mdc("monitor", "--config", config, "--admin", "127.0.0.1:0")).toMatchObject({
    ...{ status: 2, stderr: expect.stringContaining("expected --every <length> with it") },
  });
});

interface Service {
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly admin: string;
}

async function start(...args: readonly string[]): Promise<Service> {
  const env = { ...process.env, MDC_DESTINATION: root, NODE_OPTIONS: "" };
  const line = ["dist/cli/main.js", "monitor", "--config", config, "--admin", "127.0.0.1:0", ...args];
  const child = spawn(process.execPath, line, { env, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines: string[] = [];
  createInterface(child.stdout!).on("line", (text) => lines.push(text));
  const [first] = (await once(createInterface(child.stderr!), "line")) as [string];
  return { child, lines, admin: first.replace("admin on ", "") };
}

async function ended({ child }: Service): Promise<unknown> {
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  return (await exit)[0];
}

test("it runs again and again, tells how it is, ends well, and no time is run for twice", async () => {
  const first = await start("--every", "2s", "--delay", "1s", "--json");
  await expect.poll(() => first.lines.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(2);
  const get = (path: string): Promise<Response> => fetch(`${first.admin}${path}`);
  expect((await get("/healthz")).status).toBe(200);
  expect((await get("/readyz")).status).toBe(200);
  const samples = samplesOf(await (await get("/metrics")).text());
  expect(samples.get('mdc_monitor_runs_total{outcome="done"}')).toBeGreaterThanOrEqual(2);
  expect(samples.get('mdc_monitor_runs_total{outcome="failed"}')).toBe(0);
  expect(samples.get('mdc_monitor_breached{collection="model_inputs"}')).toBe(1);
  const second = await start("--every", "2s", "--delay", "1s", "--json");
  await expect.poll(() => second.lines.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(2);
  expect([await ended(first), await ended(second)]).toEqual([0, 0]);
  const times = [first, second].map(({ lines }) =>
    lines.map((text) => (JSON.parse(text) as { at: string }).at),
  );
  for (const own of times) expect(new Set(own).size).toBe(own.length);
  const kept = globSync("flights/blue/_monitor/*/*.json", { cwd: root }).map((path) => path.slice(-38, -22));
  for (const at of new Set(times.flat())) {
    const stem = `${at.slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
    expect(
      kept.filter((one) => one === stem),
      stem,
    ).toHaveLength(1);
  }
});
