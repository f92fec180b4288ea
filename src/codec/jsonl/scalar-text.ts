/** How Azure's records write numbers and times. */

/** A double as JSON that reads back as a double, exactly; what JSON cannot say is null. */
export function floatText(value: number): string {
  if (!Number.isFinite(value)) return "null";
  const text = Object.is(value, -0) ? "-0" : String(value);
  return text.includes(".") || text.includes("e") ? text : `${text}.0`;
}

/** Whole milliseconds since 1970 UTC. */
export function flooredMillis(micros: bigint): bigint {
  const within = ((micros % 1000n) + 1000n) % 1000n;
  return (micros - within) / 1000n;
}

/** `2026-03-05T18:16:25Z`. */
export function wholeSeconds(micros: bigint): string {
  const millis = Number(micros / 1000n);
  return `${new Date(Math.floor(millis / 1000) * 1000).toISOString().slice(0, -5)}Z`;
}
