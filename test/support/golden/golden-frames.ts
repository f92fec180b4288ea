import * as arrow from "apache-arrow";

/** The same numbers from 0 to 1 each time it is made. */
export function createRandom(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const at = Date.UTC(2026, 0, 31, 23, 59, 59, 999);

/** Deeper than what is written as JSON. */
const deep = Array.from({ length: 70 }).reduce<object>((inner, _, level) => ({ level, inner }), {});

/** A column for each natural type, and for each kind of value that has a rule of its own. */
export const kindsOfValues: readonly object[] = [
  {
    ...{
      number: 1.5,
      whole: 1,
      big: 1n,
      flag: true,
      text: "text",
      when: new Date(at),
      raw: Buffer.from("raw"),
    },
    ...{
      object: { b: [1, { c: null }], a: "ü" },
      numbers: [1, null, -0],
      texts: ["a", null, ""],
      none: null,
    },
    ...{ dates: [new Date(0), null], bigs: [1n, -1n], flags: [true, false], mixed: [1, "a", true, null] },
    ...{ nested: [[1], [2, 3]], typed: Float32Array.of(0.1, 0.2), bytes: [Uint8Array.of(1, 2)], empty: [] },
    ...{
      map: new Map([["k", 1n]]),
      set: new Set(["s"]),
      error: new TypeError("no"),
      pattern: /a+/i,
      nulls: [null],
    },
  },
  {
    number: Number.NaN,
    whole: 2,
    big: -(2n ** 63n),
    flag: false,
    text: "",
    when: new Date(0),
    raw: Buffer.of(),
  },
  { number: -0, big: 2n ** 63n - 1n, text: "żółć 漢字 👩‍🚀 \u0000\u2028", when: new Date(-1), numbers: [] },
  { number: Number.POSITIVE_INFINITY, big: 2n ** 64n, text: "\ud800 alone", when: new Date(Number.NaN) },
  {
    number: Number.NEGATIVE_INFINITY,
    text: "cut, for it is too long ".repeat(400),
    object: { long: "é".repeat(9_000) },
  },
  {
    number: Number.MIN_VALUE,
    text: null,
    raw: new Uint8Array(300).fill(7),
    numbers: [Number.NaN, Infinity, -Infinity],
  },
  {
    number: undefined,
    text: undefined,
    'odd name, "quoted" ✓': 1,
    ["__proto__"]: 1,
    object: [],
    nested: null,
  },
  { number: null, deep },
];

/** Every typed array, and columns that are no arrays of one type. */
export const columns: object = {
  i8: Int8Array.of(-128, 127, 0),
  u8: Uint8Array.of(0, 255, 1),
  clamped: Uint8ClampedArray.of(0, 255, 1),
  i16: Int16Array.of(-32_768, 32_767, 0),
  u16: Uint16Array.of(0, 65_535, 1),
  i32: Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 0),
  u32: Uint32Array.of(0, 2 ** 32 - 1, 1),
  f32: Float32Array.of(0.1, Number.NaN, -0),
  f64: Float64Array.of(0.1, Infinity, 5e-324),
  i64: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, 0n),
  u64: BigUint64Array.of(0n, 2n ** 64n - 1n, 1n),
  plain: [1, null, 3],
  text: ["a", "", null],
  when: [new Date(at), null, new Date(1)],
  mixed: [1, "one", true],
};

/** Frames of one collection, of which each later one says something else of some column's type. */
export const conflicts: readonly (readonly object[])[] = [
  [
    { a: 1, b: "x", vague: Number.NaN, lists: [] },
    { a: "one", b: 3, vague: null },
  ],
  [{ a: true, b: { no: "text" }, vague: "text at last", lists: [null] }],
  [
    { a: 2, c: [1, 2] },
    { c: ["three"], vague: 5n },
  ],
  [{ A: "another case" }],
  [{ late: new Date(at), lists: ["now texts"] }],
  [{ a: 2n ** 60n, late: "never", c: [true], lists: [1] }],
];

const ticks = (type: arrow.DataType, ...data: bigint[]): arrow.Vector =>
  arrow.makeVector(
    arrow.makeData({ type, length: data.length, nullCount: 0, data: BigInt64Array.from(data) } as never),
  );

const of = <T>(type: arrow.DataType, ...values: T[]): arrow.Vector =>
  arrow.vectorFromArray(values as never, type as never) as arrow.Vector;

/** A column for each of Arrow's types that its JavaScript library can build. */
export function arrowTable(): arrow.Table {
  const field = (name: string, type: arrow.DataType): arrow.Field => new arrow.Field(name, type, true);
  const point = new arrow.Struct([field("x", new arrow.Int64()), field("s", new arrow.Utf8())]);
  return new arrow.Table({
    null: of(new arrow.Null(), null, null),
    bool: of(new arrow.Bool(), true, null),
    int8: of(new arrow.Int8(), -128, null),
    int16: of(new arrow.Int16(), -32_768, null),
    int32: of(new arrow.Int32(), -5, null),
    int64: of(new arrow.Int64(), 2n ** 62n, null),
    uint8: of(new arrow.Uint8(), 255, null),
    uint16: of(new arrow.Uint16(), 65_535, null),
    uint32: of(new arrow.Uint32(), 2 ** 32 - 1, null),
    uint64: of(new arrow.Uint64(), 2n ** 63n, 1n),
    float16: of(new arrow.Float16(), 0.5, null),
    float32: of(new arrow.Float32(), 0.1, null),
    float64: of(new arrow.Float64(), 0.1, null),
    utf8: of(new arrow.Utf8(), "żółć", null),
    utf8View: of(new arrow.Utf8View(), "longer than twelve bytes", "x"),
    largeUtf8: of(new arrow.LargeUtf8(), "large", null),
    binary: of(new arrow.Binary(), Uint8Array.of(1, 2, 3), null),
    largeBinary: of(new arrow.LargeBinary(), Uint8Array.of(4), null),
    fixedBinary: of(new arrow.FixedSizeBinary(2), Uint8Array.of(5, 6), null),
    dictionary: of(new arrow.Dictionary(new arrow.Utf8(), new arrow.Int16()), "one", "one"),
    dateDay: of(new arrow.DateDay(), new Date(86_400_000 * 20_000), null),
    dateMs: of(new arrow.DateMillisecond(), new Date(86_400_000), null),
    seconds: ticks(new arrow.TimestampSecond("UTC"), 1_700_000_000n, -1n),
    micros: ticks(new arrow.TimestampMicrosecond(), 1n, 1_700_000_000_123_456n),
    nanos: ticks(new arrow.TimestampNanosecond("Asia/Tokyo"), 5_000n, 5_001n),
    timeSecond: of(new arrow.TimeSecond(), 5, 86_399),
    timeMicros: of(new arrow.TimeMicrosecond(), 5n, null),
    duration: ticks(new arrow.DurationMillisecond(), 1n, -1n),
    interval: arrow.makeVector(
      arrow.makeData({
        ...{ type: new arrow.IntervalMonthDayNano(), length: 2, nullCount: 0 },
        data: Int32Array.of(1, 2, 5, 0, 0, 0, 0, 0),
      } as never),
    ),
    decimal: arrow.makeVector(
      arrow.makeData({
        ...{ type: new arrow.Decimal(2, 20, 128), length: 2, nullCount: 0 },
        data: Uint32Array.of(12_345, 0, 0, 0, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff),
      } as never),
    ),
    list: of(new arrow.List(field("item", new arrow.Int64())), [1n, null], null),
    listOfNulls: of(new arrow.List(field("item", new arrow.Utf8())), [null], []),
    fixedList: of(new arrow.FixedSizeList(2, field("item", new arrow.Float32())), [0.5, null], null),
    struct: of(point, { x: 2n ** 60n, s: "s" }, null),
    structs: of(new arrow.List(field("item", point)), [{ x: 1n, s: null }], []),
    map: of(
      new arrow.Map_(
        field(
          "entries",
          new arrow.Struct([field("key", new arrow.Utf8()), field("value", new arrow.Int32())]),
        ) as never,
      ),
      new Map([["k", 1]]),
      new Map(),
    ),
  } as never);
}

/** Many rows: dictionaries and their end, delta encoding, pages closed by rows and by bytes, row groups. */
export function manyRows(rows: number, seed: number): object {
  const random = createRandom(seed);
  const each = <T>(value: (row: number) => T): T[] => Array.from({ length: rows }, (_, row) => value(row));
  return {
    rising: BigInt64Array.from({ length: rows }, (_, row) => BigInt(row * 3 + Math.floor(random() * 3))),
    any: Float64Array.from({ length: rows }, random),
    few: Float64Array.from({ length: rows }, () => Math.floor(random() * 10) / 4),
    same: new Int32Array(rows).fill(7),
    bytes: Uint8Array.from({ length: rows }, () => random() * 256),
    category: each(() => `category ${Math.floor(random() * 40)}`),
    distinct: each((row) => `${row}-${Math.floor(random() * 2 ** 32).toString(36)}`),
    flag: each(() => random() < 0.3),
    when: each((row) => new Date(at + row * 250)),
    sparse: each((row) => (row % 97 === 0 ? `rare ${row}` : null)),
    list: each((row) => (row % 5 === 0 ? null : Array.from({ length: row % 4 }, (_, i) => row + i))),
    tags: each((row) => (row % 3 === 0 ? ["red", null] : row % 3 === 1 ? [] : ["green"])),
    json: each((row) => ({ row: row % 10, ok: row % 2 === 0 })),
  };
}

/** One row with columns `from` to `to`. */
export function wide(from: number, to: number): object {
  return [Object.fromEntries(Array.from({ length: to - from }, (_, i) => [`column ${from + i}`, from + i]))];
}
