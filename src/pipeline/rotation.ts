import type { Rotation } from "../config/deployment-config.ts";
import type { OpenSegment } from "../spool/spool.ts";

/** True when an open segment is old or large enough to become a file. */
export function isRipe(segment: OpenSegment, rotation: Rotation, nowMs: number): boolean {
  return segment.size >= rotation.maxBytes || nowMs - segment.createdAt >= rotation.maxAgeMs;
}
