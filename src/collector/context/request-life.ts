import type { RequestOutcome } from "../../config/keeping/keep-rule.ts";
import type { PassedDecision } from "./decision-header.ts";

/**
 * Who follows a request: each deployment that was given frames of it, and what stands for it in other copies.
 */
export interface Follower {
  /** Whose it is; there is one for each. */
  readonly owner: object;
  /** Under what it was decided, for the next service; undefined if this follower decides nothing. */
  readonly decision: PassedDecision | undefined;
  /** The request is to be kept, whatever the rate. */
  keep(): void;
  /** It, or a part of it, goes on. */
  began(): void;
  /** What went on has ended so. `over`: nothing more is going on. */
  ended(outcome: RequestOutcome, over: boolean): void;
  /** The next in the list, which {@link RequestLife} makes. */
  next: Follower | undefined;
}

/**
 * What becomes of a request after its context was made: who follows it, whether it is to be kept, and when it
 * ends. A class for the reason that a snapshot is one: see `snapshot.ts`.
 */
export class RequestLife {
  /** What an earlier service decided, by its headers. */
  readonly passed: PassedDecision | undefined;
  #kept = false;
  /** True when it has ended, as far as anybody has told, and nothing has begun since. */
  #over = false;
  /** How many runs of it go on. */
  #running = 0;
  #first: Follower | undefined;

  constructor(passed: PassedDecision | undefined) {
    this.passed = passed;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Under what the request was decided, here or by an earlier service. */
  get decision(): PassedDecision | undefined {
    for (let follower = this.#first; follower; follower = follower.next) {
      if (follower.decision !== undefined) return follower.decision;
    }
    return this.passed;
  }

  /** The follower of this owner. */
  followerOf(owner: object): Follower | undefined {
    let follower = this.#first;
    while (follower !== undefined && follower.owner !== owner) follower = follower.next;
    return follower;
  }

  /** Adds a follower, of an owner that has none yet; what it has missed it is told now. */
  follow(follower: Follower): void {
    follower.next = this.#first;
    this.#first = follower;
    if (this.#kept) follower.keep();
  }

  keep(): void {
    if (this.#kept) return;
    this.#kept = true;
    for (let follower = this.#first; follower; follower = follower.next) follower.keep();
  }

  /** A run of it begins. */
  began(): void {
    this.#running++;
    this.#over = false;
    for (let follower = this.#first; follower; follower = follower.next) follower.began();
  }

  /** A run of it has ended. `last`: if no other goes on, that is the end of the request. */
  ran(outcome: RequestOutcome, last: boolean): void {
    this.#running--;
    this.ended(outcome, last && this.#running === 0);
  }

  /** It has ended; or only something of it, if it is not `over`. */
  ended(outcome: RequestOutcome, over: boolean): void {
    if (over) this.#over = true;
    for (let follower = this.#first; follower; follower = follower.next) follower.ended(outcome, over);
  }
}
