import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type Azurite, startAzurite } from "../support/azurite.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { run } from "../unit/cli/run.ts";

let azurite: Azurite;
beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite.stop());
afterEach(() => vi.unstubAllEnvs());

interface Finding {
  readonly check: string;
  readonly state: string;
  readonly text: string;
}

/** Ends with what, and which findings there are. */
async function examined(...args: string[]) {
  const { code, out, err } = await run("doctor", "--json", ...args);
  expect(err).toBe("");
  const findings = JSON.parse(out) as Finding[];
  const of = (check: string) =>
    findings.filter((one) => one.check === check).map(({ state, text }) => `${state}: ${text}`);
  return { code, findings, of, out };
}

test("a folder: what is read, where settings come from, and that nothing is made", async () => {
  const folder = await tempFolder();
  vi.stubEnv("MDC_SPOOL_DIR", join(folder, "spool"));
  vi.stubEnv("MDC_SAMPLING_RATE", "0.5");
  const config = join(folder, "blue.mdc.yml");
  writeFileSync(
    config,
    "sampling_rate: 0.1\nkill_switch: true\ncollections:\n  inputs: { policy: metadata }\n",
  );
  const { code, of } = await examined("--config", config, "--root", join(folder, "data"));
  expect(code).toBe(0);
  expect(of("configuration")).toEqual([`ok: ${config}`, "hint: the kill switch is on: nothing is collected"]);
  expect(of("setting")).toEqual(
    expect.arrayContaining([
      "ok: samplingRate 0.5, by environment variable MDC_SAMPLING_RATE",
      "ok: killSwitch true, by blue.mdc.yml:2: kill_switch",
      "ok: collections.inputs.policy metadata, by blue.mdc.yml:4: collections.inputs.policy",
    ]),
  );
  expect(of("destination")).toEqual([`ok: ${join(folder, "data")} can be written`]);
  expect(of("spool")).toEqual([
    `ok: ${join(folder, "spool")} can be written`,
    expect.stringMatching(/^(ok|hint): [\d.]+ [GT]B are free on its disk/),
    "ok: 0 frames in 0 segments to be delivered",
  ]);
  expect(readdirSync(folder)).toEqual(["blue.mdc.yml"]);
  expect(of("versions")).toEqual([
    expect.stringMatching(/^ok: model-data-collector\/[\d.]+ node\/[\d.]+ on \w+ \w+$/),
    ...["@azure/identity", "@duckdb/node-api", "@opentelemetry/api", "apache-arrow"].map((name) =>
      expect.stringMatching(new RegExp(`^ok: ${name} \\d+\\.\\d+`)),
    ),
  ]);
  if (process.platform !== "linux") return;
  expect(of("mount")).toEqual(
    ["the spool, ", "the destination, "].map((what) =>
      expect.stringMatching(new RegExp(`^(ok|hint): ${what}.* is on [\\w.]+, mounted at /`)),
    ),
  );
});

test("a destination or spool that cannot be written is a problem, and ends with 4", async () => {
  const folder = await tempFolder();
  writeFileSync(join(folder, "file"), "");
  vi.stubEnv("MDC_SPOOL_DIR", join(folder, "file/spool"));
  const { code, of } = await examined("--root", join(folder, "file/data"));
  expect(code).toBe(4);
  expect(of("destination")).toEqual([`problem: ${join(folder, "file/data")} cannot be written (ENOTDIR)`]);
  expect(of("spool")[0]).toBe(`problem: ${join(folder, "file/spool")} cannot be written (ENOTDIR)`);
});

test("a wrong configuration is a problem with its line, and ends with 2", async () => {
  const config = join(await tempFolder(), "blue.mdc.yml");
  writeFileSync(config, "sampling_rate: 50\n");
  const { code, of } = await examined("--config", config);
  expect(code).toBe(2);
  expect(of("configuration")).toEqual([
    "problem: blue.mdc.yml:1: sampling_rate: expected a number from 0 to 1, got 50",
  ]);
});

test("a blob server: credential, answer and clock; a signature that it refuses is a problem, and no secret is shown", async () => {
  const folder = await tempFolder();
  mkdirSync(join(folder, "spool"));
  vi.stubEnv("MDC_SPOOL_DIR", join(folder, "spool"));
  await azurite.container("doctor");
  vi.stubEnv("AZURE_STORAGE_CONNECTION_STRING", azurite.connectionString);
  const well = await examined("--root", `${azurite.url}/doctor`);
  expect(well.code).toBe(0);
  expect(well.of("credential")).toEqual(["ok: a connection string"]);
  expect(well.of("destination")).toEqual([expect.stringMatching(/^ok: .*\/doctor answers$/)]);
  expect(well.of("clock")).toEqual([expect.stringMatching(/^ok: .* differ by \d s$/)]);

  vi.stubEnv("AZURE_STORAGE_CONNECTION_STRING", "");
  const wrong = await examined("--root", `${azurite.url}/doctor?sv=2021-12-02&sp=r&sr=c&sig=TopSecret`);
  expect(wrong.code).toBe(4);
  expect(wrong.of("credential")).toEqual(["ok: a shared access signature"]);
  expect(wrong.of("destination")).toEqual([expect.stringMatching(/^problem: /)]);
  expect(wrong.out).not.toContain("TopSecret");
});
