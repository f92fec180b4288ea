import type { Clock } from "../../base/time/clock.ts";
import type { HeaderLookup } from "../headers/captured-headers.ts";
import { EventCounter } from "./event-counter.ts";
import { Gaps } from "./gaps.ts";

/** The columns of a response that tell of its events; all null where it is no event stream. */
export interface EventColumns {
  readonly event_count: number | null;
  /** From the request's arrival. */
  readonly first_event_ms: number | null;
  readonly event_gap_p50_ms: number | null;
  readonly event_gap_p99_ms: number | null;
  readonly event_gap_max_ms: number | null;
}

/** What is told of a response that is no event stream, or one that cannot be read. */
export const noEvents: EventColumns = {
  event_count: null,
  first_event_ms: null,
  event_gap_p50_ms: null,
  event_gap_p99_ms: null,
  event_gap_max_ms: null,
};

/** Whether a response's body is a stream of events that can be read as it goes out: not a compressed one. */
export function isEventStream(header: HeaderLookup): boolean {
  if (!/^\s*text\/event-stream\s*(;|$)/i.test(header("content-type") ?? "")) return false;
  return /^\s*(identity\s*)?$/i.test(header("content-encoding") ?? "");
}

/** Measures a stream of events while it goes out: how many, when the first, and how far apart. */
export class EventMeter {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #counter = new EventCounter();
  #count = 0;
  #first: number | undefined;
  #last = 0;
  #gaps: Gaps | undefined;

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /** The next bytes of the stream, which go out now. Events that they end are as old as they are. */
  add(bytes: Uint8Array): void {
    const ended = this.#counter.add(bytes);
    if (ended === 0) return;
    const now = this.#clock.monotonic();
    for (let i = 0; i < ended; i++) {
      if (this.#first === undefined) this.#first = now;
      else (this.#gaps ??= new Gaps()).add(now - this.#last);
      this.#last = now;
    }
    this.#count += ended;
  }

  /** What was measured, of a request that came at `startedAt`. */
  columns(startedAt: number): EventColumns {
    const gaps = this.#gaps;
    return {
      event_count: this.#count,
      first_event_ms: this.#first === undefined ? null : this.#first - startedAt,
      event_gap_p50_ms: gaps?.percentile(50) ?? null,
      event_gap_p99_ms: gaps?.percentile(99) ?? null,
      event_gap_max_ms: gaps?.maxMs ?? null,
    };
  }
}
