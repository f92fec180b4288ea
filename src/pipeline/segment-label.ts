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
  /**
   * `ledger`: the records are lines of the stored ledger, of the collection {@link ledgerName}. `body`: they
   * are the pieces of one body, and an end: see `delivery/bodies/body-end.ts`.
   */
  readonly format: Format | "ledger" | "body";
  /** Of a body its name: 32 hex digits. Of everything else undefined. */
  readonly body?: string;
}

/** The label of one body. */
export type BodyLabel = SegmentLabel & { readonly format: "body"; readonly body: string };

/** The label of what is told of a deployment: there is one, whatever is told, and so one open segment. */
export function ledgerLabel(endpoint: string, deployment: string): string {
  const parts = { format: "ledger", rollingRate: "day", partition: 0 } as const;
  return labelText({ ...parts, endpoint, deployment, collection: ledgerName });
}

/** True for a text of {@link ledgerLabel}. */
export function isLedgerLabel(text: string): boolean {
  return text.startsWith('["ledger",');
}

/** True for the text of the label of a body. */
export function isBodyLabel(text: string): boolean {
  return text.startsWith('["body",');
}

/** True for the label of a body. */
export function isBody(label: SegmentLabel): label is BodyLabel {
  return label.format === "body";
}

/** True for the label of frames. */
export function isData(label: SegmentLabel): label is SegmentLabel & { readonly format: Format } {
  return label.format !== "ledger" && label.format !== "body";
}

/**
 * The label as the spool keeps it: a JSON array, well below 1,024 bytes because names are at most 63
 * characters. Throws a `RangeError` for a partition that {@link parseLabel} would refuse: nobody could
 * deliver what is under such a label.
 */
export function labelText(label: SegmentLabel): string {
  const { format, rollingRate, endpoint, deployment, collection, partition, body } = label;
  if (!hasPlainDate(partition))
    throw new RangeError("segment label: the partition is no time of the years 0 to 9999");
  const parts = [format, rollingRate, endpoint, deployment, collection, partition];
  return ownJson(body === undefined ? parts : [...parts, body]);
}

/** Reads a text of {@link labelText}; throws a `SyntaxError` on anything else. */
export function parseLabel(text: string): SegmentLabel {
  const parts: unknown = JSON.parse(text);
  if (Array.isArray(parts) && (parts.length === 6 || parts.length === 7)) {
    const [format, rollingRate, endpoint, deployment, collection, partition, body] = parts as unknown[];
    const isOfBody = format === "body" && typeof body === "string" && /^[0-9a-f]{32}$/.test(body);
    if (
      ((parts.length === 6 && (isFormat(format) || (format === "ledger" && collection === ledgerName))) ||
        isOfBody) &&
      isRollingRate(rollingRate) &&
      typeof endpoint === "string" &&
      typeof deployment === "string" &&
      typeof collection === "string" &&
      hasPlainDate(partition)
    ) {
      const label = { rollingRate, endpoint, deployment, collection, partition };
      return isOfBody
        ? { ...label, format: "body", body }
        : { ...label, format: format as Format | "ledger" };
    }
  }
  throw new SyntaxError("segment label: not an array that this version writes");
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
