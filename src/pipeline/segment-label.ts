import { ownJson } from "../base/own-json.ts";
import { type DataFolder, ledgerName } from "../layout/dataset-path.ts";
import { type Format, isFormat } from "../layout/format.ts";
import { hasPlainDate, isRollingRate } from "../layout/partition.ts";

/**
 * What the records of one segment have in common, and with the segment's own id all that the name of its file
 * is made of: whoever finds the segment, in whatever process, gives its file the same name. The collection is
 * as the collector spells it.
 */
export interface SegmentLabel extends Omit<DataFolder, "format"> {
  /** `ledger`: the records are lines of the stored ledger, of the collection {@link ledgerName}. */
  readonly format: Format | "ledger";
}

/** The label of what is told of a deployment: there is one, whatever is told, and so one open segment. */
export function ledgerLabel(endpoint: string, deployment: string): string {
  const parts = { format: "ledger", rollingRate: "day", partition: 0 } as const;
  return labelText({ ...parts, endpoint, deployment, collection: ledgerName });
}

/** True for a text of {@link ledgerLabel}. */
export function isLedgerLabel(text: string): boolean {
  return text.startsWith('["ledger",');
}

/** True for the label of frames. */
export function isData(label: SegmentLabel): label is SegmentLabel & { readonly format: Format } {
  return label.format !== "ledger";
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
      (isFormat(format) || (format === "ledger" && collection === ledgerName)) &&
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

/** Where frames belong in the ledger: to a collection, and to the hour of a partition. */
export type LabelPlace = Pick<SegmentLabel, "collection"> & Partial<Pick<SegmentLabel, "partition">>;

/** What a label says of that; undefined when it is no label of this version. */
export function placeOf(text: string): LabelPlace | undefined {
  try {
    const { collection, partition } = parseLabel(text);
    return { collection, partition };
  } catch {
    return undefined;
  }
}

/** The collection that a label names; undefined when it is no label of this version. */
export function collectionOf(text: string): string | undefined {
  return placeOf(text)?.collection;
}
