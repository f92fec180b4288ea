import { countOf } from "../../../base/plural.ts";

/*
 * Figures as people read them, the same on every machine: no locale has a part in them.
 */

/** A whole number with its thousands marked: `1,234,567`. */
export function countText(count: number): string {
  return grouped(String(Math.round(count)));
}

/** So many of something: `1 row`, `1,234 rows`. */
export function amountText(count: number, noun: string): string {
  return countOf(count, noun, countText(count));
}

/** A measured value to three digits; very large and very small ones with a power of ten. */
export function figureText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "none" : value > 0 ? "infinite" : "-infinite";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e7 || size < 1e-4) return value.toExponential(1).replace("e+", "e");
  if (size >= 1000) return grouped(String(Math.round(value)));
  return String(Number(value.toPrecision(3)));
}

/**
 * A share from 0 to 1 as percent; what is hardly anything is said to be less than the least that is shown.
 */
export function shareText(share: number): string {
  if (!Number.isFinite(share)) return "none";
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return "< 0.1 %";
  if (percent < 100 && percent > 99.9) return "> 99.9 %";
  return `${percent < 10 ? Number(percent.toFixed(1)) : Math.round(percent)} %`;
}

/** An instant in UTC, without what is zero of it: `2026-11-22`, `2026-11-22 05:30`. */
export function instantText(instant: Date): string {
  if (Number.isNaN(instant.getTime())) return "unknown";
  const text = instant.toISOString().replace("T", " ");
  return text.endsWith(" 00:00:00.000Z")
    ? text.slice(0, -14)
    : text.slice(0, text.endsWith(":00.000Z") ? -8 : -5);
}

/** From an instant to another. */
export function spanText(from: Date, to: Date): string {
  return `${instantText(from)} to ${instantText(to)}`;
}

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ",");
}
