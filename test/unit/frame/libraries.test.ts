import "@tensorflow/tfjs-backend-cpu";
import * as flechette from "@uwdata/flechette";
import * as arrow from "apache-arrow";
import * as aq from "arquero";
import * as dfd from "danfojs-node";
import pl from "nodejs-polars";
import { describe, expect, test } from "vitest";
import { resolveRedaction } from "../../../src/frame/copy/redaction.ts";
import { batchOf, column, dropOf, snapshotCells, snapshotOf } from "./frame-support.ts";

const values = (frame: unknown, name: string): unknown[] =>
  column(frame, name).map((cell) => (cell === null ? null : (cell as [string, unknown])[1]));
const types = (frame: unknown, name: string): unknown[] => [
  ...new Set(column(frame, name).flatMap((cell) => (cell === null ? [] : [(cell as [string, unknown])[0]]))),
];

describe("danfojs", () => {
  test("a DataFrame's types come from its values, not from its guessed dtypes", () => {
    const frame = new dfd.DataFrame({
      whole: [1, 2, 3],
      flag: [true, null, false],
      code: ["123", "4", "x"],
      big: [1n, 2n, 3n],
      when: [new Date(0), null, new Date(5)],
    } as never);
    expect(types(frame, "whole")).toEqual(["float64"]);
    expect(column(frame, "flag")).toEqual([["boolean", true], null, ["boolean", false]]);
    expect(values(frame, "code")).toEqual(["123", "4", "x"]);
    expect(types(frame, "big")).toEqual(["int64"]);
    expect(column(frame, "when")).toEqual([["timestamp", 0n], null, ["timestamp", 5000n]]);
  });

  test("a DataFrame of rows, after arithmetic, sorting and merging", () => {
    const frame = new dfd.DataFrame([
      { id: 1, v: 2 },
      { id: 2, v: 4 },
    ]);
    // Arithmetic of a whole DataFrame needs all of TensorFlow.js; that of a Series does not.
    expect(values(frame["v"].add(1), "v")).toEqual([3, 5]);
    expect(values(frame.sortValues("v", { ascending: false }), "id")).toEqual([2, 1]);
    const merged = dfd.merge({
      left: frame,
      right: new dfd.DataFrame([{ id: 1, name: "a" }]),
      on: ["id"],
      how: "left",
    });
    // danfojs puts NaN for what is missing; that it is null beside strings is decided where types are pinned.
    expect(column(merged, "name")).toEqual([
      ["string", "a"],
      ["float64", Number.NaN],
    ]);
  });

  test("a Series is a frame of one column, and can be a column", () => {
    expect(values(new dfd.Series([1, 2]), "0")).toEqual([1, 2]);
    expect(values(new dfd.DataFrame({ a: [1, 2] })["a"], "a")).toEqual([1, 2]);
    expect(values({ x: new dfd.Series(["a", "b"]) }, "x")).toEqual(["a", "b"]);
  });

  test("low-memory mode, where only rows are kept", () => {
    const frame = new dfd.DataFrame(
      [
        [1, "a"],
        [2, "b"],
      ],
      { columns: ["n", "s"], config: { lowMemoryMode: true } as never },
    );
    (frame as unknown as { $dataIncolumnFormat: unknown[] }).$dataIncolumnFormat = [];
    expect(values(frame, "n")).toEqual([1, 2]);
    expect(values(frame, "s")).toEqual(["a", "b"]);
  });

  test("columns whose names shadow danfojs' own getters", () => {
    const frame = new dfd.DataFrame([[1, 2, 3, 4]], { columns: ["values", "size", "shape", "index"] });
    for (const [i, name] of ["values", "size", "shape", "index"].entries())
      expect(values(frame, name)).toEqual([i + 1]);
  });

  test("a Series that was assigned stays inside as one", () => {
    const frame = new dfd.DataFrame({ a: [1, 2] });
    frame.addColumn("b", new dfd.Series([3, 4]), { inplace: true });
    expect(values(frame, "b")).toEqual([3, 4]);
    frame["a"] = new dfd.Series([5, 6]);
    expect(values(frame, "a")).toEqual([5, 6]);
  });

  test("an empty DataFrame has no rows", () => {
    expect(snapshotOf(new dfd.DataFrame([])).rows).toBe(0);
    expect(snapshotOf(new dfd.DataFrame([], { columns: ["a"] })).names).toEqual(["a"]);
  });

  test("data is copied: later changes of the DataFrame change nothing", () => {
    const frame = new dfd.DataFrame({ a: [1, 2] });
    const snapshot = snapshotOf(frame);
    frame.addColumn("a", [9, 9], { inplace: true });
    expect(snapshotCells(snapshot)).toEqual([[1, 2]]);
  });
});

const { Int64, Int32, Uint64, Utf8, Bool, Float16, Float32, Float64, List, Struct, Field, Decimal } = arrow;
const micros = 1_700_000_000_123_456n;

describe.each([
  [
    "apache-arrow",
    (name: string, type: arrow.DataType, data: unknown[]) =>
      new arrow.Table({ [name]: arrow.vectorFromArray(data as never[], type as never) }),
  ],
  [
    "apache-arrow, sliced",
    (name: string, type: arrow.DataType, data: unknown[]) =>
      new arrow.Table({
        [name]: arrow
          .vectorFromArray([...data, ...data, ...data] as never[], type as never)
          .slice(data.length, 2 * data.length),
      }),
  ],
  [
    "apache-arrow, in two batches",
    (name: string, type: arrow.DataType, data: unknown[]) => {
      const cut = data.length >> 1;
      const parts = [data.slice(0, cut), data.slice(cut)].map((part) =>
        arrow.vectorFromArray(part as never[], type as never),
      );
      return new arrow.Table({ [name]: (parts[0] as arrow.Vector).concat(parts[1] as arrow.Vector) });
    },
  ],
  [
    "a flechette table read from Arrow's bytes",
    (name: string, type: arrow.DataType, data: unknown[]) =>
      flechette.tableFromIPC(
        arrow.tableToIPC(
          new arrow.Table({ [name]: arrow.vectorFromArray(data as never[], type as never) }),
          "stream",
        ),
      ),
  ],
])("%s", (_, table) => {
  test("integers of every width are int64", () => {
    const data = [1, null, -3, 4];
    for (const type of [new arrow.Int8(), new arrow.Int16(), new Int32()]) {
      expect(column(table("x", type, data), "x")).toEqual([
        ["int64", 1n],
        null,
        ["int64", -3n],
        ["int64", 4n],
      ]);
    }
    expect(values(table("x", new Int64(), [1n, null, -(2n ** 63n), 2n ** 53n + 1n]), "x")).toEqual([
      1n,
      null,
      -(2n ** 63n),
      2n ** 53n + 1n,
    ]);
    expect(column(table("x", new Uint64(), [1n, null, 2n ** 63n, 2n]), "x")).toEqual([
      ["int64", 1n],
      null,
      ["rejected", '"9223372036854775808"'],
      ["int64", 2n],
    ]);
  });

  test("floats are float64", () => {
    expect(column(table("x", new Float64(), [1, null, Number.NaN, -0]), "x")).toEqual([
      ["float64", 1],
      null,
      ["float64", Number.NaN],
      ["float64", -0],
    ]);
    expect(values(table("x", new Float32(), [0.1, 0.2]), "x")).toEqual([Math.fround(0.1), Math.fround(0.2)]);
    expect(values(table("x", new Float16(), [0.5, null, -2, 65504]), "x")).toEqual([0.5, null, -2, 65504]);
  });

  test("texts, booleans and binary", () => {
    const texts = ["a", null, "é\u{1f600}", ""];
    expect(values(table("x", new Utf8(), texts), "x")).toEqual(texts);
    expect(values(table("x", new arrow.LargeUtf8(), texts), "x")).toEqual(texts);
    expect(
      values(table("x", new arrow.Dictionary(new Utf8(), new Int32()), ["a", "b", null, "a"]), "x"),
    ).toEqual(["a", "b", null, "a"]);
    expect(values(table("x", new Bool(), [true, false, null, true]), "x")).toEqual([true, false, null, true]);
    expect(column(table("x", new arrow.Binary(), [Buffer.from("ab"), null]), "x")).toEqual([
      ["binary", "ab"],
      null,
    ]);
    expect(
      column(table("x", new arrow.FixedSizeBinary(2), [Buffer.from("ab"), Buffer.from("cd")]), "x"),
    ).toEqual([
      ["binary", "ab"],
      ["binary", "cd"],
    ]);
  });

  test("lists keep their element type, structs and maps are JSON", () => {
    const lists = (child: arrow.DataType): arrow.DataType => new List(new Field("item", child, true));
    expect(column(table("x", lists(new Int32()), [[1, 2], null, [], [null, 3]]), "x")).toEqual([
      ["list<int64>", [1n, 2n]],
      null,
      ["list<int64>", []],
      ["list<int64>", [null, 3n]],
    ]);
    expect(column(table("x", lists(new Utf8()), [["a"], ["é", null]]), "x")).toEqual([
      ["list<string>", ["a"]],
      ["list<string>", ["é", null]],
    ]);
    expect(column(table("x", lists(new Float64()), [[1.5], []]), "x")).toEqual([
      ["list<float64>", [1.5]],
      ["list<float64>", []],
    ]);
    const struct = new Struct([new Field("a", new Int64(), true), new Field("b", new Utf8(), true)]);
    expect(
      column(
        table("x", struct, [
          { a: 2n ** 60n, b: "q" },
          { a: null, b: "r" },
        ]),
        "x",
      ),
    ).toEqual([
      ["json", `{"a":${2n ** 60n},"b":"q"}`],
      ["json", '{"a":null,"b":"r"}'],
    ]);
    expect(column(table("x", lists(struct), [[{ a: 1n, b: "x" }], []]), "x")).toEqual([
      ["json", '[{"a":1,"b":"x"}]'],
      ["json", "[]"],
    ]);
    const map = new arrow.Map_(
      new Field(
        "entries",
        new Struct([new Field("key", new Utf8(), false), new Field("value", new Int32(), true)]),
        false,
      ) as never,
    );
    expect(column(table("x", map, [new Map([["k", 1]]), new Map([["l", 2]])]), "x")).toEqual([
      ["json", '{"k":1}'],
      ["json", '{"l":2}'],
    ]);
  });
});

/** A vector over a buffer of ticks, which no conversion has touched. */
function ticks(type: arrow.DataType, data: BigInt64Array | Int32Array): arrow.Table {
  return new arrow.Table({
    x: arrow.makeVector(
      arrow.makeData({
        type: type as never,
        length: data.length,
        nullCount: 0,
        data: data as never,
      } as never),
    ),
  });
}

describe.each([
  ["apache-arrow", (t: arrow.Table): unknown => t],
  ["flechette", (t: arrow.Table): unknown => flechette.tableFromIPC(arrow.tableToIPC(t, "stream"))],
])("times in %s", (_, as) => {
  test("timestamps of every unit are microseconds, and nanoseconds that are none are rejected", () => {
    expect(column(as(ticks(new arrow.TimestampSecond(), new BigInt64Array([5n]))), "x")).toEqual([
      ["timestamp", 5_000_000n],
    ]);
    expect(column(as(ticks(new arrow.TimestampMillisecond(), new BigInt64Array([5n]))), "x")).toEqual([
      ["timestamp", 5000n],
    ]);
    expect(column(as(ticks(new arrow.TimestampMicrosecond(), new BigInt64Array([micros]))), "x")).toEqual([
      ["timestamp", micros],
    ]);
    expect(
      column(as(ticks(new arrow.TimestampNanosecond(), new BigInt64Array([5000n, 5001n]))), "x"),
    ).toEqual([
      ["timestamp", 5n],
      ["rejected", '"5001 ns since 1970"'],
    ]);
  });

  test("dates are timestamps, times and durations text", () => {
    expect(column(as(ticks(new arrow.DateDay(), new Int32Array([1]))), "x")).toEqual([
      ["timestamp", 86_400_000_000n],
    ]);
    expect(column(as(ticks(new arrow.DateMillisecond(), new BigInt64Array([7n]))), "x")).toEqual([
      ["timestamp", 7000n],
    ]);
    expect(column(as(ticks(new arrow.TimeMicrosecond(), new BigInt64Array([3_723_000_004n]))), "x")).toEqual([
      ["string", "01:02:03.000004"],
    ]);
    expect(column(as(ticks(new arrow.TimeSecond(), new Int32Array([3723]))), "x")).toEqual([
      ["string", "01:02:03"],
    ]);
  });

  test("decimals are text with all digits", () => {
    const words = new Uint32Array([12345, 0, 0, 0, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff]);
    const data = arrow.makeData({
      type: new Decimal(2, 20) as never,
      length: 2,
      nullCount: 0,
      data: words as never,
    } as never);
    expect(column(as(new arrow.Table({ x: arrow.makeVector(data) })), "x")).toEqual([
      ["string", "123.45"],
      ["string", "-0.01"],
    ]);
  });
});

/** The children of nested columns, laid out as views of a text. */
function views(): arrow.Data {
  const texts = ["short", "longer than the twelve bytes that fit inline", "x"];
  return arrow.vectorFromArray(texts, new arrow.Utf8View()).data[0] as arrow.Data;
}

describe("Arrow", () => {
  test("texts that are views, inside lists, structs and maps, also from a file", () => {
    const child = views();
    const view = new Field("item", new arrow.Utf8View(), true);
    const list = arrow.makeData({
      type: new List(view),
      length: 2,
      nullCount: 0,
      valueOffsets: Int32Array.of(0, 2, 3),
      child: child as never,
    });
    const struct = arrow.makeData({
      type: new Struct([view]),
      length: 2,
      nullCount: 0,
      children: [child] as never,
    });
    const table = new arrow.Table({ l: new arrow.Vector([list]), s: new arrow.Vector([struct]) });
    for (const each of [table, arrow.tableFromIPC(arrow.tableToIPC(table, "file"))]) {
      expect(column(each, "l")).toEqual([
        ["list<string>", ["short", "longer than the twelve bytes that fit inline"]],
        ["list<string>", ["x"]],
      ]);
      expect(column(each, "s")).toEqual([
        ["json", '{"item":"short"}'],
        ["json", '{"item":"longer than the twelve bytes that fit inline"}'],
      ]);
    }
  });

  test("a timestamp without a zone is taken as UTC, and the name of a zone is not kept", () => {
    for (const zone of [null, "Europe/Berlin"]) {
      const type = new arrow.TimestampMicrosecond(zone);
      expect(column(ticks(type, new BigInt64Array([micros])), "x")).toEqual([["timestamp", micros]]);
    }
  });

  test("a column of a type that nobody knows yet is kept as such, cell by cell, and the others as ever", () => {
    const odd = Object.assign(Object.create(views()) as arrow.Data, { type: { typeId: 99 } });
    const nested = arrow.makeData({
      type: new Struct([new Field("odd", new arrow.Utf8View(), true)]),
      length: 3,
      nullCount: 0,
      children: [odd] as never,
    });
    const rejected = ["rejected", '{"mdc_reason":"an Arrow value that can not be read"}'];
    for (const data of [odd, nested]) {
      const frame = { odd: { type: data.type, length: 3, data: [data] }, even: [1, 2, 3] };
      expect(column(frame, "odd")).toEqual([rejected, rejected, rejected]);
      expect(values(frame, "even")).toEqual([1, 2, 3]);
    }
  });

  test("a value whose buffer is not there is rejected alone", () => {
    const data = views().clone();
    (data as { variadicBuffers: unknown }).variadicBuffers = [];
    expect(column({ x: new arrow.Vector([data]) }, "x")).toEqual([
      ["string", "short"],
      ["rejected", '{"mdc_reason":"an Arrow value that can not be read"}'],
      ["string", "x"],
    ]);
  });

  test("small buffers that stand for more than a frame may have are refused while they are read", () => {
    const long = "x".repeat(100_000);
    const one = arrow.vectorFromArray([long], new arrow.Utf8View()).data[0] as arrow.Data;
    const views = new Uint8Array(16 * 5_000);
    for (let i = 0; i < 5_000; i++) views.set((one.values as Uint8Array).subarray(0, 16), 16 * i);
    const many = new arrow.Data(
      one.type,
      0,
      5_000,
      0,
      [undefined, views],
      [],
      undefined,
      one.variadicBuffers,
    );
    expect(dropOf({ x: new arrow.Vector([many]) })).toMatchObject({ reason: "too_large" });
    const list = arrow.makeData({
      type: new List(new Field("item", new arrow.Utf8View(), true)),
      length: 1,
      nullCount: 0,
      valueOffsets: Int32Array.of(0, 5_000),
      child: many as never,
    });
    expect(dropOf({ x: new arrow.Vector([list]) })).toMatchObject({ reason: "too_large" });
  });

  test("a RecordBatch is a frame, and a vector a column", () => {
    const table = new arrow.Table({ a: arrow.vectorFromArray([1, 2], new Int32()) });
    expect(values(table.batches[0], "a")).toEqual([1n, 2n]);
    expect(values({ v: table.getChild("a") }, "v")).toEqual([1n, 2n]);
  });

  test("a table beyond the limits is refused before it is decoded", () => {
    const texts = new arrow.Table({ s: arrow.vectorFromArray(["x".repeat(5000)], new Utf8()) });
    const bounds = { maxFrameBytes: 4000, maxFrameRows: 10, maxFrameColumns: 2 };
    expect(dropOf(texts, { limits: bounds })).toMatchObject({ reason: "too_large" });
    const numbers = new arrow.Table({ x: arrow.makeVector(new Float64Array(11)) });
    expect(dropOf(numbers, { limits: bounds })).toMatchObject({ reason: "too_large" });
  });

  test("every kind of column can be redacted", () => {
    const redaction = resolveRedaction({ x: (value) => value }, "redact");
    for (const frame of [
      new arrow.Table({ x: arrow.vectorFromArray([1, null, 3], new Int32()) }),
      new arrow.Table({ x: arrow.vectorFromArray(["a", null], new Utf8()) }),
      new arrow.Table({ x: arrow.vectorFromArray([new Date(5), null], new arrow.TimestampMicrosecond()) }),
      new arrow.Table({
        x: arrow.vectorFromArray([[1.5], null], new List(new Field("item", new Float64(), true))),
      }),
    ]) {
      expect(column(frame, "x", { redaction })).toEqual(column(frame, "x"));
    }
  });

  test("few rows of a table with a large dictionary", () => {
    const texts = Array.from({ length: 5_000 }, (_, i) => `text ${i}`);
    const table = arrow.tableFromArrays({ s: texts });
    const rows = table.slice(4_000, 4_003);
    expect(values(rows, "s")).toEqual(["text 4000", "text 4001", "text 4002"]);
    expect(values(arrow.tableFromArrays({ s: [...texts, "text 7", "text 7"] }).slice(5_000), "s")).toEqual([
      "text 7",
      "text 7",
    ]);
    const batches = table.concat(arrow.tableFromArrays({ s: ["a", "b", "a"] }));
    expect(values(batches.slice(4_999, 5_003), "s")).toEqual(["text 4999", "a", "b", "a"]);
  });

  test("texts that are not ASCII, empty, or null, alone and among others", () => {
    const plain = (texts: (string | null)[]) =>
      new arrow.Table({ s: arrow.vectorFromArray(texts, new Utf8()) });
    for (const texts of [
      ["a", "", "bc"],
      ["a", "é", ""],
      ["日本", null, "x".repeat(300)],
      ["", "", ""],
      [null, null],
      ["one"],
      ["x".repeat(70_000), "y"],
    ]) {
      expect(values(plain(texts), "s")).toEqual(texts);
      expect(values(plain([...texts, ...texts]).slice(1, texts.length + 1), "s")).toEqual([
        ...texts.slice(1),
        texts[0],
      ]);
    }
  });

  test("bytes that are no UTF-8 become the same text wherever they are cut", () => {
    const table = new arrow.Table({ s: arrow.vectorFromArray(["ab", "cd"], new Utf8()) });
    const part = table.getChildAt(0)?.data[0] as unknown as { values: Uint8Array };
    part.values.set([0x61, 0xc3, 0xa9, 0x62]);
    expect(values(table, "s")).toEqual(["a\ufffd", "\ufffdb"]);
    part.values.set([0xff, 0x61, 0x62, 0x63]);
    expect(values(table, "s")).toEqual(["\ufffda", "bc"]);
  });

  test("a column in several batches, with numbers and nulls, of a table and of one of its batches", () => {
    const part = (numbers: (number | null)[]) =>
      new arrow.Table({
        n: arrow.vectorFromArray(numbers, new Float64()),
        i: arrow.vectorFromArray(numbers, new Int32()),
      });
    const table = part([1, null, 3]).concat(part([4]), part([null]));
    expect(values(table, "n")).toEqual([1, null, 3, 4, null]);
    expect(values(table, "i")).toEqual([1n, null, 3n, 4n, null]);
    expect(values(table.batches[0], "n")).toEqual([1, null, 3]);
    expect(values(table.slice(2, 4), "n")).toEqual([3, 4]);
  });

  test("buffers are copied", () => {
    const data = new Float64Array([1, 2]);
    const snapshot = snapshotOf(new arrow.Table({ x: arrow.makeVector(data) }));
    data.fill(9);
    expect(Array.from((snapshot.columns[0] as { data: ArrayLike<number> }).data)).toEqual([1, 2]);
  });

  test("flechette's own tables", () => {
    const table = flechette.tableFromArrays({
      n: [1.5, 2],
      s: ["a", null],
      i: new Int16Array([1, 2]),
      d: [new Date(0), new Date(1)],
    });
    expect(values(table, "n")).toEqual([1.5, 2]);
    expect(values(table, "s")).toEqual(["a", null]);
    expect(column(table, "i")).toEqual([
      ["int64", 1n],
      ["int64", 2n],
    ]);
    expect(values(table, "d")).toEqual([0n, 1000n]);
  });
});

describe("nodejs-polars", () => {
  test("columns keep their types", () => {
    const frame = pl.DataFrame({
      f: [1, 2.5, null],
      s: ["x", null, "é"],
      b: [true, null, false],
      d: [new Date(1), null, new Date(1_700_000_000_123)],
      l: [[1.5, 2], [3], []],
      i: pl.Series("i", [1, null, 3], pl.Int32),
      big: pl.Series("big", [2n ** 53n + 1n, null, -5n] as never, pl.Int64),
      u: pl.Series("u", [1n, 2n, 18_446_744_073_709_551_615n] as never, pl.UInt64),
      o: [{ x: 1 }, { x: 2 }, { x: 3 }],
    } as never);
    expect(column(frame, "f")).toEqual([["float64", 1], ["float64", 2.5], null]);
    expect(values(frame, "s")).toEqual(["x", null, "é"]);
    expect(values(frame, "b")).toEqual([true, null, false]);
    expect(values(frame, "d")).toEqual([1000n, null, 1_700_000_000_123_000n]);
    expect(column(frame, "l")).toEqual([
      ["list<float64>", [1.5, 2]],
      ["list<float64>", [3]],
      ["list<float64>", []],
    ]);
    expect(column(frame, "i")).toEqual([["int64", 1n], null, ["int64", 3n]]);
    expect(values(frame, "u")).toEqual([1n, 2n, '"18446744073709551615"']);
    expect(column(frame, "o")[0]).toEqual(["json", '{"x":1}']);
  });

  test("64-bit integers with nulls, microseconds and decimals lose nothing", () => {
    const base = pl.DataFrame({ t: ["9007199254740993", null, "-5"] });
    const frame = base
      .withColumn(pl.col("t").cast(pl.Int64).alias("big"))
      .withColumn(pl.col("t").cast(pl.Int64).cast(pl.Datetime("us")).alias("us"))
      .withColumn(pl.col("t").cast(pl.Int64).cast(pl.Datetime("ns")).alias("ns"))
      .withColumn(pl.lit("1.50").cast(pl.Decimal(10, 2)).alias("dec"))
      .withColumn(pl.col("t").cast(pl.Categorical).alias("cat"));
    expect(values(frame, "big")).toEqual([9_007_199_254_740_993n, null, -5n]);
    expect(values(frame, "us")).toEqual([9_007_199_254_740_993n, null, -5n]);
    expect(column(frame, "ns")).toEqual([
      ["rejected", '"9007199254740993 ns since 1970"'],
      null,
      ["rejected", '"-5 ns since 1970"'],
    ]);
    expect(column(frame, "dec")[0]).toEqual(["string", "1.50"]);
    expect(values(frame, "cat")).toEqual(["9007199254740993", null, "-5"]);
  });

  test("a duration is text of its own unit, whatever the binding says of it", () => {
    const ticks = pl
      .DataFrame({ t: ["9007199254740993", null, "-5"] })
      .getColumn("t")
      .cast(pl.Int64);
    const frame = pl.DataFrame({
      ms: ticks.cast(pl.Duration("ms")),
      us: ticks.cast(pl.Duration("us")),
      ns: ticks.cast(pl.Duration("ns")),
    });
    expect(column(frame, "ms")).toEqual([
      ["string", "2501999792:59:00.993"],
      null,
      ["string", "-00:00:00.005"],
    ]);
    expect(values(frame, "us")).toEqual(["2501999:47:34.740993", null, "-00:00:00.000005"]);
    expect(values(frame, "ns")).toEqual(["2501:59:59.254740993", null, "-00:00:00.000000005"]);
    const apart = pl
      .DataFrame({ due: [new Date(90_061_001)], left: [new Date(0)] })
      .withColumn(pl.col("due").sub(pl.col("left")).alias("slack"));
    expect(column(apart, "slack")).toEqual([["string", "25:01:01.001"]]);
  });

  test("64-bit integers and fine times inside lists and structs lose nothing, and a null struct is null", () => {
    const ticks = pl
      .DataFrame({ t: ["9007199254740993", "-5"] })
      .getColumn("t")
      .cast(pl.Int64);
    const flat = pl.DataFrame({
      g: [1, 1],
      i: ticks,
      t: ticks.cast(pl.Datetime("us")),
      d: ticks.cast(pl.Duration("us")),
    });
    const lists = flat.groupBy("g").agg(pl.col("i"), pl.col("t"), pl.col("d"));
    expect(column(lists, "i")).toEqual([["list<int64>", [9_007_199_254_740_993n, -5n]]]);
    expect(column(lists, "t")).toEqual([["list<timestamp>", [9_007_199_254_740_993n, -5n]]]);
    expect(column(lists, "d")).toEqual([["list<string>", ["2501999:47:34.740993", "-00:00:00.000005"]]]);
    expect(column(flat.toStruct("s"), "s")[0]).toEqual([
      "json",
      '{"g":1,"i":9007199254740993,"t":"2255-06-05T23:47:34.740993Z","d":"2501999:47:34.740993"}',
    ]);
  });

  test("types that JavaScript does not have: bytes, 128-bit integers, half-precision numbers", () => {
    const table = new arrow.Table({
      raw: arrow.vectorFromArray([Buffer.from("ab"), null, Buffer.from("")], new arrow.Binary()),
      half: arrow.vectorFromArray([1.5, null, -0], new Float16()),
    });
    const frame = pl.readIPC(Buffer.from(arrow.tableToIPC(table, "file")));
    expect(column(frame, "raw")).toEqual([["binary", "ab"], null, ["binary", ""]]);
    expect(column(frame, "half")).toEqual([["float64", 1.5], null, ["float64", -0]]);
    const context = pl.SQLContext({ df: pl.DataFrame({ s: [String(2n ** 100n), "-7", null] }) });
    const huge = context.execute("SELECT CAST(s AS HUGEINT) AS x FROM df", { eager: true });
    expect(column(huge, "x")).toEqual([
      ["rejected", JSON.stringify(String(2n ** 100n))],
      ["int64", -7n],
      null,
    ]);
  });

  test("instants beyond a timestamp are rejected, and dates beyond a Date are not", () => {
    const days = pl.Series("days", [1, 100_000_000], pl.Int32).cast(pl.Date);
    expect(values(days, "days")).toEqual([86_400_000_000n, 8_640_000_000_000_000_000n]);
    const ms = pl
      .DataFrame({ t: ["9223372036854775807"] })
      .getColumn("t")
      .cast(pl.Int64);
    expect(column(ms.cast(pl.Datetime("ms")), "t")).toEqual([
      ["rejected", '"9223372036854775807000000 ns since 1970"'],
    ]);
  });

  test("the names of columns are only names", () => {
    const odd = "a' [f64]\n[";
    const long = pl
      .DataFrame({ t: ["9007199254740993", "2"] })
      .getColumn("t")
      .cast(pl.Int64);
    for (const name of [odd, "^x.*$", "*", ""]) {
      const list = long.toFrame().withColumn(pl.lit(1).alias("g")).groupBy("g").agg(pl.col("t"));
      const stored = column({ x: list.getColumn("t").alias(name) }, "x");
      expect(stored, name).toEqual([["list<int64>", [9_007_199_254_740_993n, 2n]]]);
      expect(column({ x: long.cast(pl.Duration("ns")).alias(name) }, "x")[1], name).toEqual([
        "string",
        "00:00:00.000000002",
      ]);
    }
  });

  test("what the binding loses while a Series is made is lost before: bigints as Int64 are null in Polars itself", () => {
    const given = pl.Series("x", [2n ** 53n + 1n, -1n] as never, pl.Int64);
    expect(given.nullCount()).toBe(2);
    expect(column(given, "x")).toEqual([null, null]);
    expect(values(pl.Series("x", BigInt64Array.of(2n ** 53n + 1n, -1n) as never), "x")).toEqual([
      2n ** 53n + 1n,
      -1n,
    ]);
    expect(values(pl.Series("x", [2n ** 53n + 1n] as never), "x")).toEqual([2n ** 53n + 1n]);
  });

  test("a Series of many rows", () => {
    const many = pl
      .Series(
        "x",
        Array.from({ length: 3_000 }, (_, i) => i),
        pl.Int64,
      )
      .cast(pl.Duration("ms"));
    expect(values({ x: many }, "x")[2_999]).toBe("00:00:02.999");
  });

  test("a Series is a frame of one column, and can be a column", () => {
    expect(values(pl.Series("a", [1.5, 2]), "a")).toEqual([1.5, 2]);
    expect(values({ x: pl.Series("a", ["q"]) }, "x")).toEqual(["q"]);
  });

  test("a frame of no rows", () => {
    expect(snapshotOf(pl.DataFrame({ a: [1] }).filter(pl.col("a").gt(5))).rows).toBe(0);
  });
});

describe("Arquero", () => {
  test("a table, also filtered and ordered", () => {
    const table = aq.table({ a: [3, 1, 2], s: ["c", "a", "b"] });
    expect(values(table, "a")).toEqual([3, 1, 2]);
    const some = table.filter((d: { a: number }) => d.a > 1).orderby("a");
    expect(values(some, "a")).toEqual([2, 3]);
    expect(values(some, "s")).toEqual(["b", "c"]);
    expect(batchOf([some]).header.rows).toBe(2);
  });

  test("typed arrays and Arrow columns underneath keep their type", () => {
    expect(column(aq.table({ i: new Int32Array([1, 2]) }), "i")).toEqual([
      ["int64", 1n],
      ["int64", 2n],
    ]);
    const arrowTable = new arrow.Table({ i: arrow.vectorFromArray([1, null], new Int32()) });
    expect(column(aq.fromArrow(arrowTable as never), "i")).toEqual([["int64", 1n], null]);
  });
});

describe("Arquero's verbs", () => {
  const table = aq.table({
    i: new Int32Array([3, 1, 2]),
    big: new BigInt64Array([2n ** 60n, 1n, 2n]),
    f: new Float32Array([1.5, 2, 3]),
  });
  const arrowTable = aq.fromArrow(
    new arrow.Table({
      k: arrow.vectorFromArray([1, 2, 3], new Int32()),
      i: arrow.vectorFromArray([3n, null, 2n ** 60n], new Int64()),
      t: ticks(new arrow.TimestampMicrosecond(), new BigInt64Array([5n, micros, 7n])).getChildAt(
        0,
      ) as arrow.Vector,
    }) as never,
  );

  test("keep the type of typed arrays and Arrow columns where rows are left out, sorted or taken", () => {
    for (const part of [
      table.filter((d: { f: number }) => d.f < 3).orderby("f"),
      table.filter((d: { f: number }) => d.f < 3).reify(),
      table.slice(0, 2),
      table.derive({ more: (d: { f: number }) => d.f }).filter((d: { f: number }) => d.f < 3),
    ]) {
      expect(column(part, "i")).toEqual([
        ["int64", 3n],
        ["int64", 1n],
      ]);
      expect(values(part, "big")).toEqual([2n ** 60n, 1n]);
      expect(column(part, "f")).toEqual([
        ["float64", 1.5],
        ["float64", 2],
      ]);
    }
    const sorted = arrowTable.filter((d: { k: number }) => d.k > 1).orderby(aq.desc("k"));
    expect(column(sorted, "i")).toEqual([["int64", 2n ** 60n], null]);
    expect(column(sorted, "t")).toEqual([
      ["timestamp", 7n],
      ["timestamp", micros],
    ]);
  });

  test("that make columns anew give numbers, which is all that they say", () => {
    const other = aq.table({ i: new Int32Array([1, 3]), z: new Int16Array([10, 30]) });
    expect(types(table.join(other), "z")).toEqual(["float64"]);
    expect(types(table.concat(table), "i")).toEqual(["float64"]);
    expect(values(table.concat(table), "big")).toEqual([2n ** 60n, 1n, 2n, 2n ** 60n, 1n, 2n]);
  });
});

test("a redactor that gives a value back as it was changes nothing of it", () => {
  const redaction = resolveRedaction({ x: (value) => value }, "redact");
  const struct = new Struct([new Field("a", new Int64(), true), new Field("b", new Float64(), true)]);
  for (const frame of [
    new arrow.Table({ x: arrow.vectorFromArray([{ a: 2n ** 60n + 1n, b: 1e300 }], struct) }),
    ticks(new arrow.TimestampMicrosecond(), new BigInt64Array([micros, 1n])),
    ticks(new arrow.TimestampNanosecond(), new BigInt64Array([5001n, micros * 1000n])),
    new arrow.Table({ x: arrow.vectorFromArray([2n ** 63n, 1n], new Uint64()) }),
    { x: new BigUint64Array([2n ** 63n, 1n]) },
    { x: new BigInt64Array([2n ** 60n + 1n]) },
    pl.DataFrame({ x: [new Date(5), null] }),
  ]) {
    expect(column(frame, "x", { redaction })).toEqual(column(frame, "x"));
  }
  const changing = resolveRedaction(
    {
      x: (value) => {
        (value as Date).setTime(7);
        return value;
      },
    },
    "redact",
  );
  const frame = ticks(new arrow.TimestampMicrosecond(), new BigInt64Array([micros]));
  expect(column(frame, "x", { redaction: changing })).toEqual([["timestamp", 7000n]]);
});

test("what is no frame is refused with a hint", () => {
  expect(dropOf(Promise.resolve([])).message).toMatch(/await it first/);
  expect(dropOf(dfd).reason).toBe("invalid");
});
