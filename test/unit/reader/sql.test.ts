import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { pinsBytes } from "../../../src/layout/pinned-schema.ts";
import type { ColumnType } from "../../../src/layout/column-type.ts";
import { openDataset } from "../../../src/reader.ts";
import { datasetOf } from "../../../src/reader/dataset.ts";
import { LocalFiles } from "../../../src/reader/sql/local-files.ts";
import { createMemoryStore } from "../../../src/store/memory-store.ts";
import type { StoreEntry } from "../../../src/store/store.ts";
import { markWhole, pageHeaders } from "../../fuzz/page-headers.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { idAt, storeFile } from "./stored-data.ts";

const five = "2026-11-22T05:10:00.000Z";
const six = "2026-11-22T06:20:00.000Z";

function pin(root: string, place: string, columns: Readonly<Record<string, ColumnType>>, version = 1): void {
  const [endpoint, deployment, collection = ""] = place.split("/");
  const key = collection.toLowerCase();
  const path = join(root, `${endpoint}/${deployment}/_schema/${key}/schema-00000${version}.json`);
  mkdirSync(dirname(path), { recursive: true });
  const pins = {
    version,
    collection,
    rollingRate: "hour",
    columns: new Map(Object.entries(columns)),
  } as const;
  writeFileSync(path, pinsBytes(pins));
}

function store(
  root: string,
  collection: string,
  time: string,
  row: Record<string, unknown>,
  types: Types,
): string {
  return storeFile(root, [{ collection, id: idAt(time), requestTime: time, rows: [row] }], types);
}
type Types = Parameters<typeof storeFile>[2];

/** Two hours of a collection whose second file has a column more, of other types pinned, and one without a file. */
async function evolved(): Promise<string> {
  const root = await tempFolder();
  pin(root, "flights/blue/model_inputs", { distance: "float64", seats: "int64" });
  pin(
    root,
    "flights/blue/model_inputs",
    { distance: "float64", seats: "int64", origin: "string", due: "timestamp" },
    2,
  );
  pin(root, "flights/blue/Model.Outputs-2", { late: "boolean", tags: { list: "string" } });
  store(
    root,
    "model_inputs",
    five,
    { distance: 1.5, seats: 2n ** 60n + 1n },
    { distance: "DOUBLE", seats: "INT64" },
  );
  store(
    root,
    "model_inputs",
    six,
    { distance: null, origin: "SEA" },
    { distance: "DOUBLE", origin: "STRING" },
  );
  return root;
}

describe("data.sql", () => {
  test("has every pinned column with its type, whichever file has it", async () => {
    await using data = await openDataset(await evolved());
    const rows = await data.sql(
      "select distance, seats, origin, due, inference_date, inference_hour, mdc_endpoint from model_inputs order by mdc_request_time",
    );
    expect(rows.columns).toEqual([
      { name: "distance", type: "DOUBLE" },
      { name: "seats", type: "BIGINT" },
      { name: "origin", type: "VARCHAR" },
      { name: "due", type: "TIMESTAMP WITH TIME ZONE" },
      { name: "inference_date", type: "DATE" },
      { name: "inference_hour", type: "INTEGER" },
      { name: "mdc_endpoint", type: "VARCHAR" },
    ]);
    const common = { due: null, inference_date: "2026-11-22", mdc_endpoint: null };
    expect([...rows]).toEqual([
      { ...common, distance: 1.5, seats: 2n ** 60n + 1n, origin: null, inference_hour: 5 },
      { ...common, distance: null, seats: null, origin: "SEA", inference_hour: 6 },
    ]);
  });

  test("a collection without a file is a view without rows, and names are quoted as they are", async () => {
    await using data = await openDataset(await evolved());
    const rows = await data.sql('select late, tags from "model.outputs-2"');
    expect([...rows]).toEqual([]);
    expect(rows.columns.map(({ type }) => type)).toEqual(["BOOLEAN", "VARCHAR[]"]);
    await expect(data.sql("select late from model.outputs-2")).rejects.toThrow(
      'in SQL, write "Model.Outputs-2" in its quotes',
    );
  });

  test("files outside the times are not even opened; rows of a partition that is cut are filtered", async () => {
    const root = await evolved();
    const path = store(
      root,
      "model_inputs",
      "2026-11-23T01:00:00.000Z",
      { distance: 9 },
      { distance: "DOUBLE" },
    );
    writeFileSync(join(root, path), "not Parquet");
    await using data = await openDataset(root);
    const count = async (from: string, to: string): Promise<unknown> =>
      (await data.sql("select count(*) n from model_inputs", { from, to }))[0]?.["n"];
    expect(await count("2026-11-22", "2026-11-23")).toBe(2n);
    expect(await count("2026-11-22T05:10:00Z", "2026-11-22T06:20:00Z")).toBe(1n);
    expect(await count("2026-11-22T05:10:00.001Z", "2026-11-22T06:20:00.001Z")).toBe(1n);
    await expect(data.sql("select * from model_inputs")).rejects.toMatchObject({
      code: "CORRUPT",
      message: expect.stringContaining(path),
    });
    const [plan] = await data.sql("explain select distance from model_inputs where inference_hour = 6", {
      to: "2026-11-23",
    });
    expect(plan?.["explain_value"]).toContain("Scanning Files: 1/2");
  });

  test("a file that only DuckDB cannot read is named; a cast that fails of whole files is the statement's", async () => {
    const root = await evolved();
    const seven = "2026-11-22T07:00:00.000Z";
    const rows = Array.from({ length: 50 }, (_, i) => ({ origin: `airport ${i % 2}` }));
    const frame = { collection: "model_inputs", id: idAt(seven), requestTime: seven, rows };
    const path = storeFile(root, [frame], { origin: "STRING" });
    await using data = await openDataset(root);
    const cast = data.sql("select origin::integer from model_inputs");
    await expect(cast).rejects.toThrow(/^sql: Conversion Error/);
    await expect(cast).rejects.toBeInstanceOf(RangeError);
    const bytes = new Uint8Array(readFileSync(join(root, path)));
    markWhole(bytes);
    const dictionaries = pageHeaders(bytes).filter(
      ({ start }) => bytes[start] === 0x15 && bytes[start + 1] === 4,
    );
    // How the dictionary is written: in a way that there is not, and that is asked of nobody.
    for (const { end } of dictionaries) bytes[end - 3] = 125;
    writeFileSync(join(root, path), bytes);
    expect((await data.trace(idAt(seven)))?.records[0]?.rows).toHaveLength(50);
    for (const statement of ["select origin from model_inputs", "select max(origin) from model_inputs"])
      await expect(data.sql(statement)).rejects.toMatchObject({
        code: "CORRUPT",
        message: expect.stringMatching(`^${path}: .*TProtocolException`),
      });
  });

  test("deployments that disagree on a type give one column, of doubles or of text", async () => {
    const root = await tempFolder();
    pin(root, "flights/blue/c", { n: "int64", v: "boolean", extra: "string" });
    pin(root, "flights/green/c", { N: "float64", v: "string" });
    const frame = { collection: "c", id: idAt(five), requestTime: five };
    storeFile(root, [{ ...frame, rows: [{ n: 3n, v: true, extra: "x" }] }], {
      n: "INT64",
      v: "BOOLEAN",
      extra: "STRING",
    });
    storeFile(
      root,
      [{ ...frame, rows: [{ N: 0.5, v: "yes" }] }],
      { N: "DOUBLE", v: "STRING" },
      { deployment: "green" },
    );
    await using data = await openDataset(root);
    expect([...(await data.sql("select n, v, extra from c order by n"))]).toEqual([
      { n: 0.5, v: "yes", extra: null },
      { n: 3, v: "true", extra: "x" },
    ]);
    await using green = await openDataset(root, { endpoint: "flights", deployment: "green" });
    expect([...(await green.sql("select n, v from c"))]).toEqual([{ N: 0.5, v: "yes" }]);
  });

  test("files that no types are pinned for are read as they are", async () => {
    const root = await tempFolder();
    store(root, "theirs", five, { a: 1 }, { a: "DOUBLE" });
    store(root, "theirs", six, { b: "x" }, { b: "STRING" });
    await using data = await openDataset(root);
    expect([...(await data.sql("select a, b, mdc_row_index from theirs order by a nulls last"))]).toEqual([
      { a: 1, b: null, mdc_row_index: 0 },
      { a: null, b: "x", mdc_row_index: 0 },
    ]);
  });

  test("values are exact, and what JavaScript has no type for is its text", async () => {
    await using data = await openDataset(await tempFolder());
    const statement = `select 1.10::decimal(38,2) d, 2::hugeint h, date '2026-01-02' dd, interval 3 days i, time '01:02:03.5' t,
      {a: 1, b: [null, 2]} s, map {'k': 1::bigint} m, from_base64('AQI=') b, 'nan'::double n, null x, 1 x,
      timestamptz '2026-01-02 03:04:05.123456Z' tz, timestamp '1969-12-31 23:59:59.999999' ts, 'infinity'::timestamp never`;
    const common = {
      ...{
        d: "1.10",
        h: 2n,
        dd: "2026-01-02",
        i: "3 days",
        t: "01:02:03.5",
        n: Number.NaN,
        x: null,
        "x:1": 1,
      },
      ...{
        s: { a: 1, b: [null, 2] },
        m: [{ key: "k", value: 1n }],
        b: new Uint8Array([1, 2]),
        never: "infinity",
      },
    };
    expect((await data.sql(statement))[0]).toEqual({
      ...common,
      tz: new Date("2026-01-02T03:04:05.123Z"),
      ts: new Date(-1),
    });
    expect((await data.sql(statement, { timestamps: "text" }))[0]).toEqual({
      ...common,
      tz: "2026-01-02T03:04:05.123456Z",
      ts: "1969-12-31T23:59:59.999999Z",
    });
  });

  test("of several statements the last one answers, and none outlives the call", async () => {
    await using data = await openDataset(await evolved());
    const rows = await data.sql(
      "create table t as select distance from model_inputs; insert into t values (7); select max(distance) m from t",
    );
    expect([...rows]).toEqual([{ m: 7 }]);
    await expect(data.sql("select * from t")).rejects.toThrow("Table with name t does not exist");
    await expect(data.sql(" -- nothing")).rejects.toThrow("sql: there is no statement");
  });

  test("more rows than are asked for are an error, not a full memory", async () => {
    await using data = await openDataset(await tempFolder());
    await expect(data.sql("select * from range(1000000000000)")).rejects.toThrow(
      "the result has more than 100000 rows; add a LIMIT, or raise maxRows",
    );
    expect(await data.sql("select * from range(5)", { maxRows: 5 })).toHaveLength(5);
    await expect(data.sql("select * from range(6)", { maxRows: 5 })).rejects.toThrow(RangeError);
    for (const [options, message] of [
      [{ maxRows: 0 }, "sql: maxRows: expected a whole number of at least 1"],
      [{ from: "yesterday" }, "sql: from: expected"],
    ] as const)
      await expect(data.sql("select 1", options)).rejects.toThrow(message);
    await expect(data.sql(1 as unknown as string)).rejects.toThrow("sql: statement: expected a text");
  });

  test("without DuckDB, it says what to install", async () => {
    vi.doMock("@duckdb/node-api", () => {
      throw Object.assign(new Error("Cannot find package '@duckdb/node-api'"), {
        code: "ERR_MODULE_NOT_FOUND",
      });
    });
    vi.resetModules();
    const { openDataset: open } = await import("../../../src/reader.ts");
    await using data = await open(await tempFolder());
    const error = await data.sql("select 1").catch((thrown: unknown) => thrown);
    vi.doUnmock("@duckdb/node-api");
    expect(error).toMatchObject({ name: "StoreError", failure: "configuration" });
    expect(String(error)).toMatch(
      /@duckdb\/node-api (is not installed; SQL needs it: npm install|cannot be loaded)/,
    );
  });
});

describe("hostile statements", () => {
  const escapes = (folder: string, file: string): readonly string[] => [
    `select * from read_csv('${folder}/secret.csv')`,
    `select * from '${folder}/secret.csv'`,
    `select * from read_text('${folder}/secret.csv')`,
    `select * from read_blob('/etc/passwd')`,
    `select * from glob('${folder}/*')`,
    `select * from sniff_csv('${folder}/secret.csv')`,
    `select * from parquet_metadata('${folder}/other.parquet')`,
    `select * from read_parquet('${folder}/../*/secret.csv')`,
    `from query('select * from read_text(''${folder}/secret.csv'')')`,
    `with model_inputs2 as (from read_text('${folder}/secret.csv')) from model_inputs2`,
    `create view v as from read_text('${folder}/secret.csv'); from v`,
    `create macro f(x) as table from read_text(x); from f('${folder}/secret.csv')`,
    `copy (select 1) to '${folder}/out.csv'`,
    `copy (select * from model_inputs) to '${file}' (format parquet, use_tmp_file false)`,
    `explain analyze copy (select 1) to '${file}' (format csv, use_tmp_file false)`,
    `explain /* */ analyze copy (select distance from model_inputs) to '${file}' (use_tmp_file false)`,
    `prepare p as copy (select 1) to '${file}' (use_tmp_file false); execute p`,
    `export database '${folder}/out'`,
    `import database '${folder}'`,
    `attach '${folder}/db.duckdb'`,
    "install httpfs",
    "load httpfs",
    `load '${folder}/x.duckdb_extension'`,
    "select * from 'https://example.com/x.parquet'",
    "select * from 's3://bucket/x.parquet'",
    "set enable_external_access = true",
    `set allowed_directories = ['/']`,
    `set temp_directory = '${folder}/out'`,
    "reset lock_configuration",
    "pragma enable_logging",
    "call enable_logging(storage := 'file', storage_path := '/tmp')",
    "create secret (type s3, provider credential_chain)",
    `begin; copy (select 1) to '${folder}/out.csv'; commit`,
    `checkpoint`,
  ];

  test("reach nothing but the collections that they name, and write nothing", async () => {
    const root = await evolved();
    const folder = await tempFolder();
    writeFileSync(join(folder, "secret.csv"), "secret\nnot-for-you\n");
    const own = readdirSync(root, { recursive: true, encoding: "utf8" }).find((name) =>
      name.endsWith(".parquet"),
    );
    const file = join(root, own ?? "");
    const before = readFileSync(file);
    await using data = await openDataset(root);
    for (const statement of escapes(folder, file)) {
      const text = `${statement} -- model_inputs`;
      const outcome = await data.sql(text).then((rows) => JSON.stringify(rows.map(String)), String);
      expect(outcome, statement).toMatch(/^RangeError: sql: /);
      expect(outcome, statement).not.toContain("not-for-you");
    }
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(folder)).toEqual(["secret.csv"]);
    expect([...(await data.sql("select count(*) n from model_inputs"))]).toEqual([{ n: 2n }]);
  });

  test("do not follow links out of the folder, nor climb out of it; with allowFiles they may", async () => {
    const [root, outside] = [await evolved(), await tempFolder()];
    const [inner, outer] = [root, outside].map((folder) =>
      store(folder, "model_inputs", five, { distance: 42 }, { distance: "DOUBLE" }),
    ) as [string, string];
    const folder = join(root, dirname(inner));
    writeFileSync(join(outside, "secret.csv"), "secret\nnot-for-you\n");
    symlinkSync(join(outside, outer), join(folder, "link.parquet"));
    symlinkSync(join(outside, "secret.csv"), join(folder, "secret.csv"));
    symlinkSync(join(outside, "flights/blue/model_inputs"), join(root, "flights/blue/linked"));
    symlinkSync(outside, join(root, "outside"));
    await using data = await openDataset(root);
    expect((await data.collections()).map(({ name, files }) => [name, files])).toEqual([["model_inputs", 3]]);
    expect([...(await data.sql("select count(*) n from model_inputs"))]).toEqual([{ n: 3n }]);
    await expect(data.sql("select distance from linked")).rejects.toThrow(
      "Table with name linked does not exist",
    );
    const climbs = [
      `select distance from read_parquet('${folder}/link.parquet')`,
      `select max(distance) from read_parquet('${folder}/../*/*.parquet')`,
      `from read_text('${folder}/secret.csv')`,
      `from read_csv('${root}/outside/secret.csv')`,
      `from read_csv('${root}/../${basename(outside)}/secret.csv')`,
      `from read_json_objects('${root}/flights/blue/_schema/model_inputs/schema-000001.json')`,
    ];
    for (const climb of climbs) {
      await expect(data.sql(`${climb} -- model_inputs`), climb).rejects.toThrow("sql: Permission Error");
      await expect(data.sql(climb, { allowFiles: true }), climb).resolves.toHaveLength(1);
    }
  });

  test("learn nothing of the process", async () => {
    vi.stubEnv("MDC_TEST_SECRET", "hush");
    await using data = await openDataset(await evolved());
    for (const file of ["/proc/self/environ", "/proc/self/cmdline", "/proc/self/maps", "/proc/self/fd/0"])
      await expect(data.sql(`from read_blob('${file}') -- model_inputs`), file).rejects.toThrow(
        "sql: Permission Error",
      );
    await expect(data.sql("from glob('/proc/self/*')")).rejects.toThrow("sql: Permission Error");
    for (const allowFiles of [false, true]) {
      await expect(data.sql("select getenv('MDC_TEST_SECRET')", { allowFiles })).rejects.toThrow(
        "Function with name getenv does not exist",
      );
      const settings = await data.sql("from duckdb_settings()", { allowFiles });
      expect(JSON.stringify(settings)).not.toContain("hush");
    }
    vi.unstubAllEnvs();
  });

  test("may read and write files where they are let, but load no extension", async () => {
    const folder = await tempFolder();
    await using data = await openDataset(await evolved());
    const path = join(folder, "out.csv");
    await data.sql(`copy (select distance from model_inputs where distance > 0) to '${path}'`, {
      allowFiles: true,
    });
    expect(readFileSync(path, "utf8")).toBe("distance\n1.5\n");
    expect([...(await data.sql(`from '${path}'`, { allowFiles: true }))]).toEqual([{ distance: 1.5 }]);
    for (const statement of ["install httpfs", "load httpfs", "from 'https://example.com/x.csv'"])
      await expect(data.sql(statement, { allowFiles: true })).rejects.toThrow("sql: ");
  });
});

describe("a store that is no folder", () => {
  async function remote() {
    const root = await evolved();
    const kept = createMemoryStore();
    for (const name of readdirSync(root, { recursive: true, encoding: "utf8" }))
      if (/\.(parquet|json)$/.test(name)) await kept.put(name, readFileSync(join(root, name)));
    const gets: string[] = [];
    const counted = {
      ...kept,
      list: kept.list.bind(kept),
      close: kept.close.bind(kept),
      description: "memory",
    };
    return {
      gets,
      store: {
        ...counted,
        put: kept.put.bind(kept),
        get: (...args: Parameters<typeof kept.get>) => (gets.push(args[0]), kept.get(...args)),
      },
    };
  }

  test("is fetched from once, only the files in question; nothing is left behind", async () => {
    const { gets, store } = await remote();
    const temp = await tempFolder();
    vi.stubEnv("TMPDIR", temp);
    const data = datasetOf(store);
    const ask = () => data.sql("select distance from model_inputs", { to: "2026-11-22T06:00:00Z" });
    expect([...(await ask())]).toEqual([{ distance: 1.5 }]);
    expect([...(await ask())]).toEqual([{ distance: 1.5 }]);
    expect(gets.filter((path) => path.endsWith(".parquet"))).toEqual([
      expect.stringContaining("inference_hour=05"),
    ]);
    expect(readdirSync(temp)).toHaveLength(1);
    await data.close();
    expect(readdirSync(temp)).toEqual([]);
    vi.unstubAllEnvs();
  });

  test("keeps no more than its bound, and refuses what is larger", async () => {
    const { gets, store } = await remote();
    const entries: StoreEntry[] = [];
    for await (const entry of store.list("")) if (entry.path.endsWith(".parquet")) entries.push(entry);
    const [first, second] = entries;
    if (first === undefined || second === undefined) throw new Error("there are two");
    await using files = new LocalFiles(store, Math.max(first.size, second.size));
    const locate = async (entry: typeof first): Promise<string> =>
      (await files.locate([entry])).here.get(entry.path) ?? "";
    const path = await locate(first);
    expect(await locate(first)).toBe(path);
    await locate(second);
    expect(existsSync(path)).toBe(false);
    await locate(first);
    expect(gets).toEqual([first.path, second.path, first.path]);
    await expect(files.locate([first, second])).rejects.toThrow("narrow it with from and to");
  });
});
