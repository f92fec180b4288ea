import type { Emit } from "../../pipeline/engine-event.ts";
import type { SealedSegment, UnsealedSegment } from "../../spool/sealed-segments.ts";

/** Segments whose end is remembered, in case that another thread tells of it again. */
const maxRemembered = 1_000;

/**
 * The segments that were written on this thread and given to the background thread, until they have come to
 * their end: a thread that was not there yet, or has died, did not hear of them. And which thread told first
 * what became of a segment: one that dies before the segment's files are gone leaves them to the next, which
 * does it all again.
 */
export class UnsettledSegments {
  readonly #segments = new Map<string, SealedSegment | UnsealedSegment>();
  /** Who told it, by what was told of which segment; the oldest first. */
  readonly #tellers = new Map<string, object>();

  get size(): number {
    return this.#segments.size;
  }

  add(segment: SealedSegment | UnsealedSegment): void {
    this.#segments.set(segment.id, segment);
  }

  all(): readonly (SealedSegment | UnsealedSegment)[] {
    return [...this.#segments.values()];
  }

  /** Passes on what `teller` tells, but what another one had told of the same segment. */
  settledBy(emit: Emit, teller: object): Emit {
    return (event) => {
      if (event.kind === "delivered" && !this.#isFirst(`delivered\n${event.segment}`, teller)) return;
      if (event.kind === "dropped" && event.origin.from === "spool") {
        if (!this.#isFirst(`${event.reason}\n${event.origin.segment}`, teller)) return;
      }
      if (event.kind === "settled") this.#segments.delete(event.segment);
      emit(event);
    };
  }

  #isFirst(key: string, teller: object): boolean {
    const first = this.#tellers.get(key);
    if (first !== undefined) return first === teller;
    if (this.#tellers.size >= maxRemembered)
      this.#tellers.delete(this.#tellers.keys().next().value as string);
    this.#tellers.set(key, teller);
    return true;
  }
}
