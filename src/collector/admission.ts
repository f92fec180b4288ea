import type { Clock } from "../base/time/clock.ts";
import type { DropReason } from "../pipeline/ledger.ts";
import { CorrelationContext } from "./context/correlation-context.ts";
import type { DeploymentCollection } from "./deployment-collection.ts";
import type { Request } from "./keeping/request.ts";
import type { Requests } from "./keeping/requests.ts";
import { type Terms, termsFor } from "./keeping/terms.ts";
import { isSampled } from "./keeping/sampler.ts";
import { muteMs } from "./time-budget.ts";

/**
 * What is to become of a frame, decided before anything of it is read: it is taken, or left out as somebody
 * asked for, or refused, which is a drop and is reported.
 *
 * What cannot be decided before the request has ended, such as to keep every request that failed, is held:
 * taken into memory, and given on or let go when its end is known.
 */
export type Verdict =
  | { readonly kind: "take" | "hold" }
  | { readonly kind: "leave"; readonly as: "disabled" | "sampledOut" }
  | Refusing;

/** What a frame that is taken or held was decided by. */
export interface Decided {
  /** When, of `Clock.monotonic`. */
  readonly at: number;
  readonly request: Request;
  readonly terms: Terms;
  /** What the rate says. */
  readonly sampled: boolean;
}

/** A verdict of which the collector's listener is told. */
export interface Refusing {
  readonly kind: "refuse";
  readonly reason: Extract<DropReason, "closed" | "muted">;
  /** Milliseconds in which it is not told again, if that is longer than usual. */
  readonly quietMs: number;
}

/** What a deployment knows that decides about all its frames. */
export interface Gate {
  readonly clock: Clock;
  readonly closed: boolean;
  readonly requests: Requests;
  /**
   * True when a frame of so many bytes of memory fits in with all that waits, which is `most` bytes at most.
   */
  hasRoom(bytes: number, max: number): boolean;
}

// Made once: `collect` is called for frames that are left out, too, and must cost nothing for them.
const take: Verdict = { kind: "take" };
const hold: Verdict = { kind: "hold" };
const disabled: Verdict = { kind: "leave", as: "disabled" };
const sampledOut: Verdict = { kind: "leave", as: "sampledOut" };
const closed: Verdict = { kind: "refuse", reason: "closed", quietMs: 0 };
const muted: Verdict = { kind: "refuse", reason: "muted", quietMs: muteMs };

/**
 * Decides which frames of one collection are taken: the switches, the sampling rate, the time and the memory
 * they may cost.
 */
export class Admission {
  readonly #gate: Gate;
  readonly #collection: DeploymentCollection;
  #decided: Decided | undefined = undefined;

  constructor(gate: Gate, collection: DeploymentCollection) {
    this.#gate = gate;
    this.#collection = collection;
  }

  /** What is to become of a frame of this request; notes in the context whether the request is sampled. */
  decide(context: CorrelationContext): Verdict {
    const { closed: isClosed, requests } = this.#gate;
    if (isClosed) return closed;
    const { name, budget, protection } = this.#collection;
    const request = requests.of(context);
    const terms = termsFor(request, this.#collection);
    if (!terms.enabled || !requests.enabled || protection.isNone) return disabled;
    const { samplingRate } = terms;
    const sampled = samplingRate >= 1 || isSampled(CorrelationContext.idOf(context), samplingRate);
    context.noteSampled(name, sampled);
    const held = samplingRate < 1 && requests.watching && !request.kept;
    if (!sampled && !held) return sampledOut;
    // Only now: to look at the clock takes as long as all that comes before it.
    const at = this.#gate.clock.monotonic();
    this.#decided = { at, request, terms, sampled };
    if (budget.isMuted(at)) return sampled ? muted : sampledOut;
    return held ? hold : take;
  }

  /** Whether a frame of this request may be taken, if it came now. Nothing is counted or noted by that. */
  mayTake(context: CorrelationContext): boolean {
    const { closed: isClosed, requests } = this.#gate;
    const { enabled, samplingRate } = termsFor(requests.of(context), this.#collection);
    if (isClosed || !enabled || !requests.enabled || this.#collection.protection.isNone) return false;
    if (requests.watching || this.#collection.unsampled !== undefined) return true;
    return samplingRate >= 1 || isSampled(CorrelationContext.idOf(context), samplingRate);
  }

  /** Whether a frame of this request, if one may be taken, is taken whatever else becomes of the request. */
  isSampled(context: CorrelationContext): boolean {
    const request = this.#gate.requests.of(context);
    const { samplingRate } = termsFor(request, this.#collection);
    return samplingRate >= 1 || request.kept || isSampled(CorrelationContext.idOf(context), samplingRate);
  }

  /** When a frame that is left out may be read for its profile: now; undefined while its collection rests. */
  beginProfile(): number | undefined {
    const at = this.#gate.clock.monotonic();
    return this.#collection.budget.isMuted(at) ? undefined : at;
  }

  /**
   * Of the last frame that is taken or held: to be kept before the frame's code is run, which may collect.
   */
  get decided(): Decided {
    return this.#decided as Decided;
  }

  /** Why a frame was refused, for people. */
  why({ reason }: Refusing): string {
    if (reason === "closed") return "the deployment is closed";
    const { maxCollectMs } = this.#collection.limits;
    const slow = `more than ${maxCollectMs} ms on average for each MiB of their frames or less (limits.maxCollectMs)`;
    return `the calls before it took ${slow}; the collection rests for ${muteMs / 1_000} s`;
  }

  /** Why there is no room for a copied frame of so many bytes of memory; undefined if there is. */
  lacksRoom(bytes: number): string | undefined {
    const { maxMemoryBytes } = this.#collection.limits;
    if (this.#gate.hasRoom(bytes, maxMemoryBytes)) return undefined;
    return `more than ${maxMemoryBytes} bytes wait in memory (limits.maxMemoryBytes)`;
  }

  /** Whether there is room for a copied frame that is left out: it must take none that others may need. */
  hasRoomToSpare(bytes: number): boolean {
    return this.#gate.hasRoom(bytes, this.#collection.limits.maxMemoryBytes / 2);
  }

  /** A call that had been given leave to take its frame is over, for better or worse. */
  ended(startedAt: number, bytes: number): void {
    const endedAt = this.#gate.clock.monotonic();
    this.#collection.budget.spent(endedAt - startedAt, bytes, endedAt, this.#collection.limits.maxCollectMs);
  }
}
