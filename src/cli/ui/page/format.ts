import type { Place, Told } from "../answers.ts";

const counts = new Intl.NumberFormat("en-US");

/** `1,234,567`. */
export function countText(count: number): string {
  return counts.format(count);
}

/** `1 row`, `1,234 rows`. */
export function amountText(count: number, noun: string): string {
  return `${countText(count)} ${count === 1 ? noun : `${noun}s`}`;
}

/** Bytes in powers of 1,000: `1.4 MB`. */
export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let [value, unit] = [bytes, 0];
  while (value >= 999.95 && unit < units.length - 1) [value, unit] = [value / 1_000, unit + 1];
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** `2026-11-22 05:10:00.000`, UTC. */
export function timeText(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString().replace("T", " ").replace("Z", "");
}

/** The same to the minute, or to the day where a bin is as long. */
export function binText(time: number, binMs: number): string {
  return timeText(time).slice(0, binMs >= 86_400_000 ? 10 : 16);
}

/** `3 hours`, `7 days`. */
export function spanText(ms: number): string {
  const hours = ms / 3_600_000;
  if (hours < 1) return "minute";
  if (hours < 24) return hours === 1 ? "hour" : `${hours} hours`;
  return hours === 24 ? "day" : `${hours / 24} days`;
}

/** How long after something: `+12 ms`, `+3.4 s`, `+5 h 52 min`. */
export function afterText(ms: number): string {
  const sign = ms < 0 ? "−" : "+";
  const size = Math.abs(ms);
  if (size < 1_000) return `${sign}${countText(size)} ms`;
  if (size < 120_000) return `${sign}${counts.format(Number((size / 1_000).toPrecision(4)))} s`;
  const minutes = Math.round(size / 60_000);
  return `${sign}${minutes < 60 ? "" : `${countText(Math.floor(minutes / 60))} h `}${minutes % 60} min`;
}

/** A number in as many digits as are read at a glance. */
export function numberText(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-4)) return value.toExponential(2).replace("e+", "e");
  return counts.format(Number(value.toPrecision(4)));
}

/** `12.3%`; what is there is never 0. */
export function shareText(part: number, whole: number): string {
  if (part === 0 || whole === 0) return "0%";
  const share = (part / whole) * 100;
  return share < 0.1 ? "<0.1%" : `${share < 10 ? share.toFixed(1) : Math.round(share)}%`;
}

/** What a verdict is called. */
export const verdictNames: Readonly<Record<Told, string>> = {
  complete: "complete",
  short: "short",
  unknown: "unknown",
  waiting: "waiting",
  purged: "purged",
};

/** `flights/blue`. */
export function placeText({ endpoint, deployment }: Pick<Place, "endpoint" | "deployment">): string {
  return `${endpoint}/${deployment}`;
}
