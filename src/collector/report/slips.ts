import { warningName } from "./rate-limited-listener.ts";

const told = new Set<string>();

/** Warns of what was probably meant otherwise, of each once in a process. */
export function warnOfSlips(slips: readonly string[] = []): void {
  for (const text of slips) {
    if (told.has(text)) continue;
    told.add(text);
    process.emitWarning(text, { type: warningName, code: "CONFIGURATION" });
  }
}
