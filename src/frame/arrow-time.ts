import { fitsInt64 } from "./cell.ts";
import { arrowTypes as T } from "./arrow-chunk.ts";

/** An Arrow type of time: its unit is an enum of its own for dates (day, millisecond), else second … nanosecond. */
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
 * A time of day or duration as text, `12:34:56` with as many decimals as its unit has; an instant that no timestamp holds
 * likewise, as the count of its nanoseconds since 1970.
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
