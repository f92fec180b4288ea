/**
 * The milliseconds since 1970 UTC of a text in ISO 8601 (`2026-11`, `2026-11-22`, `2026-11-22T05:30`,
 * `2026-11-22 05:30:00+02:00`); NaN for any other. What names no zone is UTC, as partitions are: JavaScript
 * would take a date with a time for that of the machine's zone.
 */
export function utcTime(text: string): number {
  if (!/^\d{4}-\d\d/.test(text)) return Number.NaN;
  return Date.parse(/[T ][\d:.]+$/.test(text) ? `${text}Z` : text);
}
