import { ownJson } from "../base/own-json.ts";
import { type DataFolder, deltaLogName, ledgerName, profileName } from "../layout/dataset-path.ts";
import { type Format, isFormat } from "../layout/format.ts";
import { hasPlainDate, isRollingRate } from "../layout/partition.ts";

/**
 * What the records of one segment have in common, and with the segment's own id all that the name of its file
 * is made of: whoever finds the segment, in whatever process, gives its file the same name. The collection is
 * as the collector spells it.
 */
export interface SegmentLabel extends Omit<DataFolder, "format"> {
  /**
   * `ledger`: the records are lines of the stored ledger, of the collection {@link ledgerName}. `profile`: of
   * the stored profiles, {@link profileName}. `unsampled`: they are batches of frames that the rate leaves
   * out, which are profiled and not stored. `table`: they are lines of JSON, each a file that is stored and
   * to be entered into the log of its table, {@link deltaLogName}. `body`: they are the pieces of one body,
   * and an end: see `delivery/bodies/body-end.ts`.
   */
  readonly format: Format | "ledger" | "profile" | "unsampled" | "table" | "body";
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

/** The label of what is told of a deployment's profiles, likewise. */
export function profileLabel(endpoint: string, deployment: string): string {
  const parts = { format: "profile", rollingRate: "day", partition: 0 } as const;
  return labelText({ ...parts, endpoint, deployment, collection: profileName });
}

/** The label of files that are to be entered into their tables' logs, likewise. */
export function tableLabel(endpoint: string, deployment: string): string {
  const parts = { format: "table", rollingRate: "day", partition: 0 } as const;
  return labelText({ ...parts, endpoint, deployment, collection: deltaLogName });
}

/** True for a text of {@link tableLabel}. */
export function isTableLabel(text: string): boolean {
  return text.startsWith('["table",');
}

/** True for a text of {@link profileLabel}. */
export function isProfileLabel(text: string): boolean {
  return text.startsWith('["profile",');
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

/** True for the label of frames that are stored. */
export function isData(label: SegmentLabel): label is SegmentLabel & { readonly format: Format } {
  return isFormat(label.format);
}

/** True for the label of what is told of frames beside them. */
export function isTold(
  label: SegmentLabel,
): label is SegmentLabel & { readonly format: "ledger" | "profile" } {
  return label.format === "ledger" || label.format === "profile";
}

/** Whether records of this format can be of this collection. */
function isFormatOf(format: unknown, collection: unknown): format is Exclude<SegmentLabel["format"], "body"> {
  if (format === "ledger") return collection === ledgerName;
  if (format === "table") return collection === deltaLogName;
  return format === "profile" ? collection === profileName : isFormat(format) || format === "unsampled";
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
      (isOfBody || (parts.length === 6 && isFormatOf(format, collection))) &&
      isRollingRate(rollingRate) &&
      typeof endpoint === "string" &&
      typeof deployment === "string" &&
      typeof collection === "string" &&
      hasPlainDate(partition)
    ) {
      const label = { rollingRate, endpoint, deployment, collection, partition };
      return isOfBody
        ? { ...label, format: "body", body }
        : { ...label, format: format as Exclude<SegmentLabel["format"], "body"> };
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
