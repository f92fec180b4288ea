import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { openDeployment } from "model-data-collector";
import { expect, test } from "vitest";
import { openDataset } from "../../../src/reader.ts";
import {
  makeUnusable,
  requestId as id,
  requestTime,
  unusableLog as log,
  unusableLogRoot,
} from "../reader/unusable-log.ts";
import { storeFile } from "../reader/stored-data.ts";
import { tempFolder } from "../../support/temp-folder.ts";
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
  expect(await told("find", "--where", "n=1", "--from", "2023-11-22", "--to", "2023-11-23")).toHaveLength(2);
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

test("mdc sql has views of the others", async () => {
  expect(await told("sql", "select n from outputs")).toEqual([{ n: 1 }, { n: 1 }]);
  expect(await told("sql")).toMatchObject([{ name: "outputs", files: 2 }]);
  const root = await unusableLogRoot();
  const needed = await run("sql", "select o.n from outputs o join INPUTS using (n)", "--root", root);
  expect(needed).toMatchObject({ code: 3, out: "", err: expect.stringContaining(`${log}: `) });
  await using data = await openDataset(root);
  expect(await data.sql("select n from outputs")).toHaveLength(2);
  await expect(data.sql("describe inputs")).rejects.toMatchObject({ code: "CORRUPT" });
  // Another table that is not there is a mistake of the statement.
  await expect(data.sql("select * from inputs_of_old")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
});

test("mdc ddl defines the others", async () => {
  const root = await tempFolder();
  const spool = { directory: await tempFolder() };
  const deployment = await openDeployment({
    destination: root,
    endpoint: "flights",
    deployment: "blue",
    spool,
  });
  for (const collection of ["inputs", "outputs"]) deployment.collector(collection).collect([{ n: 1 }]);
  await deployment.close();
  makeUnusable(root);
  const statements = await run("ddl", "--engine", "duckdb", "--root", root);
  expect(statements).toMatchObject({
    code: 3,
    err: `unreadable: ${log}: the log of flights/blue/inputs ${reason}\n`,
  });
  const database = await (await DuckDBInstance.create()).connect();
  await database.run(statements.out);
  const tables = "SELECT table_name FROM information_schema.tables";
  expect((await database.runAndReadAll(tables)).getRows()).toEqual([["outputs"]]);
  expect((await run("ddl", "--engine", "duckdb", "inputs", "--root", root)).code).toBe(3);
  const unknown = ["ddl", "--engine", "duckdb", "output", "--root"];
  expect((await run(...unknown, root)).err).toMatch(
    /^mdc: no collection "output" under .*; there are: outputs; did you mean "outputs"\?\n$/,
  );
  expect((await run(...unknown, await unusableLogRoot())).err).toMatch(/; there is none\n$/);
  const other = await run("ddl", "--engine", "duckdb", "outputs", "--root", root);
  expect([other.code, other.err]).toEqual([0, ""]);
});

test("mdc compact leaves its partitions alone, and compacts the others", async () => {
  const root = await unusableLogRoot();
  const folder = (collection: string) =>
    `flights/blue/${collection}/inference_date=2023-11-22/inference_hour=05/`;
  const { code, out } = await run("compact", "--root", root, "--json");
  expect(code).toBe(3);
  expect(JSON.parse(out)).toMatchObject([
    {
      folder: folder("inputs"),
      ...{ status: "unfit", filesBefore: 2, filesAfter: 2 },
      reason: expect.stringContaining(reason) as string,
    },
    { folder: folder("outputs"), status: "compacted", filesBefore: 2, filesAfter: 1 },
  ]);
});

test("mdc erase never says that it is done, whether a row is found or not, and erases those of the others", async () => {
  for (const yes of ["--dry-run", "--yes"]) {
    const root = await unusableLogRoot();
    for (const args of [["n=1", "--collection", "inputs"], ["n=7"], ["n=1", "--whole-requests"], ["n=1"]]) {
      const { code, out } = await run("erase", "--root", root, "--json", yes, "--where", ...args);
      const { key, files } = JSON.parse(out) as { key: unknown; files: unknown[] };
      const left = {
        collection: "inputs",
        status: "unfit",
        reason: expect.stringContaining(reason) as string,
      };
      const has = args[0] === "n=1";
      const isErased = yes === "--yes" && args[1] === "--whole-requests";
      const isFound = has && args[1] !== "--collection" && (yes === "--dry-run" || isErased);
      const others = { collection: "outputs", status: isErased ? "erased" : "found", rows: 1 };
      expect([code, typeof key, files]).toEqual([
        3,
        isErased ? "string" : "object",
        [
          expect.objectContaining({ ...left, path: log, rows: 0 }),
          ...(has ? [left, left].map((one) => expect.objectContaining({ ...one, rows: 1 })) : []),
          ...(isFound ? [others, others].map((one) => expect.objectContaining(one)) : []),
        ],
      ]);
    }
    const rest = await run("find", "--where", "n=1", "--root", root, "--json");
    expect(JSON.parse(rest.out)).toHaveLength(yes === "--yes" ? 0 : 2);
  }
});

test("rows by which others of their requests are found stay while those cannot be erased", async () => {
  const root = await unusableLogRoot();
  storeFile(root, [{ id, requestTime, collection: "outputs", eventId: "who", rows: [{ who: "A-17" }] }], {
    who: "STRING",
  });
  for (const [yes, others] of [
    ["--dry-run", "found"],
    ["--yes", "erased"],
  ] as const) {
    const erase = ["erase", "--where", "who=A-17", "--whole-requests", yes, "--root", root, "--json"];
    const { code, out } = await run(...erase);
    expect(code).toBe(3);
    const { files } = JSON.parse(out) as { files: { status: string; path: string; reason?: string }[] };
    expect(files.map(({ status }) => status)).toEqual(["unfit", "unfit", "unfit", others, others, "unfit"]);
    expect(files.at(-1)?.reason).toContain("the rows of the same requests in flights/blue/inputs/");
  }
  const found = await run("find", "--where", "who=A-17", "--root", root, "--json");
  expect(JSON.parse(found.out)).toHaveLength(1);
});

test("mdc purge leaves all of it, and takes away what the others have", async () => {
  const root = await unusableLogRoot();
  const purge = ["purge", "--older-than", "90d", "--root", root, "--json"];
  for (const yes of ["--dry-run", "--yes"]) {
    const { code, out, err } = await run(...purge, yes);
    expect([code, err]).toEqual([3, expect.stringContaining(`unreadable: ${log}: `)]);
    expect(JSON.parse(out)).toMatchObject([
      { collection: "inputs", partitions: 0, objects: [], unreadable: { path: log } },
      { collection: "outputs", partitions: 1, objects: { length: 2 } },
    ]);
  }
  const { code, out } = await run(...purge, "--yes");
  expect([code, (JSON.parse(out) as object[]).length]).toEqual([3, 1]);
  // No record says that its rows were purged.
  const records = globSync("flights/blue/_upkeep/records/**/*.json*", { cwd: root });
  const texts = records.map((path) => readFileSync(join(root, path), "utf8"));
  expect(texts).toEqual([expect.stringContaining('"outputs"')]);
  expect(texts[0]).not.toContain('"inputs"');
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
  expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining("; there are: inputs, outputs;") });
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
