import { ownJson } from "../base/own-json.ts";
import type { DataFolder } from "../layout/dataset-path.ts";
import { type Format, isFormat } from "../layout/format.ts";
import { hasPlainDate, isRollingRate } from "../layout/partition.ts";

/**
 * What the records of one segment have in common, and with the segment's own id all that the name of its file
 * is made of: whoever finds the segment, in whatever process, gives its file the same name. The collection is
 * as the collector spells it.
 */
export interface SegmentLabel extends Omit<DataFolder, "format"> {
  readonly format: Format;
}

/**
 * The label as the spool keeps it: a JSON array, well below 1,024 bytes because names are at most 63
 * characters. Throws a `RangeError` for a partition that {@link parseLabel} would refuse: nobody could
 * deliver what is under such a label.
 */
export function labelText(label: SegmentLabel): string {
  const { format, rollingRate, endpoint, deployment, collection, partition } = label;
  if (!hasPlainDate(partition))
    throw new RangeError("segment label: the partition is no time of the years 0 to 9999");
  return ownJson([format, rollingRate, endpoint, deployment, collection, partition]);
}

/** Reads a text of {@link labelText}; throws a `SyntaxError` on anything else. */
export function parseLabel(text: string): SegmentLabel {
  const parts: unknown = JSON.parse(text);
  if (Array.isArray(parts) && parts.length === 6) {
    const [format, rollingRate, endpoint, deployment, collection, partition] = parts as unknown[];
    if (
      isFormat(format) &&
      isRollingRate(rollingRate) &&
      typeof endpoint === "string" &&
      typeof deployment === "string" &&
      typeof collection === "string" &&
      hasPlainDate(partition)
    ) {
      return { format, rollingRate, endpoint, deployment, collection, partition };
    }
  }
  throw new SyntaxError("segment label: not the array of six that this version writes");
}

/** What a collection is called whose name cannot be told; no name of a collection has parentheses. */
export const unknownCollection = "(unknown)";

/** The collection that a label names; undefined when it is no label of this version. */
export function collectionOf(text: string): string | undefined {
  try {
    return parseLabel(text).collection;
  } catch {
    return undefined;
  }
}
