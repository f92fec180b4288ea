import { told, wrongValue } from "../../../base/errors.ts";
import type { WindowRule } from "../monitor-result.ts";
import type { MonitorVerdict } from "../verdict.ts";

/** In how many windows something must breach, unless it is said. */
export const defaultRule: WindowRule = { need: 2, of: 3 };

/** Throws a `RangeError` for a rule that is none. */
export function checkRule({ need, of }: WindowRule, where: string): void {
  const isRule = Number.isSafeInteger(need) && Number.isSafeInteger(of);
  if (!isRule || need < 1 || of < need)
    throw wrongValue(where, "a need from 1 on, of at least as many windows", told("others"));
}

/** What several windows say together. */
export interface JointVerdict {
  readonly verdict: MonitorVerdict;
  readonly breached: number;
  readonly judged: number;
}

/**
 * A breach needs as many windows as the rule says, of the last ones; of fewer windows than that, all of them.
 * With too few windows that have data nobody can tell.
 */
export function overWindows(
  verdicts: readonly (MonitorVerdict | undefined)[],
  rule: WindowRule,
): JointVerdict {
  const last = verdicts.slice(-rule.of);
  const need = Math.min(rule.need, last.length);
  const breached = last.filter((verdict) => verdict === "breach").length;
  const judged = last.filter((verdict) => verdict === "breach" || verdict === "pass").length;
  if (breached >= need && need > 0) return { verdict: "breach", breached, judged };
  // What the windows without data may hold could make it one.
  const isOpen = breached > 0 && breached + (last.length - judged) >= need;
  const verdict = judged === 0 || isOpen ? "insufficient data" : "pass";
  return { verdict, breached, judged };
}
