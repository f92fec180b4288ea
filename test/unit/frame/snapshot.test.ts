import { describe, expect, test } from "vitest";
import { resolveRedaction } from "../../../src/frame/copy/redaction.ts";
import { takeSnapshot } from "../../../src/frame/snapshot.ts";
import { column, dropOf, limits, snapshotCells, snapshotOf } from "./frame-support.ts";

describe("frames of rows", () => {
  test("have the keys of all rows, and null where a row lacks one", () => {
    const snapshot = snapshotOf([{ a: 1 }, { a: 2, b: "x" }, { b: "y" }]);
    expect(snapshot.names).toEqual(["a", "b"]);
    expect(snapshot.columns).toEqual([
      [1, 2, undefined],
      [undefined, "x", "y"],
    ]);
  });

  test("have own properties only, whatever their names", () => {
    const rows = [JSON.parse('{"__proto__":1,"constructor":2,"hasOwnProperty":3}'), {}];
    expect(snapshotOf(rows).names).toEqual(["__proto__", "constructor", "hasOwnProperty"]);
    expect(column(rows, "constructor")).toEqual([["float64", 2], null]);
    expect(column(rows, "__proto__")).toEqual([["float64", 1], null]);
  });

  test("may be instances of classes", () => {
    class Flight {
      readonly distance = 5;
      get hidden(): number {
        throw new Error("not own");
      }
    }
    expect(column([new Flight()], "distance")).toEqual([["float64", 5]]);
  });

  test("with keys in another order are the same columns", () => {
    expect(
      snapshotOf([
        { a: 1, b: 2 },
        { b: 3, a: 4 },
      ]).columns,
    ).toEqual([
      [1, 4],
      [2, 3],
    ]);
  });
});

describe("frames without rows", () => {
  test.each([
    ["an empty array", []],
    ["an empty object", {}],
    ["empty columns", { a: [], b: new Float64Array(0) }],
  ])("%s is valid", (_, frame) => {
    expect(snapshotOf(frame).rows).toBe(0);
  });
});

describe("later changes", () => {
  test("of arrays, typed arrays, rows, objects, Dates and bytes change nothing", () => {
    const inner = { deep: [1, 2] };
    const date = new Date(5);
    const bytes = Buffer.from("abc");
    const list = [1, 2];
    const small = new Int32Array([1]);
    const large = new Float64Array(1).fill(1);
    const frame = { n: [1], s: ["a"], o: [inner], d: [date], b: [bytes], l: [list], small, large };
    const before = structuredClone(snapshotCells(snapshotOf(frame)));
    const snapshot = snapshotOf(frame);
    frame.n[0] = 9;
    frame.s.push("z");
    inner.deep.push(3);
    date.setTime(0);
    bytes.fill(0);
    list[0] = 9;
    small[0] = 9;
    large[0] = 9;
    expect(snapshotCells(snapshot)).toEqual(before);
    const row = { a: 1 };
    const rows = snapshotOf([row]);
    row.a = 2;
    expect(rows.columns).toEqual([[1]]);
  });

  test("of large typed arrays change nothing", () => {
    const data = new Float64Array(1000).fill(1);
    const snapshot = snapshotOf({ data });
    data.fill(2);
    expect((snapshot.columns[0] as { data: ArrayLike<number> }).data[999]).toBe(1);
  });
});

describe("what is dropped as invalid", () => {
  const cases: [string, unknown, RegExp][] = [
    ["undefined", undefined, /not a frame: got undefined/],
    ["null", null, /not a frame: got null/],
    ["a number", 1, /not a frame: got a number/],
    ["a string", "a", /not a frame/],
    ["a function", () => 1, /not a frame/],
    ["a promise", Promise.resolve(), /await it first/],
    ["a Map", new Map([["a", [1]]]), /not a frame/],
    ["a Date", new Date(), /not a frame/],
    ["a typed array", new Float64Array(1), /not a frame/],
    ["an instance without columns", new (class Model {})(), /not a frame: got an object \(Model\)/],
    [
      "one row",
      { a: 1, b: 2 },
      /column "a" is not an array: got a number; to log one row, pass it in an array: \[row\]/,
    ],
    ["rows that are arrays", [[1, 2]], /row 0 is not a row object: got an array of 2; name its values/],
    ["rows that are primitives", [{ a: 1 }, 5], /row 1 is not a row object: got a number/],
    ["rows that are null", [null], /row 0/],
    ["holes", new Array(3), /row 0/],
    ["rows without columns", [{}, {}], /2 rows and no columns/],
    ["ragged columns", { a: [1, 2], b: [1] }, /column "b" has 1 row but column "a" has 2/],
    ["a name twice", { a: [1], A: [1] }, /columns "a" and "A" differ only in case/],
    ["a reserved name", { Mdc_x: [1] }, /column "Mdc_x": the name is reserved/],
    ["a partition's name", { inference_HOUR: [1] }, /reserved/],
    ["a name with a dot", { "a.b": [1] }, /contains "\."/],
    ["an empty name", { "": [1] }, /the name is empty/],
    ["a name with NUL", { "a\0": [1] }, /NUL/],
    ["a name with a lone surrogate", { "a\ud83d": [1] }, /lone surrogate/],
    ["a long name", { ["é".repeat(513)]: [1] }, /longer than 1024 bytes/],
  ];
  test.each(cases)("%s", (_, frame, message) => {
    const drop = dropOf(frame);
    expect(drop.reason).toBe("invalid");
    expect(drop.message).toMatch(message);
  });

  test("names at the edge of the rules are good", () => {
    const frame = { ["é".repeat(512)]: [1], mdc: [1], inference_dates: [1], "a b,;{}": [1], 日本: [1] };
    expect(snapshotOf(frame).names).toHaveLength(5);
  });

  test("a typed array whose buffer was transferred away", () => {
    const data = new Float64Array(2);
    structuredClone(data.buffer, { transfer: [data.buffer] });
    expect(dropOf({ data }).message).toMatch(/transferred away/);
  });

  test("whatever throws, without its text, which may hold data", () => {
    const boom = (): never => {
      throw new Error("secret value");
    };
    const proxy = new Proxy({}, { ownKeys: boom, get: boom, getPrototypeOf: boom, has: boom });
    const revoked = Proxy.revocable([], {});
    revoked.revoke();
    const hostile = [
      Object.defineProperty({}, "a", { get: boom, enumerable: true }),
      proxy,
      [proxy],
      { a: new Proxy([1], { get: boom }) },
      {
        get a(): never {
          throw proxy;
        },
      },
      {
        get a(): never {
          throw undefined;
        },
      },
      revoked.proxy,
      [revoked.proxy],
      { $isSeries: false, $columns: ["a"], $data: proxy },
      Object.assign(Object.create({}), { schema: { fields: [{ name: "a" }] }, numRows: 1, getChildAt: boom }),
      Object.assign(Object.create({}), { numRows: boom, columnNames: boom, column: boom, scan: boom }),
    ];
    for (const frame of hostile) {
      const drop = dropOf(frame);
      expect(drop.reason).toBe("invalid");
      expect(drop.message).not.toMatch(/secret/);
    }
  });

  test("an array that changes its length while it is read", () => {
    const shrinking = new Proxy([1, 2, 3], {
      get: (array, key) => (key === "length" ? 5 : Reflect.get(array, key)),
    });
    expect(column({ a: shrinking }, "a")).toEqual([
      ["float64", 1],
      ["float64", 2],
      ["float64", 3],
      null,
      null,
    ]);
    class Odd extends Array<number> {
      override slice(): number[] {
        return [];
      }
    }
    expect(column({ a: Odd.from([1, 2]) }, "a")).toEqual([
      ["float64", 1],
      ["float64", 2],
    ]);
  });
});

describe("what is dropped as too large", () => {
  const small = { maxFrameBytes: 10_000, maxFrameRows: 100, maxFrameColumns: 10 };
  const drop = (frame: unknown) => dropOf(frame, { limits: small });
  const unread = {
    get x(): never {
      throw new Error("read");
    },
  };

  test("too many rows, without a look at them", () => {
    expect(drop({ a: new Array(101) })).toMatchObject({ reason: "too_large" });
    expect(drop(new Array(4_000_000_000)).message).toMatch(
      /4000000000 rows, more than the 100 of limits.maxFrameRows/,
    );
    expect(drop(Array.from({ length: 101 }, () => unread))).toMatchObject({ reason: "too_large" });
  });

  test("too many columns", () => {
    const wide = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`c${i}`, [1]]));
    expect(drop(wide).message).toMatch(/11 columns, more than the 10 of limits.maxFrameColumns/);
    expect(drop([wide])).toMatchObject({ reason: "too_large" });
    expect(drop(Array.from({ length: 11 }, (_, i) => ({ [`c${i}`]: 1 })))).toMatchObject({
      reason: "too_large",
    });
  });

  test("too many bytes: of numbers, texts, bytes, lists and objects", () => {
    const much = "x".repeat(20_000);
    for (const cell of [
      much,
      Buffer.from(much),
      { much },
      [much],
      [[much]],
      new Float64Array(2000),
      new Map([[much, 1]]),
    ]) {
      expect(drop({ a: [cell] })).toMatchObject({ reason: "too_large" });
    }
    expect(dropOf({ a: new Float64Array(50) }, { limits: { ...small, maxFrameBytes: 300 } })).toMatchObject({
      reason: "too_large",
    });
  });

  test("an object without end", () => {
    const endless: unknown = new Proxy([], {
      get: (_, key) => (key === "length" ? 2 ** 32 : key === "constructor" ? Array : endless),
    });
    expect(drop({ a: [endless] })).toMatchObject({ reason: "too_large" });
  });
});

test("bytes are an estimate of what is kept", () => {
  expect(snapshotOf({ a: new Float64Array(1000) }).bytes).toBeGreaterThanOrEqual(8000);
  expect(snapshotOf({ a: ["x".repeat(1000)] }).bytes).toBeGreaterThanOrEqual(1000);
  expect(snapshotOf({ a: [{ x: "y".repeat(1000) }] }).bytes).toBeGreaterThanOrEqual(1000);
  expect(snapshotOf({ a: [1, 2] }).bytes).toBeLessThan(1000);
});

describe("redaction", () => {
  const redacted = (options: Parameters<typeof resolveRedaction>[0], frame: unknown) =>
    takeSnapshot(frame, { limits, redaction: resolveRedaction(options, "redact") });

  test("drop leaves a column out and does not read it", () => {
    const frame = {
      a: [1],
      get email(): never {
        throw new Error("read");
      },
    };
    const result = redacted({ email: "drop" }, frame);
    expect(result).toMatchObject({ status: "ok", snapshot: { names: ["a"], rows: 1 } });
    expect(redacted({ a: "drop" }, [{ a: 1 }])).toMatchObject({
      status: "ok",
      snapshot: { names: [], rows: 1 },
    });
  });

  test("mask, hmacKey and truncate replace values, nulls stay", () => {
    const frame = {
      m: ["x", null, 5],
      h: ["x", null, 5],
      t: ["\u{1f600}\u{1f600}\u{1f600}", undefined, 12345],
    };
    const redaction = resolveRedaction({ M: "mask", h: { hmacKey: "key" }, t: { truncate: 2 } }, "redact");
    expect(snapshotOf(frame, { redaction }).columns).toEqual([
      ["***", null, "***"],
      // echo -n x | openssl dgst -sha256 -hmac key
      [
        "4fc3b7eaf34d7e594a6f51d9517ba543abf41067b27587ffd82ba3584e4d3cdd",
        null,
        "ab20d8bbe394c193b6182ca459324966b8112064e0eb3dc53c1ac80321ffc712",
      ],
      ["\u{1f600}\u{1f600}", null, "12"],
    ]);
  });

  test("a function that throws or is asynchronous drops the value, never the raw one", () => {
    const frame = { a: ["secret", "fine"] };
    const throwing = (value: unknown) => {
      if (value === "secret") throw new Error("no");
      return `${String(value)}!`;
    };
    expect(snapshotOf(frame, { redaction: resolveRedaction({ a: throwing }, "redact") }).columns).toEqual([
      [null, "fine!"],
    ]);
    const late = async () => Promise.reject(new Error("late"));
    expect(snapshotOf(frame, { redaction: resolveRedaction({ a: late }, "redact") }).columns).toEqual([
      [null, null],
    ]);
  });

  test("sees typed arrays, too", () => {
    const redaction = resolveRedaction(
      { a: (value) => (typeof value === "number" ? value * 2 : value) },
      "redact",
    );
    expect(snapshotCells(snapshotOf({ a: new Float64Array([1, 2]) }, { redaction }))).toEqual([[2, 4]]);
    expect(column({ a: new Int8Array([1, 2]) }, "a", { redaction })).toEqual([
      ["int64", 2n],
      ["int64", 4n],
    ]);
  });

  test("refuses wrong rules and says where, and never shows a key", () => {
    const resolve = (rule: unknown) => () =>
      resolveRedaction({ email: rule } as never, "Collector option redact");
    expect(resolve("hide")).toThrow(
      /^Collector option redact.email: expected "drop", "mask".* got a text of 4 characters/,
    );
    expect(resolve(5)).toThrow(TypeError);
    expect(resolve({ hmacKey: "" })).toThrow(/key that is not empty/);
    expect(resolve({ hmacKey: 5 })).toThrow(/redact.email.hmacKey: expected a string or Uint8Array/);
    expect(resolve({ truncate: -1 })).toThrow(RangeError);
    expect(resolve({ truncate: 1.5 })).toThrow(RangeError);
    expect(resolve({ hmacKey: "verysecret", truncate: 1 })).not.toThrow(/verysecret/);
    expect(() => resolveRedaction([] as never, "redact")).toThrow(TypeError);
    expect(() => resolveRedaction({ a: "drop", A: "mask" }, "redact")).toThrow(/more than case/);
  });
});
