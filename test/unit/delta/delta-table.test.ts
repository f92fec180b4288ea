import { expect, test } from "vitest";
import { DeltaTable } from "../../../src/delta/delta-table.ts";
import { createMemoryStore, type MemoryStore } from "../../../src/store/memory-store.ts";
import { StoreError } from "../../../src/store/store-error.ts";
import { duckdbQuery } from "../../support/parquet-engines.ts";
import { deliver, filePath, table, tableBytes } from "../../support/delta/table-files.ts";
import { replayLog } from "../../support/delta/replay.ts";

const types = { mdc_correlation_id: "string", distance: "float64" } as const;
const bytes = await tableBytes(types, { mdc_correlation_id: ["a", "b", null], distance: [1.5, -2, null] });

async function delivered(store: MemoryStore, ...names: string[]) {
  return await Promise.all(names.map((name) => deliver(store, filePath(name), bytes)));
}

test("the first commit says what the table is, and adds its files with statistics of their footers", async () => {
  const store = createMemoryStore();
  const [file] = await delivered(store, "one");
  const result = await new DeltaTable(store, table).commit({ add: [file!] });
  expect(result).toEqual({ version: 0, added: [file!.path], refused: [] });
  const { actions } = await replayLog(store, table);
  expect(actions.map((action) => Object.keys(action)[0])).toEqual([
    "commitInfo",
    "protocol",
    "metaData",
    "add",
  ]);
  const [, { protocol }, { metaData }, { add }] = actions as [never, never, never, never] & typeof actions;
  expect(protocol).toEqual({ minReaderVersion: 1, minWriterVersion: 2 });
  expect(metaData).toMatchObject({
    name: "model_inputs",
    format: { provider: "parquet", options: {} },
    partitionColumns: ["inference_date", "inference_hour"],
    configuration: {
      "delta.deletedFileRetentionDuration": "interval 7 days",
      "delta.logRetentionDuration": "interval 30 days",
    },
  });
  const { fields } = JSON.parse(metaData!["schemaString"] as string);
  expect(fields.map((field: Record<string, unknown>) => [field["name"], field["type"]])).toEqual([
    ["mdc_correlation_id", "string"],
    ["distance", "double"],
    ["inference_date", "date"],
    ["inference_hour", "integer"],
  ]);
  expect(add).toMatchObject({
    path: "inference_date=2026-11-22/inference_hour=05/one.parquet",
    partitionValues: { inference_date: "2026-11-22", inference_hour: "5" },
    size: bytes.length,
    modificationTime: file!.modifiedAt,
    dataChange: true,
  });
  expect(JSON.parse(add!["stats"] as string)).toEqual({
    numRecords: 3,
    minValues: { mdc_correlation_id: "a", distance: -2 },
    maxValues: { mdc_correlation_id: "b", distance: 1.5 },
    nullCount: { mdc_correlation_id: 1, distance: 1 },
  });
});

test("a file is never added twice: not by the same process, by another one, or after it was removed", async () => {
  const store = createMemoryStore();
  const [one, two] = await delivered(store, "one", "two");
  const first = new DeltaTable(store, table);
  await first.commit({ add: [one!, one!] });
  expect(await first.commit({ add: [one!] })).toEqual({ version: undefined, added: [], refused: [] });
  const second = new DeltaTable(store, table);
  expect(await second.commit({ add: [one!, two!] })).toMatchObject({ version: 1, added: [two!.path] });
  expect(await first.commit({ remove: [one!.path], dataChange: true })).toMatchObject({ version: 2 });
  expect(await second.commit({ add: [one!] })).toMatchObject({ version: undefined });
  const { live, versions } = await replayLog(store, table);
  expect([...live]).toEqual(["inference_date=2026-11-22/inference_hour=05/two.parquet"]);
  expect(versions).toBe(3);
});

test("an answer that was lost is no second commit", async () => {
  const store = createMemoryStore();
  const [one] = await delivered(store, "one");
  const error = new StoreError("transient", "the connection was cut", { operation: "put" });
  store.failPuts({ status: "retryable", class: "transient", error }, { stored: true });
  const log = new DeltaTable(store, table);
  await expect(log.commit({ add: [one!] })).rejects.toThrow("the connection was cut");
  expect(await log.commit({ add: [one!] })).toMatchObject({ version: undefined });
  expect((await replayLog(store, table)).adds).toHaveLength(1);
});

test("files are replaced in one commit, or, if one of them is gone, not at all", async () => {
  const store = createMemoryStore();
  const [one, two, both] = await delivered(store, "one", "two", "both");
  const log = new DeltaTable(store, table);
  await log.commit({ add: [one!, two!] });
  const change = { add: [both!], remove: [one!.path, two!.path], dataChange: false, operation: "OPTIMIZE" };
  await log.commit(change);
  const { live, actions } = await replayLog(store, table);
  expect([...live]).toEqual(["inference_date=2026-11-22/inference_hour=05/both.parquet"]);
  expect(actions.flatMap(({ remove }) => (remove === undefined ? [] : [remove["dataChange"]]))).toEqual([
    false,
    false,
  ]);
  const other = new DeltaTable(store, table);
  await expect(other.commit({ ...change, add: [] })).rejects.toMatchObject({
    name: "CommitConflictError",
    paths: [one!.path, two!.path],
  });
});

test("a new column is part of the table with the file that brings it; one of another type is refused", async () => {
  const store = createMemoryStore();
  const [one] = await delivered(store, "one");
  const wider = await tableBytes({ ...types, tags: { list: "string" } }, { distance: [1], tags: [["x"]] });
  const wrong = await tableBytes({ distance: "int64" }, { distance: [1n] });
  const log = new DeltaTable(store, table);
  await log.commit({ add: [one!] });
  const files = [
    await deliver(store, filePath("wider"), wider),
    await deliver(store, filePath("wrong"), wrong),
  ];
  const result = await log.commit({ add: files });
  expect(result.added).toEqual([filePath("wider")]);
  expect(result.refused).toEqual([
    { path: filePath("wrong"), problem: "its column distance is long; in the table distance is double" },
  ]);
  const metadata = (await replayLog(store, table)).actions.flatMap(({ metaData }) =>
    metaData === undefined ? [] : [metaData],
  );
  expect(metadata).toHaveLength(2);
  expect(metadata[1]!["id"]).toBe(metadata[0]!["id"]);
  const { fields } = JSON.parse(metadata[1]!["schemaString"] as string);
  expect(fields.map(({ name }: { name: string }) => name)).toEqual([
    "mdc_correlation_id",
    "distance",
    "tags",
    "inference_date",
    "inference_hour",
  ]);
  expect(fields[2].type).toEqual({ type: "array", elementType: "string", containsNull: true });
});

test("a checkpoint has all that the commits have, DuckDB reads it, and later ones build on it", async () => {
  const store = createMemoryStore();
  const names = Array.from({ length: 25 }, (_, i) => `file-${i}`);
  const files = await delivered(store, ...names);
  const log = new DeltaTable(store, table, { checkpointEvery: 10 });
  const transaction = { appId: "process", version: 1 };
  for (const [i, file] of files.entries())
    await log.commit({ add: [file], transaction: { ...transaction, version: i } });
  await log.commit({ remove: [files[3]!.path] });
  for (const name of ["a", "b", "c", "d", "e"]) await log.commit({ add: await delivered(store, name) });
  const stored = [...store.objects.keys()].filter((path) => path.includes("checkpoint"));
  expect(stored.map((path) => path.slice(`${table}/_delta_log/`.length)).sort()).toEqual([
    "00000000000000000010.checkpoint.parquet",
    "00000000000000000020.checkpoint.parquet",
    "00000000000000000030.checkpoint.parquet",
    "_last_checkpoint",
  ]);
  const last = store.objects.get(`${table}/_delta_log/_last_checkpoint`)!;
  expect(JSON.parse(new TextDecoder().decode(last.bytes))).toMatchObject({
    version: 30,
    numOfAddFiles: 29,
    size: 33,
  });
  const checkpoint = store.objects.get(`${table}/_delta_log/${"30".padStart(20, "0")}.checkpoint.parquet`)!;
  const rows = await duckdbQuery(
    checkpoint.bytes,
    `SELECT count(*)::INT AS rows, count(add)::INT AS adds, list(add.path) FILTER (add IS NOT NULL) AS paths,
      count(*) FILTER (add.partitionValues['inference_hour'] = '5')::INT AS hours, max(txn.version)::INT AS done,
      max(remove.path) AS removed, max(metaData.partitionColumns)::VARCHAR AS keys,
      count(*) FILTER (add.stats::JSON ->> 'numRecords' = '3')::INT AS counted FROM FILE`,
  );
  const { live } = await replayLog(store, table);
  expect(rows[0]).toMatchObject({
    ...{ rows: 33, adds: 29, hours: 29, counted: 29, done: 24 },
    removed: "inference_date=2026-11-22/inference_hour=05/file-3.parquet",
    keys: "[inference_date, inference_hour]",
  });
  expect(new Set(rows[0]!["paths"] as string[])).toEqual(live);
  // One that comes later reads it, and needs no commit from before.
  for (const path of store.objects.keys())
    if (/0000[0-2]\d\.json$/.test(path)) (store.objects as Map<string, unknown>).delete(path);
  const late = await new DeltaTable(store, table).read();
  expect(late!.version).toBe(30);
  expect(
    [...late!.files]
      .filter(([, at]) => at === 0)
      .map(([path]) => path)
      .sort(),
  ).toEqual([...live].sort());
  expect(late!.has("inference_date=2026-11-22/inference_hour=05/file-3.parquet")).toBe(false);
});

test("a table of a newer protocol is not written to, and says so", async () => {
  const store = createMemoryStore();
  const [one, two] = await delivered(store, "one", "two");
  await new DeltaTable(store, table).commit({ add: [one!] });
  const raised = JSON.stringify({
    protocol: { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ["x"] },
  });
  await store.put(`${table}/_delta_log/${"1".padStart(20, "0")}.json`, new TextEncoder().encode(raised));
  const log = new DeltaTable(store, table);
  await expect(log.commit({ add: [two!] })).rejects.toMatchObject({ name: "UnusableLogError" });
  expect((await log.read())!.version).toBe(1);
});

test("bounds that are not whole are left out, and integers keep all their digits", async () => {
  const store = createMemoryStore();
  const file = await tableBytes(
    {
      long: "string",
      nan: "float64",
      big: "int64",
      when: "timestamp",
      empty: "float64",
      infinite: "float64",
    },
    {
      long: ["x".repeat(200), "a"],
      nan: [Number.NaN, 1],
      big: [9_007_199_254_740_993n, -9_223_372_036_854_775_808n],
      when: [1_795_330_800_000_001n, 1_795_330_800_000_000n],
      empty: [null, null],
      infinite: [Number.POSITIVE_INFINITY, 0],
    },
  );
  await new DeltaTable(store, table).commit({ add: [await deliver(store, filePath("odd"), file)] });
  const [{ stats } = {}] = (await replayLog(store, table)).adds;
  expect(stats).toContain('"maxValues":{"big":9007199254740993,"when":"2026-11-22T07:00:00.000001Z"}');
  expect(stats).toContain('"minValues":{"big":-9223372036854775808,"when":"2026-11-22T07:00:00.000Z"}');
  expect(JSON.parse(stats as string).nullCount).toEqual({
    long: 0,
    nan: 0,
    big: 0,
    when: 0,
    empty: 2,
    infinite: 0,
  });
});
