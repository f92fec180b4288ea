import type { Clock } from "../../base/time/clock.ts";
import type { Queued } from "../../pipeline/batching/frame-queue.ts";
import type { HeldFrame, Request } from "./request.ts";

/** What a flight recorder is given. */
export interface FlightRecorderParts {
  readonly clock: Clock;
  /** Takes a frame that is stored; it is in the ledger as buffered. */
  readonly store: (queued: Queued) => void;
}

/** How often it is looked for what has waited too long, milliseconds. */
const lookMs = 1_000;

/**
 * Frames of requests of which it is not yet decided whether they are kept, in memory. Those that the sampling
 * rate leaves out wait beside those that it keeps, under the same bounds: so whether a frame is still there
 * when its request turns out to be worth keeping does not depend on the rate, and its weight stays right.
 *
 * In the ledger they are what they are without any more news: buffered, or sampled out.
 */
export class FlightRecorder {
  /** Bytes that all may take. */
  maxBytes = 0;
  /** How long a frame waits for news of its request, milliseconds. */
  maxAgeMs = 0;
  readonly #parts: FlightRecorderParts;
  /**
   * The ends of a list of the requests with frames here, in the order of their first ones. No set: to find
   * the first of one takes ever longer while its first ones are removed.
   */
  #oldest: Request | undefined;
  #newest: Request | undefined;
  #bytes = 0;
  #armed = false;

  constructor(parts: FlightRecorderParts) {
    this.#parts = parts;
  }

  /** Bytes of memory that its frames take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a frame of a request that goes on; `now` of `Clock.monotonic`. */
  hold(request: Request, held: HeldFrame, now: number): void {
    const { queued, sampled, memory } = held;
    const { ledger } = queued.collection;
    const { rows, bytes } = queued.snapshot;
    const { requestTimeMs } = held.facts;
    if (sampled) ledger.enter("buffered", 1, rows, bytes, requestTimeMs);
    else ledger.enter("sampledOut", 1, rows, 0, requestTimeMs);
    if (memory > this.maxBytes) {
      this.#letGo(held);
      return;
    }
    this.#shrinkTo(this.maxBytes - memory);
    if (request.held === undefined) {
      request.held = [held];
      request.heldSince = now;
      this.#add(request);
    } else request.held.push(held);
    this.#bytes += memory;
    this.#arm();
  }

  /** It is decided what becomes of a request: of its frames those are stored that are to be. */
  settle(request: Request): void {
    const { held, kept } = request;
    if (held === undefined) return;
    request.held = undefined;
    this.#remove(request);
    for (const each of held) {
      this.#bytes -= each.memory;
      if (kept) this.#keep(request, each);
      else this.#letGo(each);
    }
  }

  /** The same of all, as it stands. */
  settleAll(): void {
    while (this.#oldest !== undefined) this.settle(this.#oldest);
  }

  /** Drops all, uncounted. */
  clear(): void {
    for (let request = this.#oldest; request; request = this.#oldest) {
      for (const { queued } of request.held ?? []) queued.snapshot.release();
      request.held = undefined;
      this.#remove(request);
    }
    this.#bytes = 0;
  }

  /** Keeps to the bound, which may have become lower. */
  shrink(): void {
    this.#shrinkTo(this.maxBytes);
  }

  /** Lets the oldest requests go until no more than so many bytes are left. */
  #shrinkTo(bytes: number): void {
    while (this.#bytes > bytes && this.#oldest !== undefined) this.settle(this.#oldest);
  }

  #add(request: Request): void {
    request.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = request;
    else this.#newest.newer = request;
    this.#newest = request;
  }

  #remove(request: Request): void {
    const { older, newer } = request;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    // Whoever is old and dead must not keep the young alive.
    request.older = undefined;
    request.newer = undefined;
  }

  #keep({ context }: Request, { queued, facts, sampled }: HeldFrame): void {
    facts.keep();
    const { collection, snapshot } = queued;
    context.noteSampled(collection.name, true);
    if (!sampled) collection.ledger.recall(snapshot.rows, snapshot.bytes, facts.requestTimeMs);
    this.#parts.store(queued);
  }

  /** Nothing has spoken for its request: the rate decides. */
  #letGo({ queued, facts, unsampled, sampled }: HeldFrame): void {
    const { snapshot } = queued;
    if (sampled) this.#parts.store(queued);
    else if (unsampled === undefined) snapshot.release();
    else this.#parts.store(unsampled.queued(snapshot, facts.requestTimeMs));
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    this.#parts.clock.setTimer(() => this.#look(), lookMs);
  }

  #look(): void {
    this.#armed = false;
    const tooOld = this.#parts.clock.monotonic() - this.maxAgeMs;
    while (this.#oldest !== undefined && this.#oldest.heldSince <= tooOld) this.settle(this.#oldest);
    if (this.#oldest !== undefined) this.#arm();
  }
}
