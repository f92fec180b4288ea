import { describe, expect, test } from "vitest";
import { list } from "../../../src/layout/column-type.ts";
import { resolveSchema } from "../../../src/frame/declared-schema.ts";
import { batchOf, cellsOf, column } from "./frame-support.ts";

const one = (value: unknown): unknown => column({ x: [value] }, "x")[0];

describe("values without a declared type", () => {
  test("every number is a float64, kept exactly", () => {
    const values = [
      1,
      2.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      -0,
      5e-324,
      2 ** 53,
    ];
    const got = column({ x: values }, "x") as [string, number][];
    expect(got.map(([type]) => type)).toEqual(values.map(() => "float64"));
    got.forEach(([, value], i) => expect(Object.is(value, values[i])).toBe(true));
  });

  test("a bigint is an int64, and beyond 64 bits rejected with all its digits, as text that no reader rounds", () => {
    expect(one(2n ** 63n - 1n)).toEqual(["int64", 2n ** 63n - 1n]);
    expect(one(-(2n ** 63n))).toEqual(["int64", -(2n ** 63n)]);
    expect(one(2n ** 63n)).toEqual(["rejected", '"9223372036854775808"']);
    expect(one(-(10n ** 40n))).toEqual(["rejected", `"-1${"0".repeat(40)}"`]);
  });

  test("booleans, strings and nulls are what they are", () => {
    expect(column({ x: [true, null, false, undefined] }, "x")).toEqual([
      ["boolean", true],
      null,
      ["boolean", false],
      null,
    ]);
    expect(column({ x: ["", "é", null, "\u{1f600}", "a\0b"] }, "x")).toEqual([
      ["string", ""],
      ["string", "é"],
      null,
      ["string", "\u{1f600}"],
      ["string", "a\0b"],
    ]);
  });

  test("a string with a lone surrogate is rejected, as JSON that says it exactly", () => {
    expect(column({ x: ["ok", "bad\ud83d", "ok", "\ude00".repeat(100)] }, "x")).toEqual([
      ["string", "ok"],
      ["rejected", '"bad\\ud83d"'],
      ["string", "ok"],
      ["rejected", JSON.stringify("\ude00".repeat(100))],
    ]);
  });

  test("a Date is a timestamp in microseconds, an invalid one is rejected", () => {
    expect(one(new Date(1_700_000_000_123))).toEqual(["timestamp", 1_700_000_000_123_000n]);
    expect(one(new Date(-1))).toEqual(["timestamp", -1000n]);
    expect(one(new Date(8.64e15))).toEqual(["timestamp", 8_640_000_000_000_000_000n]);
    expect(one(new Date(-8.64e15))).toEqual(["timestamp", -8_640_000_000_000_000_000n]);
    expect(one(new Date(Number.NaN))).toEqual(["rejected", '"Invalid Date"']);
  });

  test("bytes are binary", () => {
    expect(one(Buffer.from("abc"))).toEqual(["binary", "abc"]);
    expect(one(new TextEncoder().encode("abc").buffer)).toEqual(["binary", "abc"]);
    expect(one(new DataView(new TextEncoder().encode("xabc").buffer, 1))).toEqual(["binary", "abc"]);
  });

  test("an array of one kind of scalar is a list, with its nulls", () => {
    expect(one([1, null, 2.5])).toEqual(["list<float64>", [1, null, 2.5]]);
    expect(one(["a", undefined, "é"])).toEqual(["list<string>", ["a", null, "é"]]);
    expect(one([1n, 2n])).toEqual(["list<int64>", [1n, 2n]]);
    expect(one([true, false])).toEqual(["list<boolean>", [true, false]]);
    expect(one([new Date(1)])).toEqual(["list<timestamp>", [1000n]]);
    expect(one([Buffer.from("a"), null])).toEqual(["list<binary>", ["a", null]]);
    expect(one(new Float32Array([1.5, -2]))).toEqual(["list<float64>", [1.5, -2]]);
    expect(one(new Int16Array([1, -2]))).toEqual(["list<int64>", [1n, -2n]]);
    expect(one(new BigInt64Array([1n, -2n]))).toEqual(["list<int64>", [1n, -2n]]);
  });

  test("a list without values is like the column's others, and alone a list of float64", () => {
    expect(column({ x: [["a"], [], [null]] }, "x")).toEqual([
      ["list<string>", ["a"]],
      ["list<string>", []],
      ["list<string>", [null]],
    ]);
    expect(one([])).toEqual(["list<float64>", []]);
  });

  test("a mixed or nested array is JSON", () => {
    expect(one([1, "a", null])).toEqual(["json", '[1,"a",null]']);
    expect(one([[1], [2]])).toEqual(["json", "[[1],[2]]"]);
    expect(one([{ a: 1 }])).toEqual(["json", '[{"a":1}]']);
    expect(one([1, 2n])).toEqual(["json", "[1,2]"]);
  });

  test("a list with an element that can not be stored exactly is rejected whole", () => {
    expect(one(["a", "\ud83d"])).toEqual(["rejected", '["a","\\ud83d"]']);
    expect(one([1n, 2n ** 64n])).toEqual(["rejected", `["1","${2n ** 64n}"]`]);
    expect(one(new BigUint64Array([1n, 2n ** 63n]))).toEqual(["rejected", `["1","${2n ** 63n}"]`]);
    expect(one(new BigUint64Array([1n]))).toEqual(["list<int64>", [1n]]);
  });

  test("objects, Maps and Sets are JSON, exact where JSON.stringify is not", () => {
    expect(one({ a: 1, b: [null, "x"], c: undefined, d: () => 1 })).toEqual([
      "json",
      '{"a":1,"b":[null,"x"]}',
    ]);
    expect(one(new Map([["k", 1]]))).toEqual(["json", '{"k":1}']);
    expect(one(new Map([[1, 2]]))).toEqual(["json", "[[1,2]]"]);
    expect(one(new Set(["a", 1]))).toEqual(["json", '["a",1]']);
    expect(one({ d: new Date(0), n: 2n ** 70n, z: -0 })).toEqual([
      "json",
      `{"d":"1970-01-01T00:00:00.000Z","n":${2n ** 70n},"z":-0}`,
    ]);
    expect(one({ a: Number.NaN, b: -Infinity })).toEqual(["json", '{"a":"NaN","b":"-Infinity"}']);
    expect(one({ b: Buffer.from("hi"), t: new Int8Array([1]) })).toEqual(["json", '{"b":"aGk=","t":[1]}']);
    expect(one({ toJSON: () => ({ x: 1 }) })).toEqual(["json", '{"x":1}']);
    expect(one(JSON.parse('{"__proto__":1,"constructor":2}'))).toEqual([
      "json",
      '{"__proto__":1,"constructor":2}',
    ]);
  });

  test("an error is its name, message, cause and own properties, without its stack", () => {
    const failed = Object.assign(new TypeError("no"), { code: "E1" });
    expect(one(failed)).toEqual(["json", '{"name":"TypeError","message":"no","code":"E1"}']);
    const outer = new Error("outer", { cause: failed });
    expect(one({ failed: outer })).toEqual([
      "json",
      '{"failed":{"name":"Error","message":"outer","cause":{"name":"TypeError","message":"no","code":"E1"}}}',
    ]);
    expect(one(new AggregateError([new Error("a")], "all"))).toEqual([
      "json",
      '{"name":"AggregateError","message":"all","errors":[{"name":"Error","message":"a"}]}',
    ]);
    expect(one(new DOMException("late", "TimeoutError"))).toEqual([
      "json",
      '{"name":"TimeoutError","message":"late"}',
    ]);
    const circular = new Error("round");
    circular.cause = circular;
    expect(one(circular)).toEqual(["rejected", '{"mdc_reason":"a circular reference"}']);
    expect(one(Object.assign(new Error("no"), { toJSON: () => ({ short: true }) }))).toEqual([
      "json",
      '{"short":true}',
    ]);
  });

  test("what stands for a text, number or truth value is that: regular expressions, boxes, and what toJSON gives", () => {
    expect(one(/a+\/"/gi)).toEqual(["string", '/a+\\/"/gi']);
    expect(one(new URL("https://a.example/x?y=1"))).toEqual(["string", "https://a.example/x?y=1"]);
    expect(one(new Number(-0))).toEqual(["float64", -0]);
    expect(one(new String("s"))).toEqual(["string", "s"]);
    expect(one(new Boolean(false))).toEqual(["boolean", false]);
    expect(one(Object(2n ** 64n))).toEqual(["rejected", JSON.stringify(String(2n ** 64n))]);
    expect(one({ toJSON: () => "2026-11-28" })).toEqual(["string", "2026-11-28"]);
    expect(one({ toJSON: () => 1.5 })).toEqual(["float64", 1.5]);
    expect(one({ toJSON: () => undefined })).toBeNull();
    expect(one({ u: new URL("https://a.example/"), r: /x/, n: new Number(1) })).toEqual([
      "json",
      '{"u":"https://a.example/","r":"/x/","n":1}',
    ]);
    class Money {
      toJSON(): string {
        return "1.50 EUR";
      }
    }
    expect(one([new Money()])).toEqual(["json", '["1.50 EUR"]']);
  });

  test("holes are null, and the least things keep their sign", () => {
    const sparse: number[] = [1];
    sparse[2] = -0;
    expect(one(sparse)).toEqual(["list<float64>", [1, null, -0]]);
    expect(one({ a: [-0], b: -0 })).toEqual(["json", '{"a":[-0],"b":-0}']);
    expect(
      one({ b: Buffer.from("hi"), v: new DataView(new ArrayBuffer(1)), i: new BigInt64Array([1n]) }),
    ).toEqual(["json", '{"b":"aGk=","v":"AA==","i":[1]}']);
    expect(one(new SharedArrayBuffer(2))).toEqual(["binary", "\0\0"]);
  });

  test("what holds nothing that could be stored is rejected, not stored as {}", () => {
    expect(one(Promise.resolve(1))).toEqual(["rejected", '{"mdc_reason":"a promise"}']);
    expect(one({ late: Promise.resolve(1) })).toEqual(["rejected", '{"mdc_reason":"a promise"}']);
    expect(one(new WeakMap())).toEqual(["rejected", '{"mdc_reason":"a weak collection"}']);
    const numbers = new Float64Array([1]);
    const bytes = Uint8Array.of(1);
    structuredClone([numbers, bytes], { transfer: [numbers.buffer, bytes.buffer] });
    const gone = ["rejected", '{"mdc_reason":"its buffer was transferred away"}'];
    expect(one(numbers)).toEqual(gone);
    expect(one(bytes)).toEqual(gone);
    expect(one({ numbers })).toEqual(gone);
    expect(one(bytes.buffer)).toEqual(["rejected", '{"mdc_reason":"it throws when read"}']);
  });

  test("what can not be stored is rejected with its reason", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    let deep: unknown = 1;
    for (let i = 0; i < 100; i++) deep = [deep];
    expect(one(() => 1)).toEqual(["rejected", '{"mdc_reason":"a function"}']);
    expect(one(Symbol("s"))).toEqual(["rejected", '{"mdc_reason":"a symbol"}']);
    expect(one(cycle)).toEqual(["rejected", '{"mdc_reason":"a circular reference"}']);
    expect(one(deep)).toEqual(["rejected", '{"mdc_reason":"more than 64 levels"}']);
    expect(
      one({
        toJSON() {
          throw new Error("secret");
        },
      }),
    ).toEqual(["rejected", '{"mdc_reason":"it throws when read"}']);
  });

  test("a value whose reading throws something that can not even be looked at is rejected alone", () => {
    const boom = (): never => {
      throw new Proxy({}, { get: boom, getPrototypeOf: boom });
    };
    const rejected = ["rejected", '{"mdc_reason":"it throws when read"}'];
    expect(column({ x: [1, { toJSON: boom }, new Proxy({}, { get: boom })] }, "x")).toEqual([
      ["float64", 1],
      rejected,
      rejected,
    ]);
  });

  test("the elements of typed array columns are int64 or float64 by their array", () => {
    expect(column({ x: new Int8Array([-1, 2]) }, "x")).toEqual([
      ["int64", -1n],
      ["int64", 2n],
    ]);
    expect(column({ x: new Uint32Array(100).fill(4_294_967_295) }, "x")[99]).toEqual([
      "int64",
      4_294_967_295n,
    ]);
    expect(column({ x: new Uint8ClampedArray([300]) }, "x")).toEqual([["int64", 255n]]);
    expect(column({ x: new BigInt64Array([-(2n ** 63n)]) }, "x")).toEqual([["int64", -(2n ** 63n)]]);
    expect(column({ x: new BigUint64Array([1n, 2n ** 63n]) }, "x")).toEqual([
      ["int64", 1n],
      ["rejected", '"9223372036854775808"'],
    ]);
    expect(column({ x: new Float32Array([0.1]) }, "x")).toEqual([["float64", Math.fround(0.1)]]);
    expect(column({ x: new Float64Array(100).fill(-0) }, "x")[3]).toEqual(["float64", -0]);
  });

  test("values of several types in one column each keep their own", () => {
    expect(column({ x: [1, "a", 2n, true, null, new Date(0), [1], { a: 1 }, "b", 2] }, "x")).toEqual([
      ["float64", 1],
      ["string", "a"],
      ["int64", 2n],
      ["boolean", true],
      null,
      ["timestamp", 0n],
      ["list<float64>", [1]],
      ["json", '{"a":1}'],
      ["string", "b"],
      ["float64", 2],
    ]);
  });

  test("a column of nulls only is untyped", () => {
    const batch = batchOf([{ x: [null, undefined], y: [1, 2] }]);
    expect(batch.header.untyped).toEqual(["x"]);
    expect(batch.columns.map(({ name }) => name)).toEqual(["y"]);
  });
});

describe("long texts", () => {
  test("are cut at a code point, with the length and hash of the whole", () => {
    const long = "ä".repeat(1000);
    const [cell] = column({ x: [long] }, "x", { maxStringBytes: 101 }) as [[string, string]];
    expect(cell[1]).toMatch(/^ä+…\[cut: 2000 bytes, sha256 [0-9a-f]{16}\]$/);
    expect(Buffer.byteLength(cell[1])).toBeLessThanOrEqual(101);
  });

  test("are kept whole up to the limit", () => {
    expect(column({ x: ["é".repeat(50)] }, "x", { maxStringBytes: 100 })).toEqual([
      ["string", "é".repeat(50)],
    ]);
  });

  test("stay valid JSON when they are JSON", () => {
    const [cell] = column({ x: [{ text: "x".repeat(500) }] }, "x", { maxStringBytes: 100 }) as [
      [string, string],
    ];
    expect(cell[0]).toBe("json");
    expect(JSON.parse(cell[1])).toMatch(/^\{"text":"x+…\[cut: 511 bytes, sha256 [0-9a-f]{16}\]$/);
  });
});

describe("declared types", () => {
  const declared = resolveSchema(
    {
      i: "int64",
      f: "float64",
      j: "json",
      s: "string",
      t: "timestamp",
      b: "boolean",
      raw: "binary",
      li: list("int64"),
      lj: list("json"),
    },
    "schema",
  );
  const under = (name: string, values: unknown): unknown[] => column({ [name]: values }, name, { declared });

  test("int64 takes whole numbers and leaves the others to their own type", () => {
    expect(under("i", [3, 3.5, 5n, 2 ** 60, 2 ** 63, Number.NaN, "7", -0])).toEqual([
      ["int64", 3n],
      ["float64", 3.5],
      ["int64", 5n],
      ["int64", 2n ** 60n],
      ["float64", 2 ** 63],
      ["float64", Number.NaN],
      ["string", "7"],
      ["int64", 0n],
    ]);
    expect(under("i", new Float64Array([1, 1.5]))).toEqual([
      ["int64", 1n],
      ["float64", 1.5],
    ]);
  });

  test("float64 takes a bigint that a double holds exactly", () => {
    expect(under("f", [2n ** 53n, 2n ** 53n + 1n, 10n ** 400n])).toEqual([
      ["float64", 2 ** 53],
      ["int64", 2n ** 53n + 1n],
      ["rejected", `"${10n ** 400n}"`],
    ]);
    expect(under("f", new Int32Array([7]))).toEqual([["float64", 7]]);
  });

  test("json takes everything that JSON can say", () => {
    expect(under("j", ["a", 1, true, 2n, [1, 2], { a: 1 }, new Date(0), Number.NaN, null])).toEqual([
      ["json", '"a"'],
      ["json", "1"],
      ["json", "true"],
      ["json", "2"],
      ["json", "[1,2]"],
      ["json", '{"a":1}'],
      ["json", '"1970-01-01T00:00:00.000Z"'],
      ["float64", Number.NaN],
      null,
    ]);
  });

  test("a text is no timestamp, and nothing but bytes is binary", () => {
    expect(under("t", ["1970-01-01T00:00:00Z", new Date(0)])).toEqual([
      ["string", "1970-01-01T00:00:00Z"],
      ["timestamp", 0n],
    ]);
    expect(under("raw", ["a", Buffer.from("a")])).toEqual([
      ["string", "a"],
      ["binary", "a"],
    ]);
    expect(under("b", [1, true])).toEqual([
      ["float64", 1],
      ["boolean", true],
    ]);
    expect(under("s", [1, "a", "\ud83d"])).toEqual([
      ["float64", 1],
      ["string", "a"],
      ["rejected", '"\\ud83d"'],
    ]);
  });

  test("a list takes lists whose elements all fit", () => {
    expect(under("li", [[1, 2], [], [1, null], [1.5], ["a"]])).toEqual([
      ["list<int64>", [1n, 2n]],
      ["list<int64>", []],
      ["list<int64>", [1n, null]],
      ["list<float64>", [1.5]],
      ["list<string>", ["a"]],
    ]);
    expect(under("lj", [[1, "a", { b: [2] }, null]])).toEqual([
      ["list<json>", ["1", '"a"', '{"b":[2]}', null]],
    ]);
  });

  test("are in every batch, with or without values", () => {
    const batch = batchOf([{ i: [null, null], other: [1, 2] }], { declared });
    expect(batch.header.declared).toEqual({
      i: "int64",
      f: "float64",
      j: "json",
      s: "string",
      t: "timestamp",
      b: "boolean",
      raw: "binary",
      li: "list<int64>",
      lj: "list<json>",
    });
    expect(batch.columns.find(({ name }) => name === "i")).toMatchObject({ type: "int64", count: 0 });
    expect(batch.header.untyped).toEqual([]);
    expect(cellsOf(batch).map((row) => [...row.keys()])).toEqual([["other"], ["other"]]);
  });
});
