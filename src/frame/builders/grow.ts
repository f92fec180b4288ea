/** A capacity for at least `need`, doubling, so that growing costs a constant per element. */
export function grownCapacity(capacity: number, need: number): number {
  return Math.max(need, capacity * 2, 64);
}

/** Copies all of `from` to the start of `to`. */
export function copyBytes(from: Uint8Array, to: Uint8Array): void {
  to.set(from);
}

/**
 * True when a buffer of `capacityBytes`, of which a batch used `usedBytes`, is worth giving back: one
 * unusually large batch must not hold its memory for ever.
 */
export function isOversized(capacityBytes: number, usedBytes: number): boolean {
  return capacityBytes > 1 << 16 && usedBytes < capacityBytes / 4;
}
