import { attributeName, systemColumns } from "../../layout/system-columns.ts";

/** What a record of Azure's has no other place for: system columns, and what upkeep says of a file. */
export const ownAttributes: {
  readonly requestId: string;
  readonly clientRequestId: string;
  readonly samplingRate: string;
  readonly rejected: string;
  readonly tags: string;
  /** Of rows that are not numbered from 0 on, for others were erased: their numbers. */
  readonly rowIndex: string;
  /** In the first record of a file that replaces others: their marks. */
  readonly replaces: string;
} = {
  requestId: attributeName(systemColumns.requestId),
  clientRequestId: attributeName(systemColumns.clientRequestId),
  samplingRate: attributeName(systemColumns.samplingRate),
  rejected: attributeName(systemColumns.rejected),
  tags: attributeName(systemColumns.tags),
  rowIndex: attributeName(systemColumns.rowIndex),
  replaces: "mdcreplaces",
};

/**
 * Up to so many columns of a file, every row says all of them, so that a reader which infers a schema finds
 * each in any record. Where there are more, that would be mostly nulls, a multiple of the data, and a frame
 * says the columns that it has values of.
 */
export const maxKeys = 256;

/** The member that refers to an object beside the file which holds what the member `name` would. */
export function referenceName(name: string): string {
  return `${name}ref`;
}

/** Names that a tag must not take, beside those of the record itself. */
const reserved: ReadonlySet<string> = new Set([
  ..."specversion id source type datacontenttype time data dataref contentrange correlationid xrequestid".split(
    " ",
  ),
  ..."modelversion collectdatatype agent datainblob path method".split(" "),
  ...Object.values(ownAttributes),
  referenceName(ownAttributes.rejected),
]);

/** Whether a member of a record is a tag, and none of those that every record may have. */
export function isTagAttribute(name: string): boolean {
  return !reserved.has(name);
}

/**
 * Tags as extension attributes, whose names are lower-case letters and digits (CloudEvents 1.0, "Naming
 * Conventions").
 */
export function tagAttributes(tags: string | undefined): Map<string, string> {
  const found = new Map<string, string>();
  if (tags === undefined) return found;
  let parsed: unknown;
  try {
    parsed = JSON.parse(tags);
  } catch {
    // Too long for limits.maxStringBytes, so it was cut.
    found.set(ownAttributes.tags, JSON.stringify(tags));
  }
  if (typeof parsed !== "object" || parsed === null) return found;
  for (const [tag, value] of Object.entries(parsed)) {
    const name = tag.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
    if (name !== "" && !reserved.has(name))
      found.set(name, JSON.stringify(typeof value === "string" ? value : JSON.stringify(value)));
  }
  return found;
}
