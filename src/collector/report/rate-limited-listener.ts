import type { Clock } from "../../base/time/clock.ts";
import { CollectorError, type CollectorErrorCode } from "../../base/errors.ts";
import type { ErrorInfo, ErrorListener } from "../../config/callbacks.ts";
import { isExiting } from "../process/shutdown-hooks.ts";
import { safeCall } from "./safe-call.ts";

/** What a listener is told besides the code, the reason and the message of a run-time problem. */
export interface ReportDetails {
  readonly collection?: string | undefined;
  /** Frames that the problem cost. */
  readonly frames?: number | undefined;
  readonly cause?: unknown;
  /** Milliseconds in which this reason is not reported again, if that is longer than usual. */
  readonly quietMs?: number | undefined;
}

interface Held {
  occurrences: number;
  frames: number;
  nextAt: number;
}

/** Reasons are few, but column names are part of some: past this many the oldest starts afresh. */
const maxReasons = 1_000;

/**
 * Passes run-time problems on to an `onError`, each reason of each collection at most once a second; without
 * one, warns at most once a minute, of a destination that takes nothing once for all collections. What comes
 * in between is counted, and told with the next.
 */
export class RateLimitedListener {
  readonly #clock: Clock;
  readonly #handler: ErrorListener;
  readonly #intervalMs: number;
  readonly #held = new Map<string, Held>();

  /** @param handler the user's; without one, Node's warnings. */
  constructor(clock: Clock, handler: ErrorListener | undefined) {
    this.#clock = clock;
    this.#handler = handler ?? warn;
    this.#intervalMs = handler === undefined ? 60_000 : 1_000;
  }

  /** A problem, with its message made only if it is told. What the handler throws is ignored. */
  report(code: CollectorErrorCode, reason: string, message: () => string, details: ReportDetails = {}): void {
    // A destination out of reach, or that refuses, is one trouble to whoever reads warnings, however many
    // collections wait.
    const isDestination = code === "DELIVERY_DELAYED" || reason === "delivery_blocked";
    const isShared = this.#handler === warn && isDestination;
    const key = isShared ? reason : `${reason}\n${details.collection ?? ""}`;
    const now = this.#clock.monotonic();
    let held = this.#held.get(key);
    if (held === undefined) {
      if (this.#held.size >= maxReasons) this.#held.delete(this.#held.keys().next().value as string);
      held = { occurrences: 0, frames: 0, nextAt: now };
      this.#held.set(key, held);
    }
    held.occurrences++;
    held.frames += details.frames ?? 0;
    if (now < held.nextAt) return;
    const info: ErrorInfo = {
      reason,
      collection: details.collection ?? null,
      occurrences: held.occurrences,
      frames: held.frames,
    };
    held.occurrences = 0;
    held.frames = 0;
    held.nextAt = now + Math.max(this.#intervalMs, details.quietMs ?? 0);
    const cause = details.cause === undefined ? {} : { cause: details.cause };
    safeCall(() => this.#handler(new CollectorError(code, message(), cause), info));
  }
}

/** The name of all warnings of this package. */
export const warningName = "ModelDataCollectorWarning";

function warn(error: CollectorError, info: ErrorInfo): void {
  const more = info.occurrences > 1 ? ` (${info.occurrences} times since the last such warning)` : "";
  const text = `${error.message}${more}`;
  const name = warningName;
  const { code } = error;
  // `emitWarning` waits for the event loop, which does not turn any more when the process ends.
  if (isExiting()) process.emit("warning", Object.assign(new Error(text), { name, code }));
  else process.emitWarning(text, { type: name, code });
}
