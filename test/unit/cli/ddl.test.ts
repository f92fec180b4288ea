import { DuckDBInstance } from "@duckdb/node-api";
import { list, openDeployment } from "model-data-collector";
import { describe, expect, test } from "vitest";
import { engines } from "../../../src/reader/ddl/definitions.ts";
import { placeOf } from "../../../src/reader/ddl/table-place.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { run } from "./run.ts";

const strange = "a'b\"c`d\\e]f\ng";

async function stored(): Promise<string> {
  const root = await tempFolder();
  const spool = { directory: await tempFolder() };
  const blue = await openDeployment({ destination: root, endpoint: "flights", deployment: "blue", spool });
  const schema = {
    n: "int64",
    at: "timestamp",
    tags: list("string"),
    meta: "json",
    raw: "binary",
    late: "boolean",
  } as const;
  blue.collector("model_inputs", { schema: { ...schema, [strange]: "float64" } }).collect([
    {
      n: 2n ** 60n,
      at: new Date(0),
      tags: ["x"],
      meta: {},
      raw: Buffer.from("y"),
      late: true,
      [strange]: 1.5,
    },
  ]);
  blue.collector("a-b").collect([{ x: 1 }]);
  blue.collector("a.b").collect([{ x: 2 }]);
  await blue.close();
  const green = await openDeployment({ destination: root, endpoint: "flights", deployment: "green", spool });
  green.collector("model_inputs").collect([{ distance: 3 }, { distance: 4 }]);
  await green.close();
  return root;
}

test("what it prints for DuckDB defines a table of each collection, with all rows, columns and types", async () => {
  const root = await stored();
  const { code, out, err } = await run("ddl", "--engine", "duckdb", "--root", root);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  const database = await (await DuckDBInstance.create()).connect();
  await database.run(out);
  const rows = async (query: string) => (await database.runAndReadAll(query)).getRowObjectsJson();
  expect(await rows("SELECT table_name FROM information_schema.tables ORDER BY table_name")).toEqual(
    ["a_b", "a_b_2", "flights_blue_model_inputs", "flights_green_model_inputs"].map((name) => ({
      table_name: name,
    })),
  );
  expect(await rows("SELECT x FROM a_b UNION ALL SELECT x FROM a_b_2")).toEqual([{ x: 1 }, { x: 2 }]);
  const quoted = `"${strange.replaceAll('"', '""')}"`;
  expect(
    await rows(
      `SELECT n, epoch_ms("at") AS at, tags, meta, CAST(raw AS VARCHAR) AS raw, late, ${quoted} AS strange,
       mdc_row_index, typeof(inference_date) AS date FROM flights_blue_model_inputs WHERE inference_hour >= 0`,
    ),
  ).toEqual([
    {
      n: String(2n ** 60n),
      at: "0",
      tags: ["x"],
      meta: "{}",
      raw: "y",
      late: true,
      strange: 1.5,
      mdc_row_index: 0,
      date: "DATE",
    },
  ]);
  expect(await rows("SELECT sum(distance) AS sum FROM flights_green_model_inputs")).toEqual([{ sum: 7 }]);
});

test("one collection, as JSON; the engine and the collection are told when they are wrong", async () => {
  const root = await stored();
  const { out } = await run("ddl", "--engine", "spark", "a-b", "--root", root, "--json");
  const [only, ...others] = JSON.parse(out) as { engine: string; table: string; statement: string }[];
  expect(others).toEqual([]);
  expect(only).toMatchObject({ engine: "spark", table: "a_b" });
  expect(only?.statement).toContain("MSCK REPAIR TABLE `a_b`;");
  expect(await run("ddl", "--engine", "sparc", "--root", root)).toMatchObject({
    code: 2,
    err: expect.stringContaining('got "sparc"; did you mean spark?') as string,
  });
  expect(await run("ddl", "--root", root)).toMatchObject({ code: 2 });
  expect(await run("ddl", "--engine", "spark", "nothing", "--root", root)).toMatchObject({
    code: 2,
    err: expect.stringContaining("there are: ") as string,
  });
  expect(await run("ddl", "--engine", "synapse", "--root", root)).toMatchObject({
    code: 2,
    err: expect.stringContaining("Blob Storage") as string,
  });
});

test("collections of JSON lines are left out, and said to be", async () => {
  const root = await tempFolder();
  const spool = { directory: await tempFolder() };
  const deployment = await openDeployment({ destination: root, format: "jsonl", spool });
  deployment.collector("x").collect([{ a: 1 }]);
  await deployment.close();
  expect(await run("ddl", "--engine", "trino", "--root", root)).toMatchObject({
    code: 0,
    err: expect.stringContaining("default/default/x is left out: it is stored as JSON lines") as string,
  });
});

const blob = "https://flights.blob.core.windows.net/collected/prod";
const tables = [
  { name: "inputs", isDelta: false },
  { name: "outputs", isDelta: true },
].map(({ name, isDelta }) => ({
  name,
  folder: `flights/blue/${name}`,
  columns: [{ name: strange, type: "string" as const }],
  keys: ["inference_date", "inference_hour"],
  isDelta,
}));

describe.each(Object.entries(engines))("%s", (_, { not = [], preamble, define }) => {
  test.each([blob, "s3://flights/prod"])("names and places stay in their quotes, on %s", (root) => {
    const place = placeOf(root);
    if (not.includes(place.kind)) return;
    const statements = tables.map((table) => define(table, place));
    expect([...preamble(place, tables), ...statements]).toMatchSnapshot();
  });

  test("says of Delta tables what they need where there are some, and of other tables likewise", () => {
    const place = placeOf(blob);
    const both = preamble(place, tables);
    for (const table of tables) expect(both).toEqual(expect.arrayContaining([...preamble(place, [table])]));
    expect(preamble(place, tables.slice(0, 1)).join("\n")).not.toMatch(/delta/i);
  });
});

test("a container of an emulator is Blob Storage, too", () => {
  const place = placeOf("http://127.0.0.1:10000/devstoreaccount1/collected/prod/é");
  expect(place.kind).toBe("blob");
  expect(place.account).toBe("devstoreaccount1");
  expect(place.within("flights/blue")).toBe("prod/é/flights/blue");
  expect(place.duckdb("flights/blue")).toBe("az://collected/prod/é/flights/blue");
});

test("a Delta table is read by its log", async () => {
  const root = await tempFolder();
  const spool = { directory: await tempFolder() };
  const deployment = await openDeployment({ destination: root, table: "delta", spool });
  deployment.collector("x").collect([{ a: 1 }]);
  await deployment.close();
  const asked = async (engine: string) => (await run("ddl", "--engine", engine, "--root", root)).out;
  expect(await asked("duckdb")).toContain(`FROM delta_scan('${root}/default/default/x')`);
  expect(await asked("clickhouse")).toContain(`FROM deltaLakeLocal('${root}/default/default/x')`);
  expect(await asked("spark")).toContain(`USING DELTA LOCATION 'file://${root}/default/default/x';`);
});
