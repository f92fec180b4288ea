import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { systemClock } from "../../../src/base/time/clock.ts";
import { systemIds } from "../../../src/base/ids.ts";
import { labelText } from "../../../src/pipeline/segment-label.ts";
import { createFolderSpool } from "../../../src/spool/folder-spool.ts";
import type { Spool } from "../../../src/spool/spool.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { batchOf } from "../pipeline/pipeline-world.ts";
import { run } from "./run.ts";

const time = Date.UTC(2026, 10, 22, 5, 10);

/** The spool of a process, in this one. */
function open(directory: string): Spool {
  const spool = createFolderSpool({
    directory,
    clock: systemClock,
    ids: systemIds,
    maxBytes: 1e9,
    minFreeBytes: 0,
  });
  onTestFinished(() => spool.writer.close());
  return spool;
}

function append(spool: Spool, frames: readonly object[], collection = "model_inputs"): void {
  for (const [index, frame] of frames.entries()) {
    const { label, bytes, counts, sequence } = batchOf(frame, index + 1, time, { collection });
    expect(spool.writer.append(label, bytes, counts, sequence)).toEqual({ status: "appended" });
  }
}

/** A spool folder whose process is gone and left these frames. */
async function leftBehind(frames: readonly object[], collection?: string): Promise<string> {
  const directory = await tempFolder();
  const spool = open(directory);
  append(spool, frames, collection);
  spool.writer.close();
  return directory;
}

test("spool ls shows what waits, whose it is, and why", async () => {
  const directory = await leftBehind([[{ a: 1 }, { a: 2 }], [{ a: 3 }]]);
  append(open(directory), [[{ b: 1 }]], "model_outputs");
  const { code, out } = await run("spool", "ls", "--spool", directory);
  expect(code).toBe(0);
  const [, inputs, outputs, ...rest] = out.trimEnd().split("\n");
  expect(rest).toEqual([]);
  expect(inputs).toMatch(/^model_inputs +2026-11-22 05:00 +open +2 +3 .* gone +its process is gone/);
  expect(outputs).toMatch(/^model_outputs +2026-11-22 05:00 +open +1 +1 .* alive +it is being written/);

  const json = await run("spool", "ls", "--spool", directory, "--json");
  expect(JSON.parse(json.out)).toEqual([
    expect.objectContaining({
      endpoint: "flights",
      deployment: "blue",
      collection: "model_inputs",
      format: "parquet",
      partition: "2026-11-22T05:00:00.000Z",
      state: "open",
      ownerAlive: false,
      counts: { frames: 2, rows: 3, bytes: expect.any(Number) },
    }),
    expect.objectContaining({ collection: "model_outputs", ownerAlive: true }),
  ]);
});

test("spool ls takes the folder from MDC_SPOOL_DIR, and says so when nothing waits", async () => {
  const directory = await tempFolder();
  vi.stubEnv("MDC_SPOOL_DIR", join(directory, "none"));
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(await run("spool", "ls")).toEqual({
    code: 0,
    out: "",
    err: `nothing waits in ${join(directory, "none")}\n`,
  });
  expect((await run("spool", "ls", "--json")).out).toBe("[]\n");
  expect(readdirSync(directory)).toEqual([]);
});

test("spool drain delivers what the dead left, and a second one finds nothing", async () => {
  const directory = await leftBehind([[{ a: 1 }, { a: 2 }], [{ a: 3 }]]);
  const root = await tempFolder();
  const { code, out } = await run("spool", "drain", "--spool", directory, "--root", root);
  expect([code, out]).toEqual([0, `delivered 2 frames, 3 rows to ${root}\n`]);
  const { out: rows } = await run("head", "model_inputs", "--root", root, "--json");
  expect(JSON.parse(rows).map(({ a }: { a: number }) => a)).toEqual([1, 2, 3]);
  expect(await run("spool", "drain", "--spool", directory, "--root", root)).toEqual({
    code: 0,
    out: `delivered 0 frames, 0 rows to ${root}\n`,
    err: "",
  });
});

test("spool drain leaves alone what a living process owns", async () => {
  const directory = await leftBehind([[{ a: 1 }]]);
  const living = open(directory);
  append(living, [[{ a: 2 }]]);
  const root = await tempFolder();
  const { code, out, err } = await run("spool", "drain", "--spool", directory, "--root", root, "--json");
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ delivered: { frames: 1 }, lost: [], left: 0, living: 1 });
  expect(err).toBe("1 segment of living processes, which deliver them themselves\n");
  expect(living.writer.open()).toHaveLength(1);
});

test("spool drain ends with 4 when the destination cannot be written, and everything stays", async () => {
  const directory = await leftBehind([[{ a: 1 }]]);
  const file = join(await tempFolder(), "a-file");
  writeFileSync(file, "");
  const root = join(file, "collected");
  const { code, err } = await run(
    ...["spool", "drain", "--spool", directory, "--root", root, "--deadline", "1"],
  );
  expect(code).toBe(4);
  expect(err).toContain(root);
  expect(err).toContain("1 segment left");
  const { out } = await run("spool", "ls", "--spool", directory, "--json");
  expect(JSON.parse(out)).toEqual([
    expect.objectContaining({ ownerAlive: false, collection: "model_inputs" }),
  ]);
});

test("what another version wrote is left where it is, and drain says so with 3", async () => {
  const directory = await tempFolder();
  const spool = open(directory);
  spool.writer.append('["of another version"]', new Uint8Array(10), { frames: 1, rows: 1, bytes: 10 }, 1);
  spool.writer.close();
  const root = await tempFolder();
  expect(await run("spool", "drain", "--spool", directory, "--root", root)).toMatchObject({
    code: 3,
    err: expect.stringContaining("another version"),
  });
  expect((await run("spool", "ls", "--spool", directory)).out).toContain("another version of this package");
});

test("a segment in quarantine can be looked at, tried again, and dropped", async () => {
  const directory = await tempFolder();
  const spool = open(directory);
  append(spool, [[{ a: 1 }], [{ a: 2 }]]);
  const [sealed] = spool.writer.seal();
  if (sealed === undefined) throw new Error("nothing was sealed");
  spool.sealed.quarantine(sealed, "poison");
  const { id } = sealed;
  const quarantine = (...args: string[]) => run("spool", "quarantine", ...args, "--spool", directory);

  expect((await quarantine("ls")).out).toMatch(new RegExp(`^${id} +model_inputs +poison +2 +2 `, "m"));
  expect((await quarantine()).out).toBe((await quarantine("ls")).out);
  const shown = await quarantine("show", id.slice(0, 12), "--json");
  expect(JSON.parse(shown.out)).toEqual([
    expect.objectContaining({
      ...{ id, reason: "poison", collection: "model_inputs", records: 2 },
      readable: expect.objectContaining({ frames: 2, rows: 2 }),
      damaged: { frames: 0, rows: 0, bytes: 0 },
    }),
  ]);
  expect((await quarantine("show", id)).out).toContain("2 frames in 2 records");

  expect(await quarantine("replay", id)).toMatchObject({
    code: 0,
    out: "back in the spool: 1 segment, 2 frames\n",
  });
  expect((await quarantine("ls")).out).toBe("");
  const root = await tempFolder();
  expect(await run("spool", "drain", "--spool", directory, "--root", root)).toMatchObject({
    code: 0,
    out: `delivered 2 frames, 2 rows to ${root}\n`,
  });

  append(spool, [[{ a: 3 }]]);
  for (const segment of spool.writer.seal()) spool.sealed.quarantine(segment, "conflict");
  const [left] = JSON.parse((await quarantine("ls", "--json")).out) as { id: string; path: string }[];
  expect(await quarantine("drop", left?.id ?? "")).toMatchObject({
    code: 0,
    out: "deleted: 1 segment, 1 frame\n",
  });
  expect(await quarantine("show", left?.id ?? "")).toMatchObject({ code: 3, out: "" });
});

test("damage that cannot be delivered ends a drain with 3", async () => {
  const directory = await tempFolder();
  const spool = open(directory);
  const label = labelText({
    ...{ format: "parquet", rollingRate: "hour", endpoint: "flights", deployment: "blue" },
    ...{ collection: "model_inputs", partition: time },
  } as Parameters<typeof labelText>[0]);
  // Whole records of the spool that hold no batch.
  spool.writer.append(label, new Uint8Array(64).fill(7), { frames: 1, rows: 1, bytes: 64 }, 1);
  spool.writer.close();
  const root = await tempFolder();
  const { code, err } = await run(
    ...["spool", "drain", "--spool", directory, "--root", root, "--deadline", "60"],
  );
  expect(code).toBe(3);
  expect(err).toContain("lost: 1 frame of model_inputs");
});

test.each([
  [["spool"], "expected: mdc spool"],
  [["spool", "lst"], 'expected ls, drain or quarantine, got "lst"'],
  [["spool", "ls", "x"], "takes no"],
  [["spool", "drain", "--deadline", "soon"], "--deadline: expected a whole number"],
  [["spool", "quarantine", "eat"], 'got "eat"'],
  [["spool", "quarantine", "drop"], "mdc spool quarantine drop <id>"],
  [["spool", "quarantine", "show", "../x"], "hex digits"],
  [["spool", "ls", "--spool", ""], "spool.directory"],
])("%j is a usage error that says what was expected", async (args, message) => {
  const { code, out, err } = await run(...args);
  expect([code, out]).toEqual([2, ""]);
  expect(err).toContain(message);
});
