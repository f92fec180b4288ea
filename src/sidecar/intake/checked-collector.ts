import type { Collector } from "../../collector/api.ts";
import { insideOf } from "../../collector/collector.ts";
import type { CorrelationContext } from "../../collector/context/correlation-context.ts";
import type { CollectedEvent } from "../../collector/keeping/call-facts.ts";
import { Refusal, unavailable } from "./answer.ts";

/** Why a frame is lost that can be stored: there is no room for it, or not any more. */
const passingReasons: readonly string[] = ["memory", "spool_full", "disk_low", "io_error", "closed"];

/** A collector, whose sender is to know what became of a frame. */
export class CheckedCollector {
  readonly #collector: Collector;
  /** Of the frames that are lost, those that were refused at once. */
  #refused = 0;

  constructor(collector: Collector) {
    this.#collector = collector;
  }

  /** How many frames were lost after they had been taken. */
  get lost(): number {
    const { dropped } = this.#collector.stats().frames;
    return passingReasons.reduce((sum, reason) => sum + (dropped[reason] ?? 0), 0) - this.#refused;
  }

  /** Throws a {@link Refusal} if the frame is not taken. */
  collect(frame: object, context: CorrelationContext, event?: CollectedEvent): void {
    const before = this.#collector.stats().frames.dropped;
    const inside = insideOf(this.#collector);
    if (event === undefined || inside === undefined) this.#collector.collect(frame, context);
    else inside.collectEvent(frame, context, event);
    const after = this.#collector.stats().frames.dropped;
    const reason = Object.keys(after).find((each) => (after[each] ?? 0) > (before[each] ?? 0));
    if (reason === undefined) return;
    if (passingReasons.includes(reason)) this.#refused++;
    const message = `the frame was not taken (${reason})`;
    if (reason === "invalid") throw new Refusal(400, message);
    throw reason === "too_large" ? new Refusal(413, message) : unavailable(message);
  }

  /** Counts a frame of which nothing could be made. */
  refuse(context: CorrelationContext, { status, message }: Refusal): void {
    const reason = status === 413 ? "too_large" : "invalid";
    insideOf(this.#collector)?.refuse(context, reason, message);
  }
}
