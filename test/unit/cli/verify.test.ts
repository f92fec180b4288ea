import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import type { ColumnType } from "../../../src/layout/column-type.ts";
import { pinsBytes } from "../../../src/layout/pinned-schema.ts";
import type { Verification } from "../../../src/reader/verify/verify.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { storeFile } from "../reader/stored-data.ts";
import { run } from "./run.ts";

const requestTime = "2026-01-22T05:10:00.000Z";

async function folder(): Promise<string> {
  const root = await tempFolder();
  for (const collection of ["model_inputs", "model_outputs"]) {
    const columns = new Map<string, ColumnType>([["a", "float64"]]);
    const path = join(root, `flights/blue/_schema/${collection}/schema-000001.json`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, pinsBytes({ version: 1, collection, rollingRate: "hour", columns }));
  }
  return root;
}

function store(
  root: string,
  collection: string,
  id: string,
  more: Partial<Parameters<typeof storeFile>[1][0]> = {},
): string {
  return storeFile(root, [{ collection, id, requestTime, rows: [{ a: 1 }], ...more }], { a: "DOUBLE" });
}

async function verified(
  root: string,
  ...args: string[]
): Promise<{ code: number; found: [string, string, string][] }> {
  const { code, out } = await run("verify", "--root", root, "--json", ...args);
  const { findings } = JSON.parse(out) as Verification;
  // Of these files no process has told in a ledger, so what it lacks is not looked at here.
  const told = findings.filter(({ kind }) => kind !== "untold" && kind !== "gap");
  return { code, found: told.map(({ kind, where, message }) => [kind, where, message]) };
}

test("what is sound has no findings", async () => {
  const root = await folder();
  store(root, "model_inputs", "o-1");
  store(root, "model_outputs", "o-1");
  // What else the package stores is not foreign.
  for (const path of [
    "_bodies/request/inference_date=2026-01-22/inference_hour=05/0193512345677abc8def0123456789ab.bin",
    "_monitor/2026-01-22/20260122T060000Z-0123456789abcdef.json",
  ]) {
    mkdirSync(dirname(join(root, "flights/blue", path)), { recursive: true });
    writeFileSync(join(root, "flights/blue", path), "{}");
  }
  expect(await verified(root, "--full")).toEqual({ code: 0, found: [] });
  expect(await run("verify", "--root", root, "--from", "2026-02-01")).toMatchObject({ code: 0, out: "" });
});

test("each kind of trouble is found where it is, with what to do", async () => {
  const root = await folder();
  const copied = { eventId: "e-1" };
  const first = store(root, "model_inputs", "o-1", copied);
  const second = store(root, "model_inputs", "o-1", copied);
  const skewed = store(root, "model_inputs", "o-2", { eventTime: "2026-01-22T05:00:00.000Z" });
  const future = store(root, "model_inputs", "o-3", { eventTime: "2099-01-01T00:00:00.000Z" });
  const typed = storeFile(
    root,
    [{ collection: "model_inputs", id: "o-4", requestTime, rows: [{ a: "x", b: 1 }] }],
    {
      a: "STRING",
      b: "DOUBLE",
    },
  );
  const inside = { collection: "model_inputs", id: "o-5", requestTime, rows: [{ a: 1 }] };
  const misplaced = storeFile(
    root,
    [inside, { ...inside, id: "o-6", requestTime: "2026-01-22T07:00:00.000Z" }],
    { a: "DOUBLE" },
  );
  const theirs = store(root, "theirs", "o-1");
  const broken = store(root, "model_outputs", "o-9");
  truncateSync(join(root, broken), 40);
  writeFileSync(join(root, "flights/blue/model_inputs/notes.txt"), "hello");
  for (let i = 1; i < 6; i++) store(root, "model_outputs", `o-${i}`);
  const { code, found } = await verified(root);
  expect(code).toBe(3);
  expect(found).toHaveLength(10);
  expect(found).toEqual(
    expect.arrayContaining([
      ["duplicate", second, `1 row that ${first} has, too`],
      ["clock", skewed, "1 row collected more than 5 min before their request"],
      ["clock", future, "1 row collected in the future"],
      ["type", typed, 'column "a" is string, and float64 is pinned'],
      ["unpinned", typed, 'no type is pinned for column "b"'],
      ["misplaced", misplaced, "1 row of requests outside its partition"],
      ["unpinned", theirs, "no types are pinned for its collection"],
      ["unreadable", broken, expect.stringContaining("")],
      ["foreign", "flights/blue/model_inputs/notes.txt", "it is no path of this package's"],
      [
        "orphan",
        "flights/blue/model_inputs",
        "1 request of 6 without anything in model_outputs, such as o-6",
      ],
    ]),
  );
  const { out, err } = await run("verify", "--root", root);
  expect(out).toContain(
    `problem: duplicate: ${second}: 1 row that ${first} has, too\n  rows are told apart by`,
  );
  expect(err).toMatch(/^\d+ rows in 13 files: \d+ problems, \d+ notes\n$/);
});

test("many of a kind are counted, and notes alone are no failure", async () => {
  const root = await folder();
  for (let i = 0; i < 25; i++) writeFileSync(join(root, `note-${i}`), "");
  const { code, found } = await verified(root);
  expect(code).toBe(0);
  expect(found).toHaveLength(21);
  expect(found.at(-1)).toEqual(["foreign", "", "5 more of this kind"]);
});
