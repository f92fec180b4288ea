import { countOf } from "../../base/plural.ts";

/** A stored value as a short text for people; an empty text for null. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return timeText(value);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === "number") return numberText(value);
  if (typeof value === "string") return value;
  if (typeof value === "object") return JSON.stringify(jsonValue(value));
  return String(value);
}

/** A time in UTC as ISO 8601 without the T, to the millisecond. */
export function timeText(time: Date): string {
  return Number.isNaN(time.getTime())
    ? "invalid time"
    : time.toISOString().replace("T", " ").replace("Z", "");
}

/** Bytes as people read them: `1.4 MB`, powers of 1,000. */
export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  // 999.95 would be shown as 1000.0.
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A length of time as people read it, in its largest whole unit: `45 s`, `12 min`, `3 h`, `9 d`. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** A whole number with thousands marked: `1,234,567`. */
export function countText(count: number): string {
  return count.toLocaleString("en-US");
}

/** So many of something: `1 frame`, `1,234 rows`. */
export function amountText(count: number, noun: string): string {
  return countOf(count, noun, countText(count));
}

/** Nine significant digits are enough to read; whole numbers in full. */
function numberText(value: number): string {
  if (Object.is(value, -0)) return "-0";
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(9)));
}

/**
 * A stored value as JSON can carry it: times in ISO 8601, bytes in base64, integers beyond 2^53 as their
 * digits, and `NaN`, `Infinity`, `-Infinity` as texts, as in the JSON mapping of Protocol Buffers.
 */
export function jsonValue(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === "bigint")
    return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(jsonValue);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, jsonValue);
  if (typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, jsonValue(item)]));
  }
  return value;
}
