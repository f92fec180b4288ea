/**
 * How often each category occurs: not negative, and not necessarily whole, so that weighted counts can be
 * given.
 */
export interface CategoryCounts {
  readonly counts: Readonly<Record<string, number>> | ReadonlyMap<string, number>;
}

/** True for what counts as no value. */
export function isNull(value: unknown): boolean {
  return value == null || Number.isNaN(value) || (value instanceof Date && Number.isNaN(value.getTime()));
}

/** A value as the name of a category; undefined for what is none: objects and lists. */
export function categoryOf(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
      // -0 is the number 0.
      return String(value + 0);
    case "boolean":
    case "bigint":
      return String(value);
    default:
      if (value instanceof Date) return value.toISOString();
      if (value instanceof Uint8Array)
        return Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("");
      return undefined;
  }
}
