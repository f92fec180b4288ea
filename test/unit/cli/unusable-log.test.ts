import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { openDataset } from "../../../src/reader.ts";
import { requestId as id, requestTime, unusableLog as log, unusableLogRoot } from "../reader/unusable-log.ts";
import { run } from "./run.ts";

/*
 * Of two collections one is a Delta table whose log cannot be used. Nobody knows which of its files
 * count, so nothing is told of them; the other collection is read, and the log is named.
 */

const reason = "does not say what the table is";

/** What a command told of both collections: what it found as JSON, once the log was named, once. */
async function told(...args: string[]): Promise<unknown> {
  const { code, out, err } = await run(...args, "--root", await unusableLogRoot(), "--json");
  expect(err.split("\n").filter((line) => line.includes(log))).toEqual([
    expect.stringMatching(new RegExp(`^unreadable: ${log}: .*${reason}`)),
  ]);
  expect(code).toBe(3);
  return JSON.parse(out) as unknown;
}

test("mdc ls lists the others, and that one without rows", async () => {
  expect(await told("ls")).toMatchObject([
    { name: "inputs", files: 2, rows: 0, columns: [], unreadable: [{ path: log }] },
    { name: "outputs", files: 2, rows: 2, unreadable: [] },
  ]);
});

test("mdc find looks through the others, whether there is something to find or not", async () => {
  const found = { collection: "outputs", row: { n: 1 } };
  expect(await told("find", "--where", "n=1")).toMatchObject([found, found]);
  expect(await told("find", "--where", "n=1", "--from", "2026-11-22", "--to", "2026-11-23")).toHaveLength(2);
  expect(await told("find", "--where", "n=2")).toEqual([]);
  // A collection that was not asked for is not told of.
  const only = await run(
    "find",
    "--where",
    "n=1",
    "--in",
    "outputs",
    "--root",
    await unusableLogRoot(),
    "--json",
  );
  expect([only.code, only.err]).toEqual([0, ""]);
});

test("mdc trace shows what the others have of a request", async () => {
  const of = { collection: "outputs" };
  expect(await told("trace", id)).toMatchObject({ records: [of, of] });
  expect(await told("trace", id, "--everywhere")).toMatchObject({ records: [of, of] });
  expect(await told("trace", "unknown")).toMatchObject({ records: [] });
});

test("mdc completeness and verify take all its files for bad", async () => {
  const hour = (collection: string, reasons: unknown) => ({ collection, storedRows: 0, reasons });
  expect(await told("completeness")).toMatchObject([
    hour("inputs", expect.arrayContaining(["2 files that cannot be read"])),
    { collection: "outputs", foundRows: 2 },
  ]);
  const { code, out } = await run("verify", "--root", await unusableLogRoot(), "--json");
  expect(code).toBe(3);
  const { findings } = JSON.parse(out) as { findings: unknown[] };
  expect(findings).toContainEqual(
    expect.objectContaining({ kind: "unreadable", where: "flights/blue/inputs" }),
  );
});

test("what asks for another collection alone is not told of it", async () => {
  const root = await unusableLogRoot();
  const asked = [
    ["head", "outputs"],
    ["tail", "outputs"],
    ["export", "outputs", "-o", join(root, "..", `${basename(root)}.csv`)],
    ["profile", "outputs"],
    ["compact", "--collection", "outputs"],
  ];
  for (const [command = "", ...args] of asked) {
    const { code, err } = await run(command, ...args, "--root", root);
    expect([command, code, err.includes(log)]).toEqual([command, 0, false]);
  }
  const unknown = await run("head", "output", "--root", root);
  expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining("(inputs, outputs)") });
  const own = await run("head", "inputs", "--root", root);
  expect(own).toMatchObject({ code: 3, err: expect.stringContaining(log) });
});

test("mdc monitor looks at the others, and says where their results are kept", async () => {
  const root = await unusableLogRoot();
  const to = new Date(Date.parse(requestTime) + 3_600_000).toISOString();
  const { code, err } = await run(
    "monitor",
    "outputs",
    "--window",
    "1h",
    "--against",
    "previous",
    "--to",
    to,
    "--root",
    root,
  );
  expect([code, err]).toEqual([0, ""]);
});

test("labels are read beside it", async () => {
  await using data = await openDataset(await unusableLogRoot());
  expect(await data.labels()).toEqual([]);
});

test("who does not ask to be told of it gets an error, after all", async () => {
  await using data = await openDataset(await unusableLogRoot());
  const error = { code: "CORRUPT", message: expect.stringContaining(log) as string };
  await expect(data.find({ where: { n: 1 } })).rejects.toMatchObject(error);
  await expect(data.trace(id)).rejects.toMatchObject(error);
});
