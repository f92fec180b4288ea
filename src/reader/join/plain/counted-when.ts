import type { MatchRules } from "../match-request.ts";

/**
 * When a row is counted, as one number: the hour of its request since 1970 UTC, and whether that is in the
 * range. Rows that have it in common are alike to an account, and most row groups have but one.
 */
export function countedWhen(requestMicros: number, { isInRange }: Pick<MatchRules, "isInRange">): number {
  return Math.floor(requestMicros / hourMicros) * 2 + (isInRange(requestMicros) ? 1 : 0);
}

/** Whether it is of a time that there is, and has at most 28 bits. */
export function isWhen(when: number): boolean {
  return (when << 4) >> 4 === when;
}

/** Whether rows of that time are in the range. */
export function isCounted(when: number): boolean {
  return (when & 1) === 1;
}

/** When its hour begins, in microseconds. */
export function hourOf(when: number): number {
  return (when >> 1) * hourMicros;
}

const hourMicros = 3_600_000_000;
