import { types } from "node:util";
import { processWide } from "../../base/host/process-wide.ts";
import { monotonicMs } from "../../base/time/host-time.ts";
import type { RequestOutcome } from "../../config/keeping/keep-rule.ts";
import type { CorrelationContext } from "./correlation-context.ts";
import type { RequestLife } from "./request-life.ts";

/** Whether a deployment of this process, of whatever copy of this package, wants to know how requests end. */
export const outcomes: { wanted: boolean } = processWide("request-outcomes", () => ({ wanted: false }));

/** A request has ended: nothing more is to be expected of it that would decide whether it is kept. */
export function endRequest(context: CorrelationContext, outcome: RequestOutcome): void {
  if (outcomes.wanted) tell(context, (life) => life.ended(outcome, true));
}

/**
 * Calls `run`, gives back what it returns or throws, and tells how that went. Only a promise tells when all
 * of it is done: what returns at once may have left work behind, as a middleware does that calls the next
 * one.
 */
export function runTold<T>(context: CorrelationContext, run: () => T): T {
  const startedAt = monotonicMs();
  const ran = (failed: boolean, last: boolean, error?: unknown): void => {
    const outcome = { failed, durationMs: monotonicMs() - startedAt, ...(failed ? { error } : {}) };
    tell(context, (life) => life.ran(outcome, last));
  };
  tell(context, (life) => life.began());
  let result: T;
  try {
    result = run();
  } catch (thrown) {
    ran(true, true, thrown);
    throw thrown;
  }
  if (!isPlainPromise(result)) {
    ran(false, false);
    return result;
  }
  return result.then(
    (value) => {
      ran(false, true);
      return value;
    },
    (thrown: unknown) => {
      ran(true, true, thrown);
      throw thrown;
    },
  ) as T;
}

/**
 * One that is nothing but a promise, so that another one may take its place. What only looks like one may
 * begin its work when it is asked for the result.
 */
function isPlainPromise(value: unknown): value is Promise<unknown> {
  if (!types.isPromise(value) || Object.keys(value).length > 0) return false;
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null;
  return prototype?.constructor?.name === "Promise" && !Object.hasOwn(value, "then");
}

/** Tells the context, which may be another copy's. */
function tell(context: CorrelationContext, what: (life: RequestLife) => void): void {
  try {
    what(context.life);
  } catch {
    // Of a version whose requests have no end.
  }
}
