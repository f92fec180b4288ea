import { existsSync, globSync, readFileSync, renameSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { runScript, scratch } from "../support/scratch.ts";

const opening = (options: object): string => `
  import { openDeployment } from "model-data-collector";
  const errors = [];
  const deployment = await openDeployment({ ...${JSON.stringify(options)}, onError: ({ code, message }) => errors.push(code + " " + message) });
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const report = (more) => console.log(JSON.stringify({ frames: deployment.stats().frames, errors, ...more }));
  const columns = (count, make) => Object.fromEntries(Array.from({ length: count }, (_, k) => ["feature_" + k, make(k)]));`;

interface Outcome {
  readonly frames: { offered: number; delivered: number; spooled: number; buffered: number; dropped: object };
  readonly errors: string[];
}

async function query(sql: string): Promise<Record<string, unknown> | undefined> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run("SET threads = 1; SET preserve_insertion_order = false");
  const [row] = (await connection.runAndReadAll(sql)).getRowObjectsJS();
  return row;
}

test.each([
  ["jsonl", "group"],
  ["jsonl", "frame"],
  ["jsonl", "memory"],
  ["parquet", "group"],
])(
  "a frame of 100,000 texts in each of 20 columns of numbers arrives as %s, durability %s, and holds up nothing",
  async (format, durability) => {
    const { env, destination } = await scratch();
    const rows = 100_000;
    const body = `${opening({ format, endpoint: "e", deployment: "d", spool: { durability } })}
      const large = deployment.collector("large");
      large.collect([columns(20, () => 0.5)]);
      await deployment.flush({ deadlineMs: 30_000 });
      large.collect(columns(20, (k) => Array.from({ length: ${rows} }, (_, i) => "v" + (i * (k + 1)) % 1000)));
      deployment.collector("other").collect([{ a: 0.5 }]);
      await deployment.close({ deadlineMs: 60_000 });
      report();`;
    const { code, stdout, stderr } = await runScript(body, { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { frames, errors } = JSON.parse(stdout) as Outcome;
    expect(frames).toMatchObject({ offered: 3, delivered: 3, spooled: 0, buffered: 0, dropped: {} });
    expect(errors.join()).not.toContain("died");
    const folder = join(destination, "e/d/large");
    const sums = "count(*) AS rows, count(DISTINCT text) AS texts, max(text) AS last";
    const text =
      format === "parquet"
        ? `SELECT mdc_rejected ->> 'feature_7' AS text FROM '${folder}/**/*.parquet' WHERE mdc_rejected IS NOT NULL`
        : `SELECT json ->> 'feature_7' AS text FROM read_json_objects('${rejectedFile(folder)}', format = 'array')`;
    expect(await query(`SELECT ${sums} FROM (${text})`)).toEqual({
      rows: BigInt(rows),
      texts: 125n,
      last: "v992",
    });
  },
);

/** What the record of the large frame says of the cells that did not fit. */
function rejectedFile(folder: string): string {
  for (const path of globSync("**/*.jsonl", { cwd: folder })) {
    const record = JSON.parse(readFileSync(join(folder, path), "utf8")) as Record<string, string>;
    const { dataref, mdcrejectedref } = record;
    if (dataref === undefined || mdcrejectedref === undefined) continue;
    const beside = join(folder, dirname(path));
    expect([dataref, mdcrejectedref].map((name) => existsSync(join(beside, name)))).toEqual([true, true]);
    return join(beside, mdcrejectedref);
  }
  return expect.unreachable("no record refers to an object beside it");
}

test("a frame of more than 64 MiB arrives where the limits allow it", async () => {
  const { env, destination } = await scratch();
  const limits = { maxFrameBytes: 2 ** 30, maxMemoryBytes: 2 ** 30, maxCollectMs: 60_000 };
  const rows = 500_000;
  const body = `${opening({ limits, endpoint: "e", deployment: "d" })}
    deployment.collector("large").collect(columns(25, (k) => new Float64Array(${rows}).fill(k)));
    await deployment.close({ deadlineMs: 60_000 });
    report();`;
  const { code, stdout, stderr } = await runScript(body, { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(stdout)).toMatchObject({ frames: { offered: 1, delivered: 1, dropped: {} }, errors: [] });
  expect(
    await query(`SELECT count(*) AS rows, sum(feature_24) AS sum FROM '${destination}/**/*.parquet'`),
  ).toEqual({
    rows: BigInt(rows),
    sum: rows * 24,
  });
});

test("what ended processes before is set aside, or tried again when its process waits for it, while others arrive; and ends none", async () => {
  const { env, folder, destination, spool } = await scratch();
  const nowhere = join(folder, "a-file");
  await writeFile(nowhere, "");
  const left = await runScript(
    `${opening({ destination: nowhere, endpoint: "e", deployment: "d" })}
      for (const name of ["three", "eight", "none"]) deployment.collector(name).collect([{ a: 0.5 }]);
      await deployment.close({ deadlineMs: 1_000 });
      report();`,
    { env },
  );
  expect(left.code).toBe(0);
  // A destination that cannot be reached is no attempt. What is told of frames may be a segment of its own.
  const segments = globSync("mc1/*/*.seg", { cwd: spool }).filter(
    (path) => !readFileSync(join(spool, path)).subarray(0, 1_024).includes('["ledger",'),
  );
  expect(segments.map((path) => basename(path).replace(/^[0-9a-f]{32}/, ""))).toEqual([
    ".seg",
    ".seg",
    ".seg",
  ]);
  for (const path of segments) {
    const bytes = readFileSync(join(spool, path), "latin1");
    const begun = bytes.includes('"three"') ? 3 : bytes.includes('"eight"') ? 8 : 0;
    if (begun > 0) renameSync(join(spool, path), join(spool, path.replace(".seg", `.a${begun}.seg`)));
  }
  const body = `${opening({ endpoint: "e", deployment: "d" })}
    deployment.collector("fresh").collect([{ a: 0.5 }]);
    await sleep(1_500);
    const { leftInSpool } = await deployment.close({ deadlineMs: 2_000 });
    report({ leftInSpool });`;
  const { code, stdout } = await runScript(body, { env });
  expect(code).toBe(0);
  const { errors } = JSON.parse(stdout) as Outcome;
  const arrived = globSync("e/d/*/inference_date=*/**/*.parquet", { cwd: destination }).map(
    (path) => path.split("/")[2],
  );
  expect(new Set(arrived)).toEqual(new Set(["fresh", "none", "three"]));
  expect(globSync("mc1/quarantine/*.poison.seg", { cwd: spool })).toHaveLength(1);
  expect(globSync("mc1/*/*.seg", { cwd: spool })).toEqual(globSync("mc1/quarantine/*.seg", { cwd: spool }));
  expect(errors.join()).toContain("begun 8 times and came to no end");
});
