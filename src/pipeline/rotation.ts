import type { Rotation } from "../config/deployment-config.ts";
import type { OpenSegment } from "../spool/spool.ts";

/** True when an open segment is old or large enough to become a file. */
export function isRipe(segment: OpenSegment, rotation: Rotation, nowMs: number): boolean {
  const ageMs = nowMs - segment.createdAt;
  // A clock that was set back must not keep data from being delivered until it has caught up.
  return segment.size >= rotation.maxBytes || ageMs >= rotation.maxAgeMs || ageMs < 0;
}
