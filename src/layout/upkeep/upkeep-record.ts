import type { RollingRate } from "../partition.ts";

/** What upkeep took away on purpose, by partition: an object below `_upkeep/records`, which stays. */
export type UpkeepRecord = PurgeRecord | EraseRecord;

/** Whole partitions went. */
export interface PurgeRecord {
  readonly kind: "purge";
  /** When: ISO 8601. */
  readonly at: string;
  /** All that ended until then: ISO 8601. */
  readonly before: string;
  readonly partitions: readonly RecordedPartition[];
  /** Objects, and their bytes. */
  readonly objects: number;
  readonly bytes: number;
}

/** Rows of somebody went. */
export interface EraseRecord {
  readonly kind: "erase";
  readonly at: string;
  /**
   * Of what was asked, a keyed hash: whoever has the key can tell that it is about somebody, and nobody
   * else.
   */
  readonly subject: string;
  /** Of each file that had such rows, how many. */
  readonly files: readonly (RecordedPartition & { readonly path: string; readonly rows: number })[];
  /** Bodies that these rows referred to. */
  readonly bodies: readonly string[];
}

/** A partition in a record. */
export interface RecordedPartition {
  readonly collection: string;
  /** Its start: ISO 8601. */
  readonly start: string;
  readonly rate: RollingRate;
}

/** Reads a record; undefined for what is none, or of a kind that this version does not know. */
export function parseRecord(bytes: Uint8Array): UpkeepRecord | undefined {
  try {
    const record = JSON.parse(Buffer.from(bytes).toString()) as UpkeepRecord;
    const partitions = record.kind === "purge" ? record.partitions : record.files;
    const isSound = partitions.every(
      ({ collection, start, rate }) =>
        typeof collection === "string" && !Number.isNaN(Date.parse(start)) && typeof rate === "string",
    );
    return isSound && (record.kind === "purge" || record.kind === "erase") ? record : undefined;
  } catch {
    return undefined;
  }
}
