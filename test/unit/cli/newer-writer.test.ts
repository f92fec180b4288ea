import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type CollectorError, openDeployment } from "model-data-collector";
import { expect, test } from "vitest";
import { segmentStem } from "../../../src/layout/paths/segment-stem.ts";
import { planPath } from "../../../src/layout/upkeep/upkeep-path.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { idAt, storeFile } from "../reader/stored-data.ts";
import { run } from "./run.ts";

/*
 * Of two Delta tables another engine has raised one, `inputs`, to a protocol that this version may read and
 * not write: what is in it is read, nothing of it is changed, and whoever wanted that is told. The other
 * table goes on.
 */

const requestTime = "2023-11-22T05:10:00.000Z";
const id = idAt(requestTime, 1);
const table = "flights/blue/inputs";
const reason = `the log of ${table} wants version 1 of the protocol for reading and 7 for writing; this version knows 1 and 2`;
const [hourFolder, place] = [
  "inference_date=2023-11-22/inference_hour=05",
  { endpoint: "flights", deployment: "blue", start: Date.parse("2023-11-22T05:00Z"), rate: "hour" },
] as const;

function store(root: string, collection: string, n: number): string {
  const eventId = `${collection}-${n}`;
  const name = segmentStem("parquet", { id: String(n).repeat(32), createdAt: Date.parse(requestTime) });
  return storeFile(
    root,
    [{ id, requestTime, collection, eventId, rows: [{ n }] }],
    { n: "DOUBLE" },
    { name: `${name}.parquet` },
  );
}

/** Both tables with two files in their logs, one more that is not, and one that was removed long ago. */
async function stored(): Promise<string> {
  const root = await tempFolder();
  for (const collection of ["inputs", "outputs"]) {
    const [old = ""] = [0, 1, 2].map((n) => store(root, collection, n));
    expect(await run("delta", "init", "--collection", collection, "--root", root)).toMatchObject({ code: 0 });
    const path = old.slice(old.indexOf("inference_date"));
    const remove = { path: encodeURI(path), deletionTimestamp: 1, dataChange: true };
    commit(root, collection, 1, { remove });
    store(root, collection, 3);
  }
  const protocol = {
    minReaderVersion: 1,
    minWriterVersion: 7,
    writerFeatures: ["rowTracking", "domainMetadata"],
  };
  commit(root, "inputs", 2, { protocol });
  return root;
}

function commit(root: string, collection: string, version: number, action: object): void {
  const name = `${String(version).padStart(20, "0")}.json`;
  writeFileSync(join(root, "flights/blue", collection, "_delta_log", name), JSON.stringify(action));
}

/** All files of the deployment that are of that table, with what is in them. */
function bytesOf(root: string, folder = table): ReadonlyMap<string, string> {
  const paths = globSync(`${folder}/**/*.*`, { cwd: root }).filter((path) => /\.\w+$/.test(path));
  return new Map(paths.sort().map((path) => [path, readFileSync(join(root, path), "latin1")]));
}

test("it is read as any other", async () => {
  const root = await stored();
  for (const collection of ["inputs", "outputs"]) {
    const { code, out, err } = await run("head", collection, "--root", root, "--json");
    expect([code, err]).toEqual([0, ""]);
    expect((JSON.parse(out) as { n: number }[]).map(({ n }) => n)).toEqual([1, 2, 3]);
  }
});

test("what would change it leaves it as it is, says so, ends with 3, and does the rest", async () => {
  const left = { path: `${table}/_delta_log`, reason };
  const commands = [
    [["compact"], [{ status: "unfit", reason }, { status: "compacted" }]],
    [
      ["delta", "repair"],
      [{ added: 0, refused: [{ path: left.path, problem: reason }] }, { added: 1 }],
    ],
    [
      ["delta", "vacuum"],
      [{ deleted: 0, problem: reason }, { deleted: 1 }],
    ],
    [
      ["purge", "--older-than", "90d"],
      [{ objects: [], unreadable: left }, { partitions: 1 }],
    ],
  ] as const;
  for (const [command, told] of commands) {
    const root = await stored();
    // Somebody has begun a compaction, and died: what a plan says that nobody can end has to stay.
    const plan = join(root, planPath({ ...place, collection: "inputs", format: "parquet" }));
    mkdirSync(dirname(plan), { recursive: true });
    const dead = { kind: "compact", sources: [], target: "none", at: new Date(0), host: "gone", pid: 1 };
    if (command[0] !== "delta") writeFileSync(plan, JSON.stringify(dead));
    const kept = "flights/blue/{inputs,_upkeep/plans}";
    const [before, others] = [bytesOf(root, kept), bytesOf(root, "flights/blue/outputs")];
    const yes = command[0] === "purge" ? ["--yes"] : [];
    for (const [how, all] of [
      [["--dry-run"], true],
      [yes, true],
      // Of the other table there is nothing more to do.
      [yes, false],
    ] as const) {
      const { code, out, err } = await run(...command, ...how, "--root", root, "--json");
      expect([command, code, err.includes("internal")]).toEqual([command, 3, false]);
      const found = JSON.parse(out) as object[];
      expect(all ? found : found.slice(0, 1)).toMatchObject(all ? told : told.slice(0, 1));
    }
    expect(bytesOf(root, kept)).toEqual(before);
    expect(bytesOf(root, "flights/blue/outputs")).not.toEqual(others);
    const { out } = await run("head", "inputs", "--root", root, "--json");
    expect(JSON.parse(out)).toHaveLength(3);
  }
});

test("no row of it is erased, and it is said which are left", async () => {
  const root = await stored();
  const before = bytesOf(root);
  for (const how of ["--dry-run", "--yes", "--yes"]) {
    const erase = await run("erase", "--where", "n=1", how, "--root", root, "--json");
    expect(erase.code).toBe(3);
    const { files } = JSON.parse(erase.out) as { files: object[] };
    const left = { collection: "inputs", status: "unfit", reason };
    expect(files.slice(0, 2)).toMatchObject([
      { ...left, rows: 0 },
      { ...left, rows: 1 },
    ]);
  }
  expect(bytesOf(root)).toEqual(before);
  const found = await run("find", "--where", "n=1", "--root", root, "--json");
  expect(JSON.parse(found.out)).toMatchObject([{ collection: "inputs" }]);
});

test("a collector stores beside it what it is given, tells that the log lacks it, and writes nothing to the log", async () => {
  const root = await stored();
  const log = bytesOf(root, `${table}/_delta_log`);
  const errors: CollectorError[] = [];
  const deployment = await openDeployment({
    ...{ destination: root, endpoint: "flights", deployment: "blue", table: "delta" },
    spool: { directory: await tempFolder() },
    onError: (error) => void errors.push(error),
  });
  for (const collection of ["inputs", "outputs"]) deployment.collector(collection).collect([{ n: 4 }]);
  await deployment.close();
  expect(errors.map(({ code, message }) => [code, message.includes(reason)])).toEqual([
    ["TABLE_LOG_FAILED", true],
  ]);
  expect(bytesOf(root, `${table}/_delta_log`)).toEqual(log);
  expect(bytesOf(root, "flights/blue/outputs/_delta_log").size).toBe(3);
  for (const collection of ["inputs", "outputs"]) {
    const { code, out } = await run("find", "--where", "n=4", "--in", collection, "--root", root, "--json");
    expect([code, (JSON.parse(out) as object[]).length]).toEqual([0, 1]);
  }
  expect(globSync(`${table}/${hourFolder}/*.parquet`, { cwd: root })).toHaveLength(4);
});
