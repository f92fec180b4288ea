import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { CorrelationContext, openDeployment } from "model-data-collector";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ChildResult, runNode } from "../support/child.ts";
import { root } from "../support/packed-project.ts";
import { disposableFolder } from "../support/temp-folder.ts";

/** The examples, run as a reader of the documentation runs them, and what they stored, read by DuckDB. */

const flights = 2_400;
const requests = 120;
/** Requests whose flights are known to have arrived: not those of the last two days. */
const labelled = 113;
const collections = ["features_derived", "features_scaled", "model_inputs", "model_outputs"];

describe("examples/score.ts", () => {
  let folder: Awaited<ReturnType<typeof disposableFolder>>;
  let first: ChildResult;

  const score = () =>
    runNode(
      [
        "examples/score.ts",
        ...["--flights", String(flights), "--destination", join(folder.path, "collected")],
        ...["--report", join(folder.path, "report.html")],
      ],
      {
        env: { MDC_SPOOL_DIR: join(folder.path, "spool") },
      },
    );
  const mdc = (...args: string[]) =>
    runNode(["dist/cli/main.js", ...args, "--root", join(folder.path, "collected")]);
  const files = (collection: string) =>
    `read_parquet('${join(folder.path, "collected/flights/blue", collection).replaceAll("'", "''")}/**/*.parquet', hive_partitioning = false)`;

  beforeAll(async () => {
    folder = await disposableFolder();
    first = await score();
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  test("delivers every frame and says so", () => {
    expect(first, first.stderr).toMatchObject({ code: 0 });
    expect(first.stdout).toContain(`scored ${flights} flights in ${requests} requests`);
    const frames = requests * collections.length + labelled;
    expect(first.stdout).toContain(`frames: ${frames} delivered, 0 left in the spool, 0 dropped`);
    expect(first.stderr).toBe("");
  });

  test("stores every row of every collection once, inputs and outputs joining without loss", async () => {
    for (const collection of collections) {
      const [counts] = await query(`
        select count(*)::int as rows, count(distinct mdc_correlation_id)::int as requests,
          count(distinct (mdc_event_id, mdc_row_index))::int as keys from ${files(collection)}`);
      expect(counts, collection).toEqual({ rows: flights, requests, keys: flights });
    }
    for (const other of collections.filter((collection) => collection !== "model_inputs")) {
      const [joined] = await query(`
        select count(*)::int as rows, count(i.mdc_row_index)::int as inputs, count(o.mdc_row_index)::int as others
        from ${files("model_inputs")} i full join ${files(other)} o using (mdc_correlation_id, mdc_row_index)`);
      expect(joined, other).toEqual({ rows: flights, inputs: flights, others: flights });
    }
  });

  test("stores exactly the flights that were scored, with their types", async () => {
    const source = "node_modules/vega-datasets/data/flights-3m.parquet";
    const season = (from: string, to: string, count: number) => `
      (select departed, origin, destination, distance, origin_late_yesterday from flights
       where departed >= '${from}' and departed < '${to}'
       order by hash(departed, origin, destination), departed, origin, destination, distance, late limit ${count})`;
    const scored = `
      with flown as (
        select date as departed, origin, destination, distance::double as distance, delay >= 15 as late from '${source}'),
      days as (
        select origin, departed::date + 1 as day, avg(late::int) as origin_late_yesterday from flown group by all),
      flights as (
        select flown.*, origin_late_yesterday
        from flown join days on flown.origin = days.origin and departed::date = day)
      ${season("2001-02-12", "2001-02-26", 960)} union all ${season("2001-06-01", "2001-06-22", 1440)}`;
    const stored = `select departed at time zone 'UTC', origin, destination, distance, origin_late_yesterday from ${files("model_inputs")}`;
    expect(await query(`(${scored}) except all (${stored})`)).toEqual([]);
    expect(await query(`(${stored}) except all (${scored})`)).toEqual([]);
    const types = await query(`select column_name, column_type from (describe from ${files("model_inputs")})
      where not starts_with(column_name, 'mdc_')`);
    expect(types.map((row) => Object.values(row))).toEqual([
      ["departed", "TIMESTAMP WITH TIME ZONE"],
      ["origin", "VARCHAR"],
      ["destination", "VARCHAR"],
      ["distance", "DOUBLE"],
      ["origin_late_yesterday", "DOUBLE"],
    ]);
  });

  test("ties each row's features before and after scaling to its prediction", async () => {
    const [check] = await query(`
      select count(*)::int as rows,
        count(*) filter (abs(d.hour - hour(i.departed at time zone 'UTC') - minute(i.departed at time zone 'UTC') / 60) < 1e-9)::int as hours,
        corr(d.distance, s.distance) as scaling,
        count(*) filter (o.late = (o.late_probability >= 0.5))::int as decisions
      from ${files("model_inputs")} i
      join ${files("features_derived")} d using (mdc_correlation_id, mdc_row_index)
      join ${files("features_scaled")} s using (mdc_correlation_id, mdc_row_index)
      join ${files("model_outputs")} o using (mdc_correlation_id, mdc_row_index)`);
    expect(check).toEqual({
      rows: flights,
      hours: flights,
      scaling: expect.closeTo(1, 9),
      decisions: flights,
    });
  });

  test("stores what became of the flights, row by row, as far as it is known", async () => {
    const [check] = await query(`
      select count(*)::int as rows, count(distinct l.mdc_correlation_id)::int as requests,
        count(i.mdc_row_index)::int as matched, max(i.departed) < '2001-06-20 12:00:00+00' as early
      from ${files("labels")} l left join ${files("model_inputs")} i using (mdc_correlation_id, mdc_row_index)`);
    expect(check).toEqual({ rows: 20 * labelled, requests: labelled, matched: 20 * labelled, early: true });
  });

  test("ends with what has changed since winter, and a page that tells the whole story", async () => {
    const [, drifted = "", path = ""] =
      /^is summer as winter was\? breach: (.*) drifted\nthe whole story, for a browser: (.*)$/m.exec(
        first.stdout,
      ) ?? [];
    expect(drifted).toContain("model_inputs.origin_late_yesterday");
    expect(drifted).not.toContain("distance");
    const page = await readFile(path, "utf8");
    expect(page).toMatch(/<h1>\d of \d features drifted<\/h1>/);
    expect(page).toContain("model_outputs.late</bdi> held against <bdi>labels.late");
  });

  test("suggests commands that work on what it stored", async () => {
    const lines = first.stdout.split("\n").map((line) => line.trim());
    const suggested = lines.filter((line) => line.startsWith("npx mdc "));
    expect(suggested.map((line) => line.split(" ")[2])).toEqual(["ls", "head", "trace"]);
    for (const line of suggested) {
      const result = await runNode(["dist/cli/main.js", ...line.split(" ").slice(2)]);
      expect(result, line).toMatchObject({ code: 0, stderr: "" });
      expect(result.stdout.split("\n").length, line).toBeGreaterThan(collections.length);
    }
    const sql = /duckdb -c "(.*)"$/m.exec(first.stdout)?.[1];
    expect(await query(sql ?? "")).not.toEqual([]);
  });

  test("lets a reader of mdc's output stop early, as head -1 does", async () => {
    const args = ["dist/cli/main.js", "head", "model_inputs", "-n", String(flights), "--json"];
    const child = spawn(process.execPath, [...args, "--root", join(folder.path, "collected")]);
    let stderr = "";
    child.stderr.on("data", (chunk) => (stderr += String(chunk)));
    child.stdout.once("data", () => child.stdout.destroy());
    const [code] = await once(child, "close");
    expect([code, stderr]).toEqual([0, ""]);
  });

  test("run again, adds files and leaves the first ones alone", async () => {
    const before = storedFiles(join(folder.path, "collected"));
    const second = await score();
    expect(second, second.stderr).toMatchObject({ code: 0, stderr: "" });
    const after = storedFiles(join(folder.path, "collected"));
    expect(after).toEqual(expect.arrayContaining(before));
    // More than one file each where the run straddled an hour.
    expect(after.length).toBeGreaterThanOrEqual(before.length + collections.length);
    const listed = JSON.parse((await mdc("ls", "--json")).stdout) as { name: string; rows: number }[];
    const rowsOf = (name: string) => listed.find((one) => one.name === name)?.rows;
    expect(collections.map(rowsOf)).toEqual(collections.map(() => 2 * flights));
    expect(rowsOf("labels")).toBe(2 * 20 * labelled);
  });
});

describe("README.md", () => {
  test("its query runs on what its first example stores, and filters by hour", async () => {
    await using folder = await disposableFolder();
    const destination = join(folder.path, "collected");
    const spool = { directory: join(folder.path, "spool") };
    await using deployment = await openDeployment({ destination, spool });
    for (const hour of [5, 6, 23]) {
      const context = CorrelationContext.create({ requestTime: new Date(Date.UTC(2026, 10, 22, hour, 30)) });
      deployment.collector("model_inputs").collect([{ distance: hour, origin: "JFK" }], context);
      deployment.collector("model_outputs").collect([{ late: false, probability: hour / 24 }], context);
    }
    await deployment.flush();
    const readme = await readFile(join(root, "README.md"), "utf8");
    const queries = [...readme.matchAll(/^```sql\n([^]*?)^```/gm)].map(([, sql = ""]) => sql);
    expect(queries).toHaveLength(1);
    for (const sql of queries) {
      expect(sql).toContain("'collected/");
      const rows = await query(sql.replaceAll("'collected/", `'${destination.replaceAll("'", "''")}/`));
      const found = new Map(rows.map(({ distance, probability }) => [distance, probability]));
      expect([rows.length, found]).toEqual([
        2,
        new Map([
          [6, 6 / 24],
          [23, 23 / 24],
        ]),
      ]);
    }
  });
});

describe("examples/azure-blob.ts", () => {
  const [some, someRequests] = [430, 22];

  test("stores the blobs it lists and reads them back", async () => {
    const { code, stdout, stderr } = await runNode(["examples/azure-blob.ts", "--flights", String(some)]);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(
      `frames: ${someRequests * collections.length} delivered, 0 left in the spool, 0 dropped`,
    );
    const blobs = stdout.split("\n").filter((line) => /^ +\d+ bytes {2}.*\.parquet$/.test(line));
    for (const collection of collections) {
      expect(
        blobs.filter((line) => line.includes(`/collected/flights/blue/${collection}/`.slice(1))),
      ).toHaveLength(1);
      expect(stdout).toMatch(new RegExp(`^  ${collection}: ${some % 20} rows$`, "m"));
    }
    expect(stdout.match(/\{"late_probability":[\d.]+,"late":(true|false)\}/g)).toHaveLength(3);
  });
});

function storedFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".parquet"));
}

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const database = await DuckDBInstance.create(":memory:", { threads: "2" });
  const connection = await database.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJS();
  } finally {
    connection.closeSync();
    database.closeSync();
  }
}
