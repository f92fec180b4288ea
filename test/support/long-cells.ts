import type { ColumnType, ScalarType } from "../../src/layout/column-type.ts";
import type { Plain } from "./make-batch.ts";
import { nastyStrings } from "./nasty-strings.ts";

/**
 * How the values of a long column follow one another; each is what an encoding is for, or what it cannot do.
 */
export const shapes = ["constant", "rising", "narrow", "wide", "extremes", "repeating"] as const;
/** A member of {@link shapes}. */
export type Shape = (typeof shapes)[number];

/** What {@link longCells} is told. */
export interface LongCells {
  readonly shape: Shape;
  readonly seed: number;
  /** Share of nulls, 0 to 1. */
  readonly nulls: number;
}

/** As many cells of a type, the same for the same seed. */
export function longCells(type: ColumnType, rows: number, { shape, seed, nulls }: LongCells): Plain[] {
  const random = generator(seed);
  const scalar = typeof type === "string" ? type : type.list;
  const value = (row: number): Plain => makers[scalar](shape, row, random);
  return Array.from({ length: rows }, (_, row): Plain => {
    if (random() < nulls) return null;
    if (typeof type === "string") return value(row);
    return Array.from({ length: Math.floor(random() * 4) }, () => (random() < nulls ? null : value(row)));
  });
}

type Make = (shape: Shape, row: number, random: () => number) => Plain;

function integer(shape: Shape, row: number, random: () => number, bits: bigint): bigint {
  const half = 2n ** (bits - 1n);
  const chance = BigInt(Math.floor(random() * 2 ** 32));
  switch (shape) {
    case "constant":
      return 7n;
    case "rising":
      return BigInt(row) * 1001n - 50_000n + (chance & 15n);
    case "narrow":
      return 1_000_000n + (chance % 4096n);
    case "wide":
      return BigInt.asIntN(Number(bits), (chance << 32n) | BigInt(Math.floor(random() * 2 ** 32)));
    case "extremes":
      return [half - 1n, -half, 0n, -1n, 2n ** (bits / 2n), -(2n ** (bits - 2n))][Number(chance % 6n)] ?? 0n;
    case "repeating":
      return chance % 5n;
  }
}

function double(shape: Shape, row: number, random: () => number): number {
  const odd = [Number.NaN, Infinity, -Infinity, -0, 0, 5e-324, Number.MAX_VALUE, -1e308];
  switch (shape) {
    case "constant":
      return -0;
    case "rising":
      return row / 3;
    case "narrow":
      return Math.floor(random() * 100_000) / 100;
    case "wide":
      return (random() - 0.5) * 10 ** Math.floor(random() * 600 - 300);
    case "extremes":
      return odd[Math.floor(random() * odd.length)] ?? 0;
    case "repeating":
      return Math.floor(random() * 9);
  }
}

function text(shape: Shape, row: number, random: () => number): string {
  const hex = (digits: number): string =>
    Math.floor(random() * 16 ** digits)
      .toString(16)
      .padStart(digits, "0");
  switch (shape) {
    case "constant":
      return "the same";
    case "rising":
      return `0192f3a1-${(row + 4096).toString(16)}-7${hex(3)}-8${hex(3)}-${hex(6)}${hex(6)}`;
    case "narrow":
      return `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(6)}${hex(6)}`;
    case "wide":
      return hex(8).slice(0, Math.floor(random() * 9));
    case "extremes":
      return [...(nastyStrings[Math.floor(random() * nastyStrings.length)] ?? "")].slice(0, 200).join("");
    case "repeating":
      return `class ${Math.floor(random() * 6)}`;
  }
}

const makers: Record<ScalarType, Make> = {
  float64: double,
  int64: (shape, row, random) => integer(shape, row, random, 64n),
  int32: (shape, row, random) => Number(integer(shape, row, random, 32n)),
  boolean: (shape, _row, random) => shape === "constant" || random() < 0.5,
  string: text,
  json: (shape, row, random) => JSON.stringify({ id: row, text: text(shape, row, random) }),
  // Years that every engine gives back to the microsecond.
  timestamp: (shape, row, random) =>
    1_700_000_000_000_000n + BigInt.asIntN(50, integer(shape, row, random, 48n)),
  binary: (shape, row, random) => {
    const bytes = Buffer.from(text(shape, row, random));
    return new Uint8Array(bytes.map((byte) => (shape === "wide" ? byte ^ Math.floor(random() * 256) : byte)));
  },
};

/** Marsaglia's xorshift with 32 bits ("Xorshift RNGs", 2003). */
function generator(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
