import { arrowTypes as T } from "./arrow-chunk.ts";
import { fitsInt64 } from "../../cell.ts";
import { decimalText } from "../decimal-text.ts";

/**
 * An Arrow type of time: its unit is an enum of its own for dates (day, millisecond), else second …
 * nanosecond.
 */
export interface ArrowTime {
  readonly typeId: number;
  readonly unit: number;
}

/** Nanoseconds per tick, by unit: second, millisecond, microsecond, nanosecond. */
const unitNanos = [1_000_000_000n, 1_000_000n, 1_000n, 1n] as const;
const dayNanos = 86_400_000_000_000n;

function tickNanos({ typeId, unit }: ArrowTime): bigint {
  if (typeId === T.date) return unit === 0 ? dayNanos : 1_000_000n;
  return unitNanos[unit] as bigint;
}

/** Ticks as microseconds, or undefined when that is not a whole number or beyond 64 bits. */
export function toMicros(ticks: bigint, type: ArrowTime): bigint | undefined {
  const nanos = ticks * tickNanos(type);
  const micros = nanos / 1000n;
  return micros * 1000n === nanos && fitsInt64(micros) ? micros : undefined;
}

/**
 * A time of day or duration as text, `12:34:56` with as many decimals as its unit has; an instant that no
 * timestamp holds likewise, as the count of its nanoseconds since 1970.
 */
export function timeText(ticks: bigint, type: ArrowTime): string {
  const nanos = ticks * tickNanos(type);
  if (type.typeId === T.date || type.typeId === T.timestamp) return `${nanos} ns since 1970`;
  const positive = nanos < 0n ? -nanos : nanos;
  const seconds = positive / 1_000_000_000n;
  const clock = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n].map((n) =>
    String(n).padStart(2, "0"),
  );
  const decimals = String(positive % 1_000_000_000n)
    .padStart(9, "0")
    .slice(0, 3 * type.unit);
  return `${nanos < 0n ? "-" : ""}${clock.join(":")}${decimals === "" ? "" : `.${decimals}`}`;
}

/** Bytes of an interval, by unit: months; days and milliseconds; months, days and nanoseconds. */
const intervalBytes = [4, 8, 16] as const;

/**
 * An interval of the calendar as ISO 8601 text, `P14M`, `P3DT4.005S`, `P1M2DT-3.000000004S`: each part as it
 * is, with a sign of its own, because a month has no length in days and a day none in seconds.
 */
export function intervalText(values: Buffer, index: number, unit: number): string {
  const at = index * (intervalBytes[unit] as number);
  if (unit === 0) return isoInterval(values.readInt32LE(at), 0, 0n);
  if (unit === 1) {
    return isoInterval(0, values.readInt32LE(at), BigInt(values.readInt32LE(at + 4)) * 1_000_000n);
  }
  return isoInterval(values.readInt32LE(at), values.readInt32LE(at + 4), values.readBigInt64LE(at + 8));
}

function isoInterval(months: number, days: number, nanos: bigint): string {
  const date = `${months === 0 ? "" : `${months}M`}${days === 0 ? "" : `${days}D`}`;
  if (nanos !== 0n) return `P${date}T${decimalText(nanos, 9).replace(/\.?0+$/, "")}S`;
  return date === "" ? "PT0S" : `P${date}`;
}
