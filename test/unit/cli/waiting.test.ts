import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { systemIds } from "../../../src/base/ids.ts";
import { systemClock } from "../../../src/base/time/clock.ts";
import { createFolderSpool } from "../../../src/spool/folder-spool.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { batchOf } from "../pipeline/pipeline-world.ts";
import { run } from "./run.ts";

const time = Date.UTC(2026, 10, 22, 5, 10);
let root: string;
let directory: string;

/** A spool into which a process of this machine, which goes on, wrote two frames and one. */
beforeEach(async () => {
  root = join(await tempFolder(), "collected");
  directory = await tempFolder();
  vi.stubEnv("MDC_SPOOL_DIR", directory);
  const spool = createFolderSpool({
    ...{ directory, clock: systemClock, ids: systemIds, maxBytes: 1e9, minFreeBytes: 0 },
  });
  for (const [i, collection] of ["model_inputs", "model_inputs", "model_outputs"].entries()) {
    const { label, bytes, counts, sequence } = batchOf([{ a: i }], i + 1, time, { collection });
    expect(spool.writer.append(label, bytes, counts, sequence)).toEqual({ status: "appended" });
  }
  onTestFinished(() => {
    spool.writer.close();
    vi.unstubAllEnvs();
  });
});

test("ls tells what waits, where, and when it becomes files, also under a root that is not there yet", async () => {
  const { code, out, err } = await run("ls", "--root", root);
  expect([code, out]).toEqual([0, ""]);
  expect(err.split("\n")).toEqual([
    `nothing is stored under ${root}: there is no such folder`,
    `waiting in ${directory}: 2 frames of model_inputs, 1 frame of model_outputs`,
    "a file appears 1 min after its first frame (rotation.maxAgeMs) at the latest, or when the process ends",
    "",
  ]);
  expect(await run("ls", "--root", root, "--json")).toEqual({ code: 0, out: "[]\n", err: "" });
  expect((await run("ls", "--root", root, "--endpoint", "other")).err).not.toContain("waiting");
});

test("ls tells where frames go that are not stored, and when what waits is posted", async () => {
  vi.stubEnv("MDC_FORMAT", "azureml");
  const { code, err } = await run("ls", "--root", root);
  expect(code).toBe(0);
  expect(err.split("\n").slice(1)).toEqual([
    "with format azureml frames go to the Azure ML agent at 127.0.0.1:50011, and none is stored here",
    `waiting in ${directory}: 2 frames of model_inputs, 1 frame of model_outputs`,
    "it is posted to the Azure ML agent 1 s after its first frame (rotation.maxAgeMs) at the latest, or when the process ends",
    "",
  ]);
});

test("what is looked for may be waiting: every command says so in one sentence", async () => {
  const yet = `mdc: nothing is stored of "Model_Outputs" yet\n`;
  for (const [args, said] of [
    [["head", "Model_Outputs"], yet],
    [["head", "Model_Outputs", "--endpoint", "flights"], yet],
    [["schema", "Model_Outputs"], yet],
    [["export", "Model_Outputs", "--format", "csv"], yet],
    [["find", "--where", "a=1", "--in", "Model_Outputs"], yet],
    [["trace", "x"], "nothing is stored under "],
  ] as const) {
    const { code, out, err } = await run(...args, "--root", root);
    expect([code, out], args.join(" ")).toEqual([3, ""]);
    expect(err, args.join(" ")).toContain(said);
    expect(err, args.join(" ")).toMatch(/\nwaiting in .*[:,] 1 frame of model_outputs\n/);
  }
  const other = await run("head", "other", "--root", root);
  expect(other).toMatchObject({ code: 2, err: expect.not.stringContaining("waiting") });
});

test("what a process left that is gone is told with the command that delivers it", async () => {
  const left = await tempFolder();
  const spool = createFolderSpool({
    ...{ directory: left, clock: systemClock, ids: systemIds, maxBytes: 1e9, minFreeBytes: 0 },
  });
  const { label, bytes, counts, sequence } = batchOf([{ a: 1 }], 1, time, { collection: "model_inputs" });
  spool.writer.append(label, bytes, counts, sequence);
  spool.writer.close();
  vi.stubEnv("MDC_SPOOL_DIR", left);
  expect((await run("ls", "--root", root)).err).toMatch(/1 frame of model_inputs\n.*mdc spool drain/);
});

test("collections of JSON lines are listed by name, and told apart from what is not there", async () => {
  vi.stubEnv("MDC_SPOOL_DIR", join(directory, "none"));
  const folder = join(root, "flights/blue/model_inputs/2026/11/22/05");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${"a".repeat(32)}000000.jsonl`), "{}\n");
  const { code, out, err } = await run("ls", "--root", root);
  expect(code).toBe(0);
  expect(out.split("\n")[1]).toMatch(
    /^model_inputs +flights\/blue +1 +\(jsonl\) +3 B +2026-11-22 05:00:00 +2026-11-22 06:00:00$/,
  );
  expect(err).toBe("of JSON lines only files and sizes are told here; mdc head shows their rows\n");
  const [found] = JSON.parse((await run("ls", "--root", root, "--json")).out) as object[];
  expect(found).toMatchObject({ name: "model_inputs", format: "jsonl", files: 1, rows: null, bytes: 3 });
  const refused = await run("schema", "Model_Inputs", "--root", root);
  expect(refused).toMatchObject({ code: 3, err: expect.stringContaining("line 1: its time is none") });
  const damaged = await run("head", "Model_Inputs", "--root", root);
  expect(damaged).toMatchObject({ code: 3, err: expect.stringContaining("line 1: its time is none") });
});
