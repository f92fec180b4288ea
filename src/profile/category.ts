import { hashText } from "./value-hash.ts";

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

/**
 * A value as the name of a category, a long one as {@link shortName} has it; undefined for what is none:
 * objects and lists.
 */
export function categoryOf(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return shortName(value);
    case "number":
      // -0 is the number 0.
      return String(value + 0);
    case "boolean":
    case "bigint":
      return String(value);
    default:
      if (value instanceof Date) return value.toISOString();
      if (value instanceof Uint8Array)
        return shortName(Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join(""));
      return undefined;
  }
}

/** A long text would fill a profile: it goes by its beginning, and what tells it from any other. */
export function shortName(text: string): string {
  if (text.length <= maxLength) return text;
  const rest = `… (${text.length} characters, ${hashText(text).toString(16)})`;
  return `${text.slice(0, shownLength)}${rest}`;
}

const maxLength = 256;
const shownLength = 64;
