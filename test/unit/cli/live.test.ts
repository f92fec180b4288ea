import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { systemIds } from "../../../src/base/ids.ts";
import { systemClock } from "../../../src/base/time/clock.ts";
import { listSpooledFiles } from "../../../src/spool/spooled-files.ts";
import { createFolderSpool } from "../../../src/spool/folder-spool.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { batchOf } from "../pipeline/pipeline-world.ts";
import { storeFile } from "../reader/stored-data.ts";
import { run } from "./run.ts";

const time = Date.UTC(2026, 10, 22, 5, 10);
let root: string;
let directory: string;
let spool: ReturnType<typeof createFolderSpool>;
let sequence = 0;

beforeEach(async () => {
  root = join(await tempFolder(), "collected");
  mkdirSync(root);
  directory = await tempFolder();
  vi.stubEnv("MDC_SPOOL_DIR", directory);
  spool = createFolderSpool({
    ...{ directory, clock: systemClock, ids: systemIds, maxBytes: 1e9, minFreeBytes: 0 },
  });
  onTestFinished(() => {
    spool.writer.close();
    vi.unstubAllEnvs();
  });
});

function append(rows: readonly Record<string, unknown>[], collection: string): void {
  const { label, bytes, counts } = batchOf(rows, ++sequence, time, { collection });
  expect(spool.writer.append(label, bytes, counts, sequence)).toEqual({ status: "appended" });
}

/** The frames that wait, by their ids. */
async function waiting(): Promise<{ mdc_correlation_id: string; mdc_event_id: string }[]> {
  const { out } = await run("tail", "model_inputs", "--root", root, "--json", "-n", "1000");
  return JSON.parse(out);
}

describe("what is in this host's spool", () => {
  test("tail shows it beside what is stored, typed, and marked", async () => {
    append(
      [{ a: 1.5, s: "x", b: true, n: 2n ** 60n, at: new Date(time), l: ["p", null], nothing: null }],
      "model_inputs",
    );
    append([{ a: 2 }, { a: 3 }], "model_inputs");
    append([{ late: true }], "model_outputs");
    storeFile(
      root,
      [{ collection: "model_inputs", id: "old", requestTime: "2026-11-22T05:00:00.000Z", rows: [{ a: 0 }] }],
      { a: "DOUBLE" },
    );
    const { code, out, err } = await run("tail", "MODEL_inputs", "--root", root);
    expect([code, err]).toEqual([0, ""]);
    const lines = out.trimEnd().split("\n");
    expect(lines).toHaveLength(4);
    // By event time: what was stored is the newest here.
    expect(lines[3]).toMatch(/^2026-11-22 05:00:00\.000 old {2}a=0$/);
    expect(lines[0]).toContain(
      `a=1.5 s=x b=true n=${2n ** 60n} at=2026-11-22 05:10:00.000 l=["p",null] nothing=  (not yet delivered)`,
    );
    const rows = JSON.parse((await run("tail", "model_inputs", "--root", root, "--json", "-n", "2")).out);
    expect(rows).toMatchObject([
      { a: 3, delivered: false },
      { a: 0, delivered: true },
    ]);
    expect(await run("tail", "nothing", "--root", root)).toEqual({
      ...{ code: 2, out: "", err: `mdc: no collection "nothing" under ${root}; there are: model_inputs\n` },
    });
  });

  test("trace shows it, and what was delivered meanwhile once", async () => {
    append([{ a: 1 }], "model_inputs");
    append([{ late: true }], "model_outputs");
    const [frame] = await waiting();
    if (frame === undefined) throw new Error("there is one");
    const { mdc_correlation_id: id, mdc_event_id: eventId } = frame;
    const trace = async () => JSON.parse((await run("trace", id, "--root", root, "--json")).out);
    expect(await trace()).toMatchObject({
      id,
      records: [{ collection: "model_inputs", eventId, rows: [{ a: 1 }], delivered: false }],
    });
    expect((await run("trace", id, "--root", root)).out).toMatch(
      /^model_inputs \(.*\) \+\d+ ms, 1 row, not yet delivered$/m,
    );
    const stored = { collection: "model_inputs", id, eventId, requestTime: new Date(time).toISOString() };
    storeFile(root, [{ ...stored, rows: [{ a: 1 }] }], { a: "DOUBLE" });
    expect(await trace()).toMatchObject({ records: [{ eventId, delivered: true }] });
    expect((await trace()).records).toHaveLength(1);
    expect(await waiting()).toMatchObject([{ mdc_event_id: eventId, delivered: true }]);
  });

  test("is read and nothing else: the writer goes on, and its bytes stay", async () => {
    append([{ a: 1 }], "model_inputs");
    const [file] = listSpooledFiles({ directory });
    const path = file?.path ?? "";
    const before = readFileSync(path);
    const { mtimeMs } = statSync(path);
    expect(await waiting()).toHaveLength(1);
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(statSync(path).mtimeMs).toBe(mtimeMs);
    for (let i = 0; i < 50; i++) append([{ a: i }], "model_inputs");
    expect(await waiting()).toHaveLength(51);
  });

  test("what is damaged, half written or of another version is passed by", async () => {
    append([{ a: 1 }], "model_inputs");
    append([{ a: 2 }], "model_inputs");
    const [file] = listSpooledFiles({ directory });
    const path = file?.path ?? "";
    const bytes = readFileSync(path);
    for (const cut of [bytes.length - 1, bytes.length - 40, 100, 10, 0]) {
      writeFileSync(path, bytes.subarray(0, cut));
      const { code, err } = await run("tail", "model_inputs", "--root", root, "--json");
      expect({ cut, code, err }).toMatchObject(
        code === 0 ? { err: "" } : { code: 2, err: expect.stringContaining("no collection") },
      );
    }
    for (let i = 0; i < bytes.length; i += 7) {
      const damaged = Buffer.from(bytes);
      damaged[i] = (damaged[i] ?? 0) ^ 0xff;
      writeFileSync(path, damaged);
      expect([0, 2, 3]).toContain((await run("tail", "model_inputs", "--root", root, "--json")).code);
    }
  });
});

test("-f is what the command says, wherever it stands", async () => {
  expect((await run("tail", "-f")).err).toContain("expected: mdc tail <collection>");
  expect((await run("sql", "-f")).err).toMatch(/argument missing/);
  expect((await run("help", "tail")).out).toContain("-f, --follow");
  expect((await run("help", "sql")).out).toContain("-f, --file <file>");
});
