import { type Backoff, createBackoff } from "../../base/time/backoff.ts";
import type { Clock } from "../../base/time/clock.ts";
import type { PutResult } from "../../store/store.ts";
import type { Obstacle } from "./delivery-health.ts";
import type { DeliveryTask } from "./delivery-task.ts";

/** Waits after failures that time may heal. */
export const retryWaits = { baseMs: 1_000, maxMs: 60_000 };
/** Settings, permissions and clocks are mended by people: asking more often than this helps nobody. */
export const mendingMs = 60_000;
/** A file that the service refuses this often is set aside. */
const maxRejections = 3;

export type PutFailure = Exclude<PutResult, { status: "stored" | "exists" }>;

/** What follows from a failure: the segment is set aside, or all wait, and it is tried again. */
export type Verdict =
  | { readonly is: "setAside"; readonly reason: "conflict" | "poison"; readonly detail: string }
  | { readonly is: "pause"; readonly obstacle: Obstacle; readonly delayMs: number };

/** What keeps everything from being delivered: the destination is out of reach, or takes nothing. */
export class Outage {
  readonly #clock: Clock;
  readonly #onPauseEnd: () => void;
  readonly #backoff: Backoff = createBackoff(retryWaits);
  /**
   * What was refused in a row without one accepted, segments or single frames: more than one means that it is
   * not the data.
   */
  readonly #refused = new Set<string>();
  #obstacle: Obstacle | undefined;
  #pause: Disposable | undefined;

  /** `onPauseEnd`: something can be sent again. */
  constructor(clock: Clock, onPauseEnd: () => void) {
    this.#clock = clock;
    this.#onPauseEnd = onPauseEnd;
  }

  /** What went wrong last, until something succeeds. */
  get obstacle(): Obstacle | undefined {
    return this.#obstacle;
  }

  /** Whether nothing is to be sent now. */
  get isPaused(): boolean {
    return this.#pause !== undefined;
  }

  /** A file was stored. */
  succeeded(): void {
    this.#obstacle = undefined;
    this.#refused.clear();
    this.#backoff.reset();
  }

  /** The service refused something of this segment, be it only its types or one of its frames. */
  refused(task: DeliveryTask): void {
    this.#refused.add(`${task.segment.id} ${task.part.number}`);
  }

  judge(task: DeliveryTask, failure: PutFailure): Verdict {
    const { message } = failure.error;
    const blocked: Verdict = { is: "pause", obstacle: { status: "failing", message }, delayMs: mendingMs };
    switch (failure.status) {
      case "conflict":
        return { is: "setAside", reason: "conflict", detail: message };
      case "rejected":
        this.refused(task);
        // Two different ones refused one after the other: more likely the account than the data.
        if (this.#refused.size > 1) return blocked;
        task.rejections++;
        return task.rejections >= maxRejections
          ? { is: "setAside", reason: "poison", detail: message }
          : this.passing(message);
      case "retryable":
        return failure.class === "transient" ? this.passing(message, failure.retryAfterMs) : blocked;
    }
  }

  /** What follows from a failure that time may heal. */
  passing(message: string, retryAfterMs?: number): Extract<Verdict, { is: "pause" }> {
    const delayMs = this.#backoff.next(retryAfterMs);
    return { is: "pause", obstacle: { status: "degraded", message }, delayMs };
  }

  /** Nothing is sent for so long; after it, one attempt at a time, until one succeeds. */
  pause(obstacle: Obstacle, delayMs: number): void {
    this.#obstacle = obstacle;
    this.#pause?.[Symbol.dispose]();
    this.#pause = this.#clock.setTimer(() => this.endPause(), delayMs);
  }

  /** Tries now what would be tried later. */
  endPause(): void {
    this.stop();
    this.#onPauseEnd();
  }

  /** Sets no timer any more. */
  stop(): void {
    this.#pause?.[Symbol.dispose]();
    this.#pause = undefined;
  }
}
