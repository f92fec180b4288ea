import type { Rotation } from "../../config/deployment-config.ts";
import { partitionStart } from "../../layout/partition.ts";
import type { OpenSegment } from "../../spool/spool-writer.ts";

/** True when an open segment is old or large enough to become a file. */
export function isRipe(segment: OpenSegment, rotation: Rotation, nowMs: number): boolean {
  const ageMs = nowMs - segment.createdAt;
  // A clock that was set back must not keep data from being delivered until it has caught up.
  return segment.size >= rotation.maxBytes || ageMs >= rotation.maxAgeMs || ageMs < 0;
}

/**
 * The same of what is told of frames: seldom, for that is little; and when the hour is over, for then it can
 * be said that it is complete.
 */
export function isLedgerRipe(segment: OpenSegment, nowMs: number): boolean {
  const ageMs = nowMs - segment.createdAt;
  const isOtherHour = partitionStart(segment.createdAt, "hour") !== partitionStart(nowMs, "hour");
  return isOtherHour || ageMs >= ledgerAgeMs || segment.size >= maxLedgerBytes;
}

/**
 * The same of files that are to be entered into their tables' logs: soon, for engines that read the log see
 * them only then, and together, for each commit is a file of its own.
 */
export function isTableRipe(segment: OpenSegment, { maxBytes, maxAgeMs }: Rotation, nowMs: number): boolean {
  return isRipe(segment, { maxBytes, maxAgeMs: Math.min(maxAgeMs, maxTableAgeMs) }, nowMs);
}

const maxTableAgeMs = 10_000;
const ledgerAgeMs = 10 * 60_000;
const maxLedgerBytes = 8 * 1024 * 1024;

/**
 * True when open segments in memory (durability `memory`) take so much of what frames may take that they are
 * to become files now, young and small as they are: there they make room, and no frame is dropped for those
 * that only wait for their time. Each byte takes two until it is delivered, and new frames need room
 * meanwhile.
 */
export function isCrowded(open: readonly OpenSegment[], maxMemoryBytes: number): boolean {
  const bytes = open.reduce((sum, { size }) => sum + size, 0);
  return bytes >= maxMemoryBytes / crowdedShare;
}

const crowdedShare = 8;
