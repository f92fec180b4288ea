/*
 * A day's profiles may stand merged in one object, beside those that it was made of, which stay. It is named
 * by a hash of their names: whoever merges the same objects writes the same name, and a look at a folder
 * tells whether others have come since.
 */

/** The name, without its ending, of the day that is made of objects of this hash, 32 hex digits. */
export function dayStem(hash: string): string {
  return `day-${hash}`;
}

/** True for a name of {@link dayStem}. */
export function isDayStem(stem: string): boolean {
  return /^day-[0-9a-f]{32}$/.test(stem);
}
