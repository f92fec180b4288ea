import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, test } from "vitest";
import { runNode } from "../support/child.ts";
import { tempFolder } from "../support/temp-folder.ts";

/*
 * One frame of many megabytes is encoded by a process whose heap has 40 MB. What the encoders keep of a frame
 * as values of JS would not fit into it: V8 would end the process.
 */
const heap = ["--max-old-space-size=40", "--max-semi-space-size=2"];

async function encode(format: string, frame: string, fit: string): Promise<{ path: string; beside: number }> {
  const path = join(await tempFolder(), `frame.${format}`);
  const script = join(import.meta.dirname, "encoding-process.ts");
  const { code, stdout, stderr } = await runNode([...heap, script, format, frame, fit, path]);
  expect({ code, stderr: stderr.replace(/^.*ExperimentalWarning[^]*?\n.*\n/, "") }).toEqual({
    code: 0,
    stderr: "",
  });
  return { path, beside: (JSON.parse(stdout) as { beside: number }).beside };
}

async function query(sql: string): Promise<Record<string, unknown>> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run("SET threads = 1; SET TimeZone = 'UTC'");
  const [row] = (await connection.runAndReadAll(sql)).getRowObjectsJS();
  return Object.fromEntries(Object.entries(row ?? {}).map(([name, value]) => [name, Number(value)]));
}

/** What the columns of `encoding-process.ts` add up to. */
function sums(rows: number) {
  let [texts, items, seconds, doubles] = [0, 0, 0, 0];
  for (let row = 0; row < rows; row++) {
    texts += `value "${row}" \\ ü`.length;
    for (let i = 0; i < row % 3; i++) items += row + i / 2;
    seconds += row;
    doubles += row / 6;
  }
  return { rows, texts, distinct: rows, items, json: seconds, seconds, integers: seconds * 5, doubles };
}

const sumsOf = (
  text: string,
  list: string,
  json: string,
  seconds: string,
  integer: string,
  double: string,
): string =>
  `SELECT count(*) AS rows, sum(length(${text})) AS texts, count(DISTINCT ${text}) AS distinct, ` +
  `sum(list_sum(${list})) AS items, sum((${json} ->> 'row')::BIGINT) AS json, sum(${seconds}) AS seconds, ` +
  `sum(${integer}) AS integers, sum(${double}) AS doubles`;

/** The columns as they were stored, and as what did not fit. */
const stored = {
  parquet: sumsOf("c0", "c1", "c2", "epoch(c3)", "c4", "c5"),
  jsonl: sumsOf("c0", "c1", "to_json(c2)", "c3 / 1000", "c4", "c5"),
};
const rejected = (object: string): string =>
  sumsOf(
    `(${object} ->> 'c0')`,
    `(${object} -> 'c1')::DOUBLE[]`,
    `(${object} -> 'c2')`,
    `epoch((${object} ->> 'c3')::TIMESTAMP)`,
    `(${object} ->> 'c4')::BIGINT`,
    `(${object} ->> 'c5')::DOUBLE`,
  );

describe.each([
  ["wide", 25_000],
  ["tall", 200_000],
] as const)(
  "a %s frame of %i rows, with texts, lists, objects, instants, integers and doubles",
  (frame, rows) => {
    const expected = Object.fromEntries(
      Object.entries(sums(rows)).map(([name, value]) => [name, expect.closeTo(value, 0)]),
    );

    test("as Parquet", async () => {
      const { path } = await encode("parquet", frame, "fitting");
      expect(await query(`${stored.parquet} FROM '${path}'`)).toEqual(expected);
    });

    test("as Parquet, with nothing that fits its column", async () => {
      const { path } = await encode("parquet", frame, "misfitting");
      expect(await query(`${rejected("mdc_rejected")} FROM '${path}'`)).toEqual(expected);
      const [none, lists] = [
        "c0 IS NULL AND c2 IS NULL AND c3 IS NULL AND c4 IS NULL AND c5 IS NULL",
        "c1 = []",
      ];
      // A list without items fits every list.
      expect(
        await query(
          `SELECT count(*) FILTER (${none}) AS none, count(*) FILTER (${lists}) AS lists FROM '${path}'`,
        ),
      ).toEqual({
        none: rows,
        lists: Math.ceil(rows / 3),
      });
    });

    test("as JSON lines", async () => {
      const { path, beside } = await encode("jsonl", frame, "fitting");
      const record = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
      // As no other record has rows, these would stand here, were they not more than 16 MiB.
      expect(beside).toBe(frame === "wide" ? 0 : 1);
      expect(record).toMatchObject(frame === "wide" ? {} : { dataref: "beside-0" });
      expect(Object.hasOwn(record, "data")).toBe(frame === "wide");
      if (frame === "wide") writeFileSync(`${path}-0.json`, JSON.stringify(record["data"]));
      const from = `FROM read_json('${path}-0.json', format = 'array')`;
      expect(await query(`${stored.jsonl} ${from}`)).toEqual(expected);
    });

    test("as JSON lines, with nothing that fits its column", async () => {
      const { path, beside } = await encode("jsonl", frame, "misfitting");
      expect(beside).toBe(1);
      const record = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
      expect(record).toMatchObject({ mdcrejectedref: "beside-0" });
      expect(record["data"]).toHaveLength(rows);
      const from = `FROM read_json_objects('${path}-0.json', format = 'array')`;
      expect(await query(`${rejected("json")} ${from}`)).toEqual(expected);
    });
  },
);

describe("cells of 16 MiB each, of whatever type", () => {
  const size = 16 * 1024 * 1024;
  const items = size / 16;

  test("as Parquet", async () => {
    const { path } = await encode("parquet", "huge", "fitting");
    const sql =
      "SELECT length(c0) AS text, len(c1) AS items, length(c2) AS json, epoch(c3) AS seconds, c4 AS integer";
    expect(await query(`${sql} FROM '${path}'`)).toEqual({
      text: size,
      items,
      json: size,
      seconds: 0,
      integer: 0,
    });
  });

  test("as JSON lines, with nothing that fits its column", async () => {
    const { path } = await encode("jsonl", "huge", "misfitting");
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ mdcrejectedref: "beside-0" });
    const [row] = JSON.parse(readFileSync(`${path}-0.json`, "utf8")) as [Record<string, unknown>];
    expect(row["c0"]).toBe('"'.repeat(size));
    expect(row["c1"]).toEqual(Array.from({ length: items }, (_, i) => i / 2));
    expect(row).toMatchObject({ c2: { row: 0 }, c3: "1970-01-01T00:00:00.000Z", c4: "0" });
  });
});
