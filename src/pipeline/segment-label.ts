import { ownJson } from "../base/own-json.ts";
import type { Format } from "../layout/format.ts";
import type { RollingRate } from "../layout/partition.ts";
import type { SealedSegment } from "../spool/spool.ts";
import { azureMlPartition, hasPlainDate, hivePartition } from "../layout/partition.ts";

/**
 * What the records of one segment have in common, and with the segment's own id all that the name of its file is made
 * of: whoever finds the segment, in whatever process, gives its file the same name.
 */
export interface SegmentLabel {
  readonly format: Format;
  readonly rollingRate: RollingRate;
  readonly endpoint: string;
  readonly deployment: string;
  readonly collection: string;
  /** Start of the partition, milliseconds since 1970 UTC; its date is part of a path: see `hasPlainDate`. */
  readonly partition: number;
}

/**
 * The label as the spool keeps it: a JSON array, well below 1,024 bytes because names are at most 63 characters. Throws a
 * `RangeError` for a partition that {@link parseLabel} would refuse: nobody could deliver what is under such a label.
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
      (format === "parquet" || format === "jsonl") &&
      (rollingRate === "day" || rollingRate === "hour" || rollingRate === "minute") &&
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

/**
 * The path of a segment's file, relative to the destination: a pure function of the sealed segment and of `collection`, the
 * spelling that is pinned for the label's collection and never changes.
 */
export function objectPath(
  label: SegmentLabel,
  collection: string,
  segment: Pick<SealedSegment, "id" | "createdAt">,
): string {
  const folder = `${label.endpoint}/${label.deployment}/${collection}`;
  if (label.format === "jsonl") {
    // Azure ML names are 32 hex digits and a six-digit count; ids are unique, so the count stays 0.
    return `${folder}/${azureMlPartition(label.partition)}/${segment.id}000000.jsonl`;
  }
  const created = new Date(segment.createdAt).toISOString().replace(/[-:.]/g, "");
  return `${folder}/${hivePartition(label.partition, label.rollingRate)}/${created}-${segment.id}.parquet`;
}

/**
 * The path of the object with this number, from 0, that a segment's file refers to: beside the file, with an ending that Azure's
 * discovery of records (`HH/*.jsonl`) passes by.
 */
export function besidePath(
  label: SegmentLabel,
  collection: string,
  segment: Pick<SealedSegment, "id" | "createdAt">,
  number: number,
): string {
  const file = objectPath(label, collection, segment);
  return `${file.slice(0, file.lastIndexOf("."))}-${String(number).padStart(6, "0")}.json`;
}
