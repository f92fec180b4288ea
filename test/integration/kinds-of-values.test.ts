import vm from "node:vm";
import * as arrow from "apache-arrow";
import {
  type Data,
  Field,
  List,
  makeData,
  makeVector,
  Struct,
  Table,
  Utf8View,
  vectorFromArray,
} from "apache-arrow";
import { type CollectorError, openDeployment } from "model-data-collector";
import pl from "nodejs-polars";
import { expect, test } from "vitest";
import { expectBalance, type Row, scratch, storedRows } from "../support/scratch.ts";

/** Collects one frame and gives back what three readers have of it, and what was told. */
async function stored(
  frame: object,
  types: Readonly<Record<string, string>>,
): Promise<{ rows: Row[]; told: string[] }> {
  const { destination, options } = await scratch();
  const told: string[] = [];
  const onError = (error: CollectorError): void => void told.push(`${error.code} ${error.message}`);
  const deployment = await openDeployment(options({ onError }));
  (deployment.collector("kinds") as { collect(frame: object): unknown }).collect(frame);
  await deployment.close();
  expectBalance(deployment.stats());
  expect(deployment.stats().frames).toMatchObject({ offered: 1, delivered: 1 });
  const rows = await storedRows(destination, "kinds", { ...types, mdc_rejected: "string" });
  const names = [...Object.keys(types), "mdc_rejected"];
  return { rows: rows.map((row) => Object.fromEntries(names.map((name) => [name, row[name]]))), told };
}

const ticks = (type: arrow.DataType, data: BigInt64Array): arrow.Vector =>
  makeVector(makeData({ type, length: data.length, nullCount: 0, data } as never));

test("Arrow: views inside lists and structs, naive times, intervals, unions", async () => {
  const texts = vectorFromArray(["short", "longer than twelve bytes", "x"], new Utf8View()).data[0] as Data;
  const item = new Field("item", new Utf8View(), true);
  const of = (type: arrow.DataType, rest: object): arrow.Vector =>
    makeVector(makeData({ type, length: 2, nullCount: 0, ...rest } as never));
  const union = new arrow.DenseUnion(
    [0, 1],
    [new Field("n", new arrow.Int64()), new Field("s", new arrow.Utf8())],
  );
  const table = new Table({
    list: of(new List(item), { valueOffsets: Int32Array.of(0, 2, 3), child: texts }),
    struct: of(new Struct([item]), { children: [texts.slice(0, 2)] }),
    naive: ticks(new arrow.TimestampMicrosecond(), BigInt64Array.of(1n, 1_700_000_000_123_456n)),
    nanos: ticks(new arrow.TimestampNanosecond("Asia/Tokyo"), BigInt64Array.of(5_000n, 5_001n)),
    interval: of(new arrow.IntervalMonthDayNano(), { data: Int32Array.of(1, 2, 5, 0, 0, 0, 0, 0) }),
    union: of(union, {
      typeIds: Int8Array.of(0, 1),
      valueOffsets: Int32Array.of(0, 0),
      children: [
        vectorFromArray([2n ** 60n], new arrow.Int64()).data[0],
        vectorFromArray(["text"], new arrow.Utf8()).data[0],
      ],
    }),
  });
  const { rows, told } = await stored(table, {
    list: "list<string>",
    struct: "string",
    naive: "timestamp",
    nanos: "timestamp",
    interval: "string",
    union: "string",
  });
  expect(rows).toEqual([
    {
      list: ["short", "longer than twelve bytes"],
      struct: '{"item":"short"}',
      naive: 1n,
      nanos: 5n,
      interval: "P1M2DT0.000000005S",
      union: String(2n ** 60n),
      mdc_rejected: null,
    },
    {
      list: ["x"],
      struct: '{"item":"longer than twelve bytes"}',
      naive: 1_700_000_000_123_456n,
      nanos: null,
      interval: "PT0S",
      union: '"text"',
      mdc_rejected: '{"nanos":"5001 ns since 1970"}',
    },
  ]);
  expect(told).toEqual([expect.stringMatching(/^VALUES_REJECTED .*nanos/)]);
});

test("Polars: durations, bytes, and 64-bit integers inside lists and structs", async () => {
  const long = pl
    .DataFrame({ t: ["9007199254740993", "-5"] })
    .getColumn("t")
    .cast(pl.Int64);
  const bytes = new Table({ raw: vectorFromArray([Buffer.from("ab"), null], new arrow.Binary()) });
  const raw = pl.readIPC(Buffer.from(arrow.tableToIPC(bytes, "file"))).getColumn("raw");
  const flat = pl.DataFrame({ g: [1, 2], long, took: long.cast(pl.Duration("us")), raw });
  const lists = flat.groupBy("g").agg(pl.col("long"), pl.col("took")).sort("g");
  const frame = pl.DataFrame({
    took: flat.getColumn("took"),
    raw: flat.getColumn("raw"),
    list: lists.getColumn("long"),
    struct: flat.select("long", "took").toStruct("struct"),
  });
  const { rows, told } = await stored(frame, {
    took: "string",
    raw: "binary",
    list: "list<int64>",
    struct: "string",
  });
  expect(rows).toEqual([
    {
      took: "2501999:47:34.740993",
      raw: "x6162",
      list: [9_007_199_254_740_993n],
      struct: '{"long":9007199254740993,"took":"2501999:47:34.740993"}',
      mdc_rejected: null,
    },
    {
      took: "-00:00:00.000005",
      raw: null,
      list: [-5n],
      struct: '{"long":-5,"took":"-00:00:00.000005"}',
      mdc_rejected: null,
    },
  ]);
  expect(told).toEqual([]);
});

test("another realm: integer columns, dates, bytes, errors; and cells that can not be read", async () => {
  const frame = vm.runInNewContext(`({
    id: new BigInt64Array([1n, 2n ** 62n, 3n]),
    count: new BigUint64Array([1n, 2n ** 63n, 3n]),
    at: [new Date(5), new Date(NaN), null],
    raw: [Uint8Array.of(97), new Uint8Array(0).buffer, new DataView(new ArrayBuffer(1))],
    failed: [new TypeError("no"), new Map([["k", 1n]]), new Set([/a/])],
    odd: [/a+/i, new String("s"), new Proxy([], { get() { throw new Error("secret"); } })],
  })`) as object;
  const { rows, told } = await stored(frame, {
    id: "int64",
    count: "int64",
    at: "timestamp",
    failed: "string",
    odd: "string",
  });
  expect(rows).toEqual([
    {
      id: 1n,
      count: 1n,
      at: 5000n,
      failed: '{"name":"TypeError","message":"no"}',
      odd: "/a+/i",
      mdc_rejected: null,
    },
    {
      id: 2n ** 62n,
      count: null,
      at: null,
      failed: '{"k":1}',
      odd: "s",
      mdc_rejected: '{"count":"9223372036854775808","at":"Invalid Date"}',
    },
    {
      id: 3n,
      count: 3n,
      at: null,
      failed: '["/a/"]',
      odd: null,
      mdc_rejected: '{"odd":{"mdc_reason":"it throws when read"}}',
    },
  ]);
  expect(told.join()).toMatch(/VALUES_REJECTED/);
  expect(told.join()).not.toMatch(/secret/);
});
