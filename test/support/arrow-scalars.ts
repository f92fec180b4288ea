import * as flechette from "@uwdata/flechette";
import * as arrow from "apache-arrow";
import fc from "fast-check";
import { bitmap, isNull, type Kind, type Layout } from "./arrow-kind.ts";

type Scalar = Omit<Kind, "json" | "lay"> & {
  /** The values' buffer, a slot per value. */
  pack(values: readonly unknown[]): Omit<Layout, "length" | "valid">;
  json?: Kind["json"];
};

/** A kind whose values have a validity bitmap, and as JSON text what their cell has, in quotes or not. */
function scalar({ pack, ...rest }: Scalar): Kind {
  return {
    json: (value) => {
      const cell = rest.cell(value);
      if (cell === null) return "null";
      const [type, stored] = cell;
      if (type === "rejected") return String(stored);
      return type === "string" ? JSON.stringify(stored) : String(stored);
    },
    ...rest,
    lay: (values) => ({
      length: values.length,
      valid: values.map((value) => !isNull(value)),
      ...pack(values.map((value) => (isNull(value) ? rest.filler : value))),
    }),
  };
}

const int64Max = 2n ** 63n - 1n;

/** Integers. */
export function integer(bits: 8 | 16 | 32 | 64, signed: boolean): Kind {
  const [min, max] = signed
    ? [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n]
    : [0n, 2n ** BigInt(bits) - 1n];
  const name = `${signed ? "Int" : "Uint"}${bits}` as "Int8";
  const Values = { Int8Array, Int16Array, Int32Array, Uint8Array, Uint16Array, Uint32Array }[
    `${name}Array`
  ] as Int8ArrayConstructor;
  const edges = fc.constantFrom(min, max, 0n, max / 2n, max - 1n);
  return scalar({
    name,
    arrow: new arrow.Int(signed, bits) as arrow.DataType,
    flechette: flechette.int(bits, signed),
    value: fc.oneof(fc.bigInt({ min, max }), edges),
    filler: 7n,
    pack: (values) => ({
      values:
        bits === 64
          ? new (signed ? BigInt64Array : BigUint64Array)(values as bigint[])
          : Values.from(values as bigint[], Number),
    }),
    cell: (value) =>
      isNull(value)
        ? null
        : (value as bigint) > int64Max
          ? ["rejected", `"${String(value)}"`]
          : ["int64", value],
    // Inside JSON that is stored all digits are there; what is rejected has them as text, for whoever rounds.
    json: String,
    element: "int64",
  });
}

const numberJson = (value: unknown): string =>
  isNull(value)
    ? "null"
    : Number.isFinite(value)
      ? Object.is(value, -0)
        ? "-0"
        : String(value)
      : `"${String(value)}"`;

function float(
  name: string,
  type: arrow.DataType,
  precision: 0 | 1 | 2,
  pack: Scalar["pack"],
  value: fc.Arbitrary<unknown>,
): Kind {
  return scalar({
    name,
    arrow: type,
    flechette: flechette.float(precision),
    value,
    filler: 1.5,
    pack,
    cell: (cell) => (isNull(cell) ? null : ["float64", cell]),
    json: numberJson,
    element: "float64",
  });
}

/** Half-precision numbers by their bits, of which the value is computed here by hand. */
const halves: Kind = float(
  "float16",
  new arrow.Float16(),
  0,
  (values) => ({ values: Uint16Array.from(values as number[], halfBits) }),
  fc.constantFrom(0, -0, 0.5, -2, 65504, 2 ** -24, 2 ** -14, Infinity, -Infinity, NaN, 0.0999755859375),
);

function halfBits(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size === Infinity) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | (size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  return sign | ((exponent + 15) << 10) | ((size / 2 ** exponent - 1) * 1024);
}

const texts = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 6 }),
  fc.string({ unit: "grapheme", minLength: 10, maxLength: 20 }),
  fc.constantFrom("", "twelve bytes", "thirteen bytes", "mdc_reason", '{"mdc_reason":1}'),
);
const bytes = fc.uint8Array({ maxLength: 20 });
const bytesOf = (value: unknown): Uint8Array =>
  typeof value === "string" ? Buffer.from(value) : (value as Uint8Array);

function byOffsets(wide: boolean) {
  return (values: readonly unknown[]) => {
    const all = values.map(bytesOf);
    // Bytes of nobody before the first.
    const ends = [3];
    for (const each of all) ends.push((ends.at(-1) as number) + each.length);
    return {
      values: new Uint8Array(Buffer.concat([Buffer.from("xyz"), ...all])),
      offsets: wide ? BigInt64Array.from(ends, BigInt) : Int32Array.from(ends),
    };
  };
}

function byViews(values: readonly unknown[]) {
  const views = Buffer.alloc(values.length * 16);
  const buffers = [Buffer.from("junk"), Buffer.alloc(0)];
  values.map(bytesOf).forEach((each, i) => {
    views.writeInt32LE(each.length, i * 16);
    if (each.length <= 12) views.set(each, i * 16 + 4);
    else {
      const which = i % 2;
      views.set(each.subarray(0, 4), i * 16 + 4);
      views.writeInt32LE(which, i * 16 + 8);
      views.writeInt32LE((buffers[which] as Buffer).length, i * 16 + 12);
      buffers[which] = Buffer.concat([buffers[which] as Buffer, each]);
    }
  });
  return { values: new Uint8Array(views), buffers: buffers.map((each) => new Uint8Array(each)) };
}

function text(name: string, type: arrow.DataType, other: flechette.DataType, pack: Scalar["pack"]): Kind {
  return scalar({
    name,
    arrow: type,
    flechette: other,
    value: texts,
    filler: "filler that is longer than a view",
    pack,
    cell: (value) => (isNull(value) ? null : ["string", value]),
    element: "string",
  });
}

function binary(
  name: string,
  type: arrow.DataType,
  other: flechette.DataType,
  pack: Scalar["pack"],
  value: fc.Arbitrary<Uint8Array> = bytes,
  filler: Uint8Array = new Uint8Array(15).fill(9),
): Kind {
  return scalar({
    name,
    arrow: type,
    flechette: other,
    value,
    filler,
    pack,
    cell: (cell) => (isNull(cell) ? null : ["binary", Buffer.from(cell as Uint8Array).toString("latin1")]),
    json: (cell) =>
      isNull(cell) ? "null" : JSON.stringify(Buffer.from(cell as Uint8Array).toString("base64")),
    element: "binary",
  });
}

const booleans: Kind = scalar({
  name: "bool",
  arrow: new arrow.Bool(),
  flechette: flechette.bool(),
  value: fc.boolean(),
  filler: true,
  pack: (values) => ({ values: bitmap(values as boolean[]) }),
  cell: (value) => (isNull(value) ? null : ["boolean", value]),
  element: "boolean",
});

function decimal(bits: 32 | 64 | 128 | 256, scale: number): Kind {
  const max = 2n ** BigInt(bits - 1) - 1n;
  return scalar({
    name: `decimal${bits}`,
    arrow: new arrow.Decimal(scale, 9, bits),
    flechette: flechette.decimal(9, scale, bits),
    value: fc.oneof(fc.bigInt({ min: -max, max }), fc.bigInt({ min: -999n, max: 999n })),
    filler: 1n,
    pack: (values) => {
      const words: number[] = [];
      for (const value of values as bigint[])
        for (let at = 0; at < bits; at += 32) words.push(Number(BigInt.asUintN(32, value >> BigInt(at))));
      return { values: Uint32Array.from(words) };
    },
    cell: (value) => {
      if (isNull(value)) return null;
      const unscaled = value as bigint;
      const unit = 10n ** BigInt(scale);
      const size = unscaled < 0n ? -unscaled : unscaled;
      const fraction = scale === 0 ? "" : `.${String(size % unit).padStart(scale, "0")}`;
      return ["string", `${unscaled < 0n ? "-" : ""}${size / unit}${fraction}`];
    },
    element: "string",
  });
}

const wide = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: int64Max }),
  fc.bigInt({ min: -(10n ** 6n), max: 10n ** 6n }),
  fc.bigInt({ min: 0n, max: 4_000_000_000_000_000_000n }).map((value) => (value / 1000n) * 1000n),
);
const narrow = fc.bigInt({ min: -(2n ** 31n), max: 2n ** 31n - 1n });

const ticks = (is64: boolean) => (values: readonly unknown[]) => ({
  values: is64 ? BigInt64Array.from(values as bigint[]) : Int32Array.from(values as bigint[], Number),
});

/** Instants: `nanos` per tick. */
function instants(
  name: string,
  type: arrow.DataType,
  other: flechette.DataType,
  nanos: bigint,
  is64: boolean,
): Kind {
  const cell: Kind["cell"] = (value) => {
    if (isNull(value)) return null;
    const count = (value as bigint) * nanos;
    const micros = count / 1000n;
    const exact = micros * 1000n === count && BigInt.asIntN(64, micros) === micros;
    return exact ? ["timestamp", micros] : ["rejected", `"${count} ns since 1970"`];
  };
  return scalar({
    name,
    arrow: type,
    flechette: other,
    value: is64 ? wide : narrow,
    filler: 1n,
    pack: ticks(is64),
    cell,
    json: (value) => {
      const [stored, micros] = cell(value) ?? ["null", "null"];
      return stored === "timestamp" ? `"${isoMicros(micros as bigint)}"` : String(micros);
    },
    element: "timestamp",
  });
}

function isoMicros(micros: bigint): string {
  const rest = ((micros % 1000n) + 1000n) % 1000n;
  const ms = Number((micros - rest) / 1000n);
  if (Math.abs(ms) > 8.64e15) return `${micros} µs since 1970`;
  return new Date(ms).toISOString().replace("Z", `${String(rest).padStart(3, "0")}Z`);
}

/** Times of day and durations: `decimals` of a second per tick. */
function clock(
  name: string,
  type: arrow.DataType,
  other: flechette.DataType,
  decimals: number,
  is64: boolean,
): Kind {
  return scalar({
    name,
    arrow: type,
    flechette: other,
    value: is64 ? wide : narrow,
    filler: 1n,
    pack: ticks(is64),
    cell: (value) => {
      if (isNull(value)) return null;
      const digits = String(value)
        .replace("-", "")
        .padStart(decimals + 1, "0");
      const seconds = BigInt(digits.slice(0, digits.length - decimals));
      const two = (part: bigint): string => String(part).padStart(2, "0");
      const fraction = decimals === 0 ? "" : `.${digits.slice(-decimals)}`;
      const sign = (value as bigint) < 0n ? "-" : "";
      return [
        "string",
        `${sign}${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}${fraction}`,
      ];
    },
    element: "string",
  });
}

type Interval = readonly [months: number, days: number, nanos: bigint];

function interval(unit: 0 | 1 | 2, type: arrow.DataType): Kind {
  const part = fc.oneof(fc.integer(), fc.constantFrom(0, 1, -1));
  const value: fc.Arbitrary<Interval> = [
    part.map((months): Interval => [months, 0, 0n]),
    fc.tuple(part, part).map(([days, ms]): Interval => [0, days, BigInt(ms) * 1_000_000n]),
    fc.tuple(part, part, wide).map((all): Interval => all),
  ][unit] as fc.Arbitrary<Interval>;
  return scalar({
    name: `interval ${unit}`,
    arrow: type,
    flechette: flechette.interval(unit),
    value,
    filler: [unit === 1 ? 0 : 1, 0, 0n],
    pack: (values) => {
      const words: number[] = [];
      for (const [months, days, nanos] of values as Interval[]) {
        if (unit === 0) words.push(months);
        else if (unit === 1) words.push(days, Number(nanos / 1_000_000n));
        else words.push(months, days, Number(BigInt.asIntN(32, nanos)), Number(nanos >> 32n));
      }
      return { values: Int32Array.from(words) };
    },
    cell: (cell) => {
      if (isNull(cell)) return null;
      const [months, days, nanos] = cell as Interval;
      const size = String(nanos < 0n ? -nanos : nanos).padStart(10, "0");
      const seconds = `${nanos < 0n ? "-" : ""}${size.slice(0, -9)}${`.${size.slice(-9)}`.replace(/\.?0+$/, "")}`;
      const date = [months === 0 ? "" : `${months}M`, days === 0 ? "" : `${days}D`].join("");
      const time = nanos === 0n ? "" : `T${seconds}S`;
      return ["string", date === "" && time === "" ? "PT0S" : `P${date}${time}`];
    },
    element: "string",
  });
}

const nothing: Kind = {
  name: "null",
  arrow: new arrow.Null(),
  flechette: flechette.nullType(),
  value: fc.constant(null),
  filler: null,
  lay: (values) => ({ length: values.length }),
  cell: () => null,
  json: () => "null",
  element: "null",
};

/** Second to nanosecond, by their numbers in Arrow. */
const timeUnits = [0, 1, 2, 3] as const;
const zone = "Europe/Berlin";

/** Every type that has no other inside. */
export const scalarKinds: readonly Kind[] = [
  ...([8, 16, 32, 64] as const).flatMap((bits) => [integer(bits, true), integer(bits, false)]),
  halves,
  float(
    "float32",
    new arrow.Float32(),
    1,
    (values) => ({ values: Float32Array.from(values as number[]) }),
    fc.float(),
  ),
  float(
    "float64",
    new arrow.Float64(),
    2,
    (values) => ({ values: Float64Array.from(values as number[]) }),
    fc.double(),
  ),
  text("utf8", new arrow.Utf8(), flechette.utf8(), byOffsets(false)),
  text("largeUtf8", new arrow.LargeUtf8(), flechette.largeUtf8(), byOffsets(true)),
  text("utf8View", new arrow.Utf8View(), flechette.utf8View(), byViews),
  binary("binary", new arrow.Binary(), flechette.binary(), byOffsets(false)),
  binary("largeBinary", new arrow.LargeBinary(), flechette.largeBinary(), byOffsets(true)),
  binary("binaryView", new arrow.BinaryView(), flechette.binaryView(), byViews),
  binary(
    "fixedSizeBinary",
    new arrow.FixedSizeBinary(3),
    flechette.fixedSizeBinary(3),
    (values) => ({ values: new Uint8Array(Buffer.concat(values as Uint8Array[])) }),
    fc.uint8Array({ minLength: 3, maxLength: 3 }),
    Uint8Array.of(1, 2, 3),
  ),
  booleans,
  decimal(32, 2),
  decimal(64, 0),
  decimal(128, 7),
  decimal(256, 30),
  instants("date day", new arrow.DateDay(), flechette.dateDay(), 86_400_000_000_000n, false),
  instants("date ms", new arrow.DateMillisecond(), flechette.dateMillisecond(), 1_000_000n, true),
  ...timeUnits.flatMap((unit) => {
    const nanos = 10n ** BigInt(9 - 3 * unit);
    return [
      ...[undefined, zone].map((at) =>
        instants(
          `timestamp ${unit} ${at}`,
          new arrow.Timestamp(unit as never, at) as never,
          flechette.timestamp(unit, at ?? null),
          nanos,
          true,
        ),
      ),
      clock(
        `time ${unit}`,
        new arrow.Time(unit as never, (unit < 2 ? 32 : 64) as never) as never,
        flechette.time(unit),
        3 * unit,
        unit >= 2,
      ),
      clock(`duration ${unit}`, new arrow.Duration(unit as never), flechette.duration(unit), 3 * unit, true),
    ];
  }),
  interval(0, new arrow.IntervalYearMonth()),
  interval(1, new arrow.IntervalDayTime()),
  interval(2, new arrow.IntervalMonthDayNano()),
  nothing,
];
