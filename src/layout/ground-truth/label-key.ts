import { sha256 } from "../../base/checksum.ts";

/*
 * Ground truth is a collection like others. What one frame of it is about stands in its correlation id: that
 * of the request, or one that is made of a business key, whose columns every row has as well. Each frame is a
 * version of what is known; the last by event time counts.
 */

/** The collection that labels are in. */
export const labelCollection = "labels";

/** The tag that names the columns of a business key, as a JSON array. */
export const labelKeyTag = "label_key";

/** What a business key's values may be. */
export type KeyValue = string | number | bigint | boolean;

const prefix = "key:";

/** The correlation id of a label by business key: the same for the same names and values, in any order. */
export function labelKeyId(key: Iterable<readonly [name: string, value: KeyValue]>): string {
  // A number is what it is as an integer, too: a column decides which of them it stores.
  const parts = Array.from(key, ([name, value]) => JSON.stringify([name.toLowerCase(), String(value)]));
  return `${prefix}${sha256(parts.sort().join("\n")).slice(0, 32)}`;
}

/** Whether a label's correlation id was made of a business key. */
export function isLabelKeyId(id: string): boolean {
  return id.startsWith(prefix);
}

/** The columns of a label's business key, from its tags; none of a label by correlation id. */
export function labelKeyOf(tags: unknown): readonly string[] {
  try {
    const parsed = JSON.parse(typeof tags === "string" ? tags : "{}") as Record<string, string>;
    const names: unknown = JSON.parse(parsed[labelKeyTag] ?? "[]");
    return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}
