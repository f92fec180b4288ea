import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { openDataset } from "../../../src/reader.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { idAt, storeFile } from "../reader/stored-data.ts";
import { run } from "./run.ts";

/*
 * Of two collections one is a Delta table whose log cannot be used. Nobody knows which of its files
 * count, so nothing is told of them; the other collection is read, and the log is named.
 */

const requestTime = "2026-11-22T05:10:00.000Z";
const id = idAt(requestTime, 1);
const log = "flights/blue/inputs/_delta_log";
const reason = "does not say what the table is";

async function sampleRoot(): Promise<string> {
  const root = await tempFolder();
  for (const collection of ["inputs", "outputs"])
    for (const eventId of [`${collection}-1`, `${collection}-2`])
      storeFile(root, [{ id, requestTime, collection, eventId, rows: [{ n: 1 }] }], { n: "DOUBLE" });
  const commit = join(root, log, `${"0".repeat(20)}.json`);
  mkdirSync(dirname(commit), { recursive: true });
  writeFileSync(commit, JSON.stringify({ protocol: { minReaderVersion: 1, minWriterVersion: 2 } }));
  return root;
}

/** What a command told of both collections: what it found as JSON, once the log was named, once. */
async function told(...args: string[]): Promise<unknown> {
  const { code, out, err } = await run(...args, "--root", await sampleRoot(), "--json");
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
  const only = await run("find", "--where", "n=1", "--in", "outputs", "--root", await sampleRoot(), "--json");
  expect([only.code, only.err]).toEqual([0, ""]);
});

test("mdc trace shows what the others have of a request", async () => {
  const of = { collection: "outputs" };
  expect(await told("trace", id)).toMatchObject({ records: [of, of] });
  expect(await told("trace", id, "--everywhere")).toMatchObject({ records: [of, of] });
  expect(await told("trace", "unknown")).toMatchObject({ records: [] });
});

test("who does not ask to be told of it gets an error, after all", async () => {
  await using data = await openDataset(await sampleRoot());
  const error = { code: "CORRUPT", message: expect.stringContaining(log) as string };
  await expect(data.find({ where: { n: 1 } })).rejects.toMatchObject(error);
  await expect(data.trace(id)).rejects.toMatchObject(error);
});
