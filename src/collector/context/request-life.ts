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
  /** The next in the list, which {@link RequestLife} makes. */
  next: Follower | undefined;
}

/**
 * What becomes of a request after its context was made: who follows it, and whether it is to be kept. A class
 * for the reason that a snapshot is one: see `snapshot.ts`.
 */
export class RequestLife {
  /** What an earlier service decided, by its headers. */
  readonly passed: PassedDecision | undefined;
  #kept = false;
  #first: Follower | undefined;

  constructor(passed: PassedDecision | undefined) {
    this.passed = passed;
  }

  /** True once {@link RequestLife.keep} was called. */
  get kept(): boolean {
    return this.#kept;
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
}
