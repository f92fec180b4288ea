import vm from "node:vm";
import * as arrow from "apache-arrow";
import { describe, expect, test } from "vitest";
import { list } from "../../../src/layout/column-type.ts";
import { resolveSchema } from "../../../src/frame/declared-schema.ts";
import { resolveRedaction } from "../../../src/frame/copy/redaction.ts";
import { column, dropOf, snapshotOf } from "./frame-support.ts";

/** The value of an expression in a realm of its own, which has an Array, a Date and all others of its own. */
const there = (code: string): unknown => vm.runInNewContext(`(${code})`, { Buffer });
/** The same in the realm of this test. */
const here = (code: string): unknown => vm.runInThisContext(`(${code})`);

/** Frames with the column `x`, of every kind of value that has a class. */
const frames = [
  ...["Int8", "Uint8", "Uint8Clamped", "Int16", "Uint16", "Int32", "Uint32", "Float32", "Float64"].flatMap(
    (kind) => [
      `{ x: new ${kind}Array([1, 2, 250]) }`,
      `{ x: new ${kind}Array(100).fill(7) }`,
      `[{ x: new ${kind}Array([1, 2, 3]) }]`,
      `[{ x: { deep: new ${kind}Array([1, 2]) } }]`,
    ],
  ),
  ...["BigInt64", "BigUint64"].flatMap((kind) => [
    `{ x: new ${kind}Array([1n, 2n ** 62n]) }`,
    `{ x: new ${kind}Array([2n ** 63n, 5n]) }`,
    `{ x: new ${kind}Array(100).fill(7n) }`,
    `[{ x: new ${kind}Array([1n, 2n]) }, { x: { deep: new ${kind}Array([2n ** 63n]) } }]`,
  ]),
  "[{ x: new Date(5) }, { x: new Date(NaN) }]",
  "[{ x: [new Date(5), null] }, { x: { deep: new Date(5) } }]",
  "[{ x: Uint8Array.of(97, 98) }, { x: Uint8Array.of(97, 98).buffer }, { x: new SharedArrayBuffer(2) }]",
  "[{ x: new DataView(Uint8Array.of(97, 98).buffer, 1) }]",
  "[{ x: [Uint8Array.of(97), new DataView(new ArrayBuffer(1)), new ArrayBuffer(1)] }]",
  "[{ x: { bytes: Uint8Array.of(1), view: new DataView(new ArrayBuffer(1)), buffer: new ArrayBuffer(2) } }]",
  "[{ x: new Map([['k', 1]]) }, { x: new Map([[1, new Set([2])]]) }, { x: new Set(['a', new Map()]) }]",
  "[{ x: new TypeError('no') }, { x: Object.assign(new Error('no'), { code: 7 }) }]",
  "[{ x: new Error('outer', { cause: new RangeError('inner') }) }, { x: [new Error('listed')] }]",
  "[{ x: /a+/gi }, { x: { deep: /b/ } }]",
  "[{ x: new Number(5) }, { x: new String('s') }, { x: new Boolean(false) }, { x: Object(7n) }]",
  "[{ x: { deep: [new Number(5), new String('s'), Object(7n)] } }]",
  "[{ x: Promise.resolve(1) }, { x: new WeakMap() }, { x: { deep: Promise.resolve(1) } }]",
  "[{ x: [1, , 3] }, { x: [] }, { x: { a: [ , 'x'] } }]",
  "[{ x: () => 1 }, { x: Symbol('s') }, { x: Object(Symbol('s')) }]",
  "{}",
  "[]",
];

describe("a frame of another realm is stored as one of ours", () => {
  test.each(frames)("%s", (code) => {
    expect(column(there(code), "x")).toEqual(column(here(code), "x"));
  });

  test("typed arrays in columns are integers or floats by their kind, in both realms", () => {
    expect(column(there("{ x: new BigInt64Array([-(2n ** 63n), 1n]) }"), "x")).toEqual([
      ["int64", -(2n ** 63n)],
      ["int64", 1n],
    ]);
    expect(column(there("{ x: new BigUint64Array([1n, 2n ** 63n]) }"), "x")).toEqual([
      ["int64", 1n],
      ["rejected", '"9223372036854775808"'],
    ]);
    expect(column(there("[{ x: new BigInt64Array([1n]) }]"), "x")).toEqual([["list<int64>", [1n]]]);
  });

  test("an Arrow vector over buffers of another realm", () => {
    for (const [type, code, expected] of [
      [new arrow.Int64(), "new BigInt64Array([1n, 2n ** 60n])", "int64"],
      [new arrow.TimestampMicrosecond(), "new BigInt64Array([1n, 2n ** 60n])", "timestamp"],
    ] as const) {
      const part = arrow.makeData({ type, length: 2, nullCount: 0, data: there(code) } as never);
      // `makeData` may copy into an array of ours; what a library of the other realm has is this.
      (part as { values: unknown }).values = there(code);
      for (const parts of [[part], [part, part]]) {
        const cells = column({ x: { type, length: 2 * parts.length, data: parts } }, "x");
        expect(cells.slice(0, 2)).toEqual([
          [expected, 1n],
          [expected, 2n ** 60n],
        ]);
      }
    }
  });

  test("keys and values of hashes", () => {
    const bytes = "Uint8Array.of(1, 2, 3)";
    const by = (key: unknown, value: unknown): unknown =>
      column([{ x: value }], "x", {
        redaction: resolveRedaction({ x: { hmacKey: key as string } }, "redact"),
      });
    for (const value of [
      bytes,
      `${bytes}.buffer`,
      `new DataView(${bytes}.buffer)`,
      "new Date(5)",
      "[1, 'a']",
      "new Map([['k', 1]])",
      "new Float64Array([1, 2])",
      "new Error('no')",
      "/a/",
      "new String('text')",
    ]) {
      const ours = by(here(bytes), here(value));
      expect(by(there(bytes), there(value)), value).toEqual(ours);
      expect(by("another key", here(value)), value).not.toEqual(ours);
    }
    expect(by("key", here(bytes))).toEqual(by("key", here(`new DataView(${bytes}.buffer)`)));
    expect(by("key", new String("text"))).toEqual(by("key", "text"));
  });

  test("rows, dates and declared types", () => {
    const declared = resolveSchema({ x: "timestamp", tags: list("string") }, "schema");
    expect(column(there("[{ x: new Date(5) }]"), "x", { declared })).toEqual([["timestamp", 5000n]]);
    expect(column(there("[{ tags: ['a'] }]"), "tags", { declared })).toEqual([["list<string>", ["a"]]]);
    expect(snapshotOf(there("{}")).rows).toBe(0);
    expect(dropOf(there("new Map()")).message).toMatch(/not a frame/);
    const throwing = there("Object.create({ get numRows() { throw new RangeError('secret'); } })");
    expect(dropOf(throwing).message).toBe("the frame cannot be read: it throws RangeError");
  });
});

describe("a cell that can not be read costs itself", () => {
  const boom = (): never => {
    throw new Error("secret");
  };
  const lost = ["rejected", '{"mdc_reason":"it throws when read"}'];
  const revoked = (): object => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  };
  const getter = (): object => Object.defineProperty({ y: 2 }, "x", { get: boom, enumerable: true });

  test("a getter of a row", () => {
    const rows = [{ x: 1, y: 1 }, getter(), { x: 3, y: 3 }];
    expect(column(rows, "x")).toEqual([["float64", 1], lost, ["float64", 3]]);
    expect(column(rows, "y")).toEqual([
      ["float64", 1],
      ["float64", 2],
      ["float64", 3],
    ]);
    expect(column([getter()], "x")).toEqual([lost]);
  });

  test("a row that is a revoked Proxy loses its own cells", () => {
    const rows = [{ x: 1 }, revoked(), { x: 3 }];
    expect(column(rows, "x")).toEqual([["float64", 1], lost, ["float64", 3]]);
    expect(column([revoked(), { x: 3 }], "x")).toEqual([lost, ["float64", 3]]);
    expect(dropOf([revoked()]).reason).toBe("invalid");
  });

  test("a cell that is a revoked Proxy, or has one inside, or whose elements throw", () => {
    const list: unknown[] = [1, 2];
    Object.defineProperty(list, 1, { get: boom, enumerable: true });
    expect(column({ x: [1, revoked(), [revoked()], { deep: revoked() }, list] }, "x")).toEqual([
      ["float64", 1],
      lost,
      lost,
      lost,
      lost,
    ]);
  });

  test("an element of a column", () => {
    for (const start of [1, "a"]) {
      const cells: unknown[] = [start, start, start];
      Object.defineProperty(cells, 1, { get: boom, enumerable: true });
      const type = typeof start === "number" ? "float64" : "string";
      expect(column({ x: cells }, "x")).toEqual([[type, start], lost, [type, start]]);
      const proxy = new Proxy([start, start], {
        get: (target, key) => (key === "0" ? boom() : Reflect.get(target, key)),
      });
      expect(column({ x: proxy }, "x")).toEqual([lost, [type, start]]);
    }
  });

  test("redacted columns too, and no redactor sees what is not there", () => {
    const seen: unknown[] = [];
    const redaction = resolveRedaction(
      {
        x: (value) => {
          seen.push(value);
          return value;
        },
      },
      "redact",
    );
    expect(column([{ x: 1 }, getter()], "x", { redaction })).toEqual([["float64", 1], lost]);
    expect(seen).toEqual([1]);
    expect(column([getter()], "x", { redaction: resolveRedaction({ x: "mask" }, "redact") })).toEqual([lost]);
  });

  test("a whole column that can not be read costs the frame, whose report names it", () => {
    const throwing = Object.defineProperty({}, "x", { get: boom, enumerable: true });
    for (const frame of [throwing, { x: new Proxy([], { get: boom }) }]) {
      const { reason, message } = dropOf(frame);
      expect(reason).toBe("invalid");
      expect(message).toMatch(/column "x" throws/);
      expect(message).not.toMatch(/secret/);
    }
  });
});
