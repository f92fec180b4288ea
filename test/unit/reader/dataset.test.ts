import { runInNewContext } from "node:vm";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { openDataset } from "../../../src/reader.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { idAt, storeFile } from "./stored-data.ts";

const inputs = { distance: "DOUBLE", origin: "STRING" } as const;
const early = "2026-11-22T05:10:00.000Z";
const late = "2026-11-22T06:20:00.000Z";

/** Two hours of inputs, one of outputs, and what else may lie around. */
async function sampleRoot(): Promise<string> {
  const root = await tempFolder();
  const frame = (requestTime: string, serial: number, distance: number) => ({
    collection: "model_inputs",
    id: idAt(requestTime, serial),
    requestTime,
    rows: [
      { distance, origin: "SEA" },
      { distance: distance + 1, origin: null },
    ],
  });
  storeFile(root, [frame(early, 1, 10), frame("2026-11-22T05:50:00.000Z", 2, 20)], inputs);
  storeFile(root, [frame(late, 3, 30)], inputs);
  storeFile(
    root,
    [
      {
        collection: "model_outputs",
        id: idAt(early, 1),
        requestTime: early,
        eventTime: "2026-11-22T05:10:00.250Z",
        rows: [{ late: true }, { late: false }],
      },
    ],
    { late: "BOOLEAN" },
  );
  for (const stray of [
    "flights/blue/_schema/model_inputs/schema-000001.json",
    "notes.parquet",
    "a/b/c/d.parquet",
  ]) {
    mkdirSync(dirname(join(root, stray)), { recursive: true });
    writeFileSync(join(root, stray), "{}");
  }
  return root;
}

async function rowsOf(rows: AsyncIterable<Record<string, unknown>>): Promise<Record<string, unknown>[]> {
  const all = [];
  for await (const row of rows) all.push(row);
  return all;
}

describe("collections", () => {
  test("sums up each collection from paths and footers, and ignores what is not a data file", async () => {
    const root = await sampleRoot();
    await using data = await openDataset(root);
    const found = await data.collections();
    expect(
      found.map(({ name, endpoint, deployment, files, rows }) => ({
        name,
        endpoint,
        deployment,
        files,
        rows,
      })),
    ).toEqual([
      { name: "model_inputs", endpoint: "flights", deployment: "blue", files: 2, rows: 6 },
      { name: "model_outputs", endpoint: "flights", deployment: "blue", files: 1, rows: 2 },
    ]);
    expect(found[0]).toMatchObject({ from: new Date(early), to: new Date(late), unreadable: [] });
    expect(found[0]?.bytes).toBeGreaterThan(1000);
    expect(Object.fromEntries(found[0]?.columns.map(({ name, type }) => [name, type]) ?? [])).toEqual({
      mdc_correlation_id: "string",
      mdc_row_index: "int32",
      mdc_event_id: "string",
      mdc_event_time: "timestamp",
      mdc_request_time: "timestamp",
      distance: "float64",
      origin: "string",
    });
  });

  test("looks at one endpoint or deployment when asked to", async () => {
    const root = await sampleRoot();
    const frame = { collection: "model_inputs", id: "x", requestTime: early, rows: [{ distance: 1 }] };
    storeFile(root, [frame], inputs, { deployment: "green" });
    storeFile(root, [frame], inputs, { endpoint: "trains", deployment: "green" });
    const names = async (options: { endpoint?: string; deployment?: string }) =>
      (await (await openDataset(root, options)).collections()).map(
        (one) => `${one.endpoint}/${one.deployment}/${one.name}`,
      );
    expect(await names({ deployment: "green" })).toEqual([
      "flights/green/model_inputs",
      "trains/green/model_inputs",
    ]);
    expect(await names({ endpoint: "trains" })).toEqual(["trains/green/model_inputs"]);
    expect(await names({ endpoint: "flights", deployment: "blue" })).toEqual([
      "flights/blue/model_inputs",
      "flights/blue/model_outputs",
    ]);
  });

  test("says which files cannot be read and still sums up the others", async () => {
    const root = await sampleRoot();
    const torn = storeFile(
      root,
      [{ collection: "model_inputs", id: "x", requestTime: late, rows: [{}] }],
      inputs,
    );
    writeFileSync(join(root, torn), readFileSync(join(root, torn)).subarray(0, 200));
    const [found] = await (await openDataset(root)).collections();
    expect(found).toMatchObject({ files: 3, rows: 6 });
    expect(found?.unreadable.map(({ path }) => path)).toEqual([torn]);
  });

  test("is empty where nothing is stored", async () => {
    expect(await (await openDataset(join(await tempFolder(), "not-there"))).collections()).toEqual([]);
  });

  test("joins the columns of files with different schemas, and shows every type a column has", async () => {
    const root = await sampleRoot();
    const frame = {
      collection: "model_inputs",
      id: "x",
      requestTime: late,
      rows: [{ distance: 1n, gate: "B" }],
    };
    storeFile(root, [frame], { distance: "INT64", gate: "STRING" });
    const [found] = await (await openDataset(root)).collections();
    const types = Object.fromEntries(found?.columns.map(({ name, type }) => [name, type]) ?? []);
    expect(types).toMatchObject({ distance: "float64 | int64", gate: "string", origin: "string" });
  });
});

describe("table", () => {
  test("gives every row with its system columns, by partition", async () => {
    const data = await openDataset(await sampleRoot());
    const rows = await rowsOf(data.table("model_inputs").rows());
    expect(rows.map((row) => [row["distance"], row["origin"], row["mdc_row_index"]])).toEqual([
      [10, "SEA", 0],
      [11, null, 1],
      [20, "SEA", 0],
      [21, null, 1],
      [30, "SEA", 0],
      [31, null, 1],
    ]);
    expect(rows[0]).toMatchObject({ mdc_correlation_id: idAt(early, 1), mdc_request_time: new Date(early) });
  });

  test("gives column batches of equal length when iterated", async () => {
    const data = await openDataset(await sampleRoot());
    let rows = 0;
    for await (const batch of data.table("model_inputs")) {
      for (const values of batch.columns.values()) expect(values.length).toBe(batch.length);
      expect(batch.rows()).toHaveLength(batch.length);
      rows += batch.length;
    }
    expect(rows).toBe(6);
  });

  test("takes the collection's name in any case", async () => {
    const data = await openDataset(await sampleRoot());
    expect(await rowsOf(data.table("MODEL_Inputs").rows())).toHaveLength(6);
  });

  test("keeps rows from a time on and before a time, whichever way the time is written", async () => {
    const data = await openDataset(await sampleRoot());
    const distances = async (options: object) =>
      (await rowsOf(data.table("model_inputs", options).rows())).map((row) => row["distance"]);
    expect(await distances({ from: "2026-11-22T05:50:00Z" })).toEqual([20, 21, 30, 31]);
    expect(await distances({ to: new Date("2026-11-22T05:50:00Z") })).toEqual([10, 11]);
    expect(await distances({ from: Date.parse(early) + 1, to: late })).toEqual([20, 21]);
    expect(await distances({ from: "2026-11-23" })).toEqual([]);
    const elsewhere = runInNewContext('new Date("2026-11-22T05:50:00Z")') as Date;
    expect(await distances({ from: elsewhere })).toEqual([20, 21, 30, 31]);
  });

  test("does not open files of partitions outside the times asked for", async () => {
    const root = await sampleRoot();
    const bad = "flights/blue/model_inputs/inference_date=2026-11-22/inference_hour=04/bad.parquet";
    mkdirSync(dirname(join(root, bad)), { recursive: true });
    writeFileSync(join(root, bad), "not Parquet");
    const data = await openDataset(root);
    expect(await rowsOf(data.table("model_inputs", { from: "2026-11-22T05:00Z" }).rows())).toHaveLength(6);
    await expect(
      rowsOf(data.table("model_inputs", { from: "2026-11-22T04:59Z" }).rows()),
    ).rejects.toMatchObject({
      code: "CORRUPT",
      message: expect.stringContaining(bad),
    });
  });

  test("gives the columns of each file of whose names a function says true", async () => {
    const data = await openDataset(await sampleRoot());
    const [row] = await rowsOf(
      data.table("model_inputs", { columns: (name) => name.startsWith("dist") }).rows(),
    );
    expect(row).toEqual({ distance: 10 });
  });

  test("gives only the columns asked for, in that order, null where a file has none", async () => {
    const root = await sampleRoot();
    storeFile(
      root,
      [{ collection: "model_inputs", id: "x", requestTime: "2026-11-22T07:00:00Z", rows: [{ gate: "B" }] }],
      {
        gate: "STRING",
      },
    );
    const rows = await rowsOf(
      (await openDataset(root)).table("model_inputs", { columns: ["gate", "distance"] }).rows(),
    );
    expect(rows.map((row) => Object.entries(row))).toEqual([
      ...[10, 11, 20, 21, 30, 31].map((distance) => [
        ["gate", null],
        ["distance", distance],
      ]),
      [
        ["gate", "B"],
        ["distance", null],
      ],
    ]);
  });

  test("stops at the limit, within a file and across files", async () => {
    const data = await openDataset(await sampleRoot());
    for (const limit of [0, 1, 4, 5, 6, 7]) {
      expect(await rowsOf(data.table("model_inputs", { limit }).rows())).toHaveLength(Math.min(limit, 6));
    }
    const filtered = data.table("model_inputs", { limit: 1, from: "2026-11-22T05:30:00Z" });
    expect((await rowsOf(filtered.rows())).map((row) => row["distance"])).toEqual([20]);
  });

  test("reads minute and day partitions alike", async () => {
    const root = await tempFolder();
    const frame = (requestTime: string) => ({
      collection: "a",
      id: "x",
      requestTime,
      rows: [{ distance: 1 }],
    });
    for (const rate of ["day", "minute"] as const) {
      storeFile(root, [frame("2026-11-22T05:10:00Z")], inputs, { rate, deployment: rate });
      storeFile(root, [frame("2026-11-23T05:11:00Z")], inputs, { rate, deployment: rate });
      const data = await openDataset(root, { deployment: rate });
      expect(await rowsOf(data.table("a", { from: "2026-11-22T12:00Z" }).rows())).toHaveLength(1);
      expect(await rowsOf(data.table("a").rows())).toHaveLength(2);
    }
  });

  test("names the collections there are when there is no such one", async () => {
    const data = await openDataset(await sampleRoot());
    await expect(rowsOf(data.table("inputs").rows())).rejects.toThrow(
      /no collection "inputs" under .*; there are: model_inputs, model_outputs/,
    );
  });

  test("refuses options of the wrong kind at once", async () => {
    const data = await openDataset(await sampleRoot());
    expect(() => data.table("model_inputs", { from: "yesterday" })).toThrow(RangeError);
    expect(() => data.table("model_inputs", { limit: -1 })).toThrow(/table: limit: expected a whole number/);
    expect(() => data.table("model_inputs", { columns: "distance" as never })).toThrow(TypeError);
    expect(() => data.table(7 as never)).toThrow(TypeError);
    await expect(openDataset(7 as never)).rejects.toThrow(TypeError);
  });

  test("keeps columns apart that are named like parts of JavaScript objects", async () => {
    const root = await tempFolder();
    const names = { ["__proto__"]: "STRING", constructor: "STRING", toString: "STRING" } as const;
    const row = { ["__proto__"]: "a", constructor: "b", toString: "c" };
    storeFile(root, [{ collection: "odd", id: "x", requestTime: early, rows: [row] }], names);
    const [read] = await rowsOf(
      (await openDataset(root)).table("odd", { columns: Object.keys(names) }).rows(),
    );
    expect(Object.entries(read ?? {})).toEqual(Object.entries(row));
  });
});

describe("openDataset", () => {
  test("takes the URL of a container and never shows its signature", async () => {
    const url = "https://account.blob.core.windows.net/container/prefix?sv=2024-11-04&sig=c2VjcmV0";
    await using data = await openDataset(url);
    expect(data.root).toContain("account.blob.core.windows.net/container/prefix");
    for (const text of [data.root, inspect(data, { depth: 9, showHidden: true }), JSON.stringify(data)]) {
      expect(text).not.toContain("c2VjcmV0");
    }
  });

  test("refuses what is no destination and no credential", async () => {
    const url = "https://account.blob.core.windows.net/container";
    await expect(openDataset("gs://bucket")).rejects.toThrow(/^openDataset: root: expected /);
    await expect(openDataset(url, { credential: 7 as never })).rejects.toThrow(
      /^openDataset: credential: expected /,
    );
    await expect(openDataset(".", { endpoint: 7 as never })).rejects.toThrow(
      /^openDataset: endpoint: expected /,
    );
  });
});

describe("trace", () => {
  test("finds all that one request left, in time order, with features only", async () => {
    const data = await openDataset(await sampleRoot());
    expect(await data.trace(idAt(early, 1))).toEqual({
      id: idAt(early, 1),
      requestTime: new Date(early),
      records: [
        {
          collection: "model_inputs",
          endpoint: "flights",
          deployment: "blue",
          eventId: expect.stringContaining("model_inputs"),
          eventTime: new Date(early),
          rows: [
            { distance: 10, origin: "SEA" },
            { distance: 11, origin: null },
          ],
        },
        {
          collection: "model_outputs",
          endpoint: "flights",
          deployment: "blue",
          eventId: expect.stringContaining("model_outputs"),
          eventTime: new Date("2026-11-22T05:10:00.250Z"),
          rows: [{ late: true }, { late: false }],
        },
      ],
    });
  });

  test("is empty for an id that is not there", async () => {
    const data = await openDataset(await sampleRoot());
    for (const id of [idAt(early, 99), "no such request"]) {
      expect(await data.trace(id)).toEqual({ id, requestTime: undefined, records: [] });
    }
    await expect(data.trace("")).rejects.toThrow(RangeError);
  });

  test("finds ids that callers made: any text, or a UUIDv7 of another time", async () => {
    const root = await sampleRoot();
    for (const id of ["order 12 é", idAt("2020-01-01T00:00:00Z")]) {
      storeFile(
        root,
        [{ collection: "model_inputs", id, requestTime: late, rows: [{ distance: 5 }] }],
        inputs,
      );
      expect((await (await openDataset(root)).trace(id)).records).toMatchObject([
        { rows: [{ distance: 5 }] },
      ]);
    }
  });

  test("opens only the partitions beside a UUIDv7's own time while these have it", async () => {
    const root = await sampleRoot();
    const bad = "flights/blue/model_inputs/inference_date=2026-11-20/inference_hour=04/bad.parquet";
    mkdirSync(dirname(join(root, bad)), { recursive: true });
    writeFileSync(join(root, bad), "not Parquet");
    const data = await openDataset(root);
    expect((await data.trace(idAt(early, 1))).records).toHaveLength(2);
    await expect(data.trace(idAt(early, 1), { everywhere: true })).rejects.toMatchObject({ code: "CORRUPT" });
    await expect(data.trace("some-id")).rejects.toThrow(bad);
  });

  test("looks just across the hour, where a request may have begun a moment after its id was made", async () => {
    const root = await tempFolder();
    const id = idAt("2026-11-22T05:59:59.999Z");
    const frame = (requestTime: string, eventId: string) => ({
      collection: "a",
      id,
      requestTime,
      eventId,
      rows: [{}],
    });
    storeFile(root, [frame("2026-11-22T05:59:59.999Z", "one")], inputs);
    storeFile(root, [frame("2026-11-22T06:00:00.001Z", "two")], inputs);
    const { records } = await (await openDataset(root)).trace(id);
    expect(records.map(({ eventId }) => eventId)).toEqual(["one", "two"]);
  });

  test("keeps a row once that was delivered twice, and puts rows in order", async () => {
    const root = await sampleRoot();
    const frame = {
      collection: "model_outputs",
      id: idAt(late, 8),
      requestTime: late,
      rows: [{ late: true }, { late: false }],
    };
    storeFile(root, [frame], { late: "BOOLEAN" });
    storeFile(root, [frame], { late: "BOOLEAN" });
    const { records } = await (await openDataset(root)).trace(idAt(late, 8));
    expect(records).toMatchObject([{ rows: [{ late: true }, { late: false }] }]);
  });

  test("leaves out what other requests stored between two records of one", async () => {
    const root = await tempFolder();
    const frame = (id: string, eventId: string) => ({
      collection: "a",
      id,
      eventId,
      requestTime: early,
      rows: [{}],
    });
    storeFile(root, [frame("A", "1"), frame("B", "2"), frame("A", "3")], inputs);
    const { records } = await (await openDataset(root)).trace("A");
    expect(records.map(({ eventId }) => eventId)).toEqual(["1", "3"]);
  });

  test("finds a row in any of many row groups", async () => {
    const root = await tempFolder();
    const frames = Array.from({ length: 50 }, (_, i) => ({
      collection: "a",
      id: idAt(early, i),
      requestTime: early,
      rows: [{ distance: i }, { distance: i + 0.5 }],
    }));
    storeFile(root, frames, inputs, { rowGroupRows: 7 });
    const data = await openDataset(root);
    for (const i of [0, 3, 17, 49]) {
      const { records } = await data.trace(idAt(early, i));
      expect(records).toMatchObject([{ rows: [{ distance: i }, { distance: i + 0.5 }] }]);
    }
  });
});
