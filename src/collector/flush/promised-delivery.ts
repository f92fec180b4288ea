import type { Clock } from "../../base/time/clock.ts";
import type { WaitUntil } from "../../config/callbacks.ts";
import { handedWaitUntil } from "../context/handed-wait-until.ts";
import { safeCall } from "../report/safe-call.ts";

/** What {@link PromisedDelivery} needs. */
export interface PromisedDeliveryParts {
  readonly clock: Clock;
  /** The user's; without it, the platform's is looked for. */
  readonly waitUntil: WaitUntil | undefined;
  /** Brings everything collected so far to the destination. */
  readonly deliver: () => Promise<unknown>;
}

/** Delivery begins when no frame has come for so long, milliseconds. */
const quietMs = 50;
/** It begins after so long in any case, milliseconds. */
const maxDelayMs = 1_000;

/** A delivery that was promised and has not begun. */
interface Promised {
  readonly firstAt: number;
  lastAt: number;
  timer: Disposable;
  /** Tells the platform that it is done. */
  readonly done: () => void;
}

/**
 * Where a platform freezes or ends a process between requests, a `waitUntil` holds that off until a promise
 * is settled. The first frame of a request promises to deliver, and one delivery keeps the promise for all
 * frames that come in quick succession, whatever request they are of.
 */
export class PromisedDelivery implements Disposable {
  readonly #parts: PromisedDeliveryParts;
  #promised: Promised | undefined;

  constructor(parts: PromisedDeliveryParts) {
    this.#parts = parts;
  }

  /** A frame was taken. Called within the request, where the platform knows which one it is. Never throws. */
  promise(): void {
    const { clock, waitUntil: given } = this.#parts;
    if (this.#promised !== undefined) {
      this.#promised.lastAt = clock.monotonic();
      return;
    }
    const waitUntil = given ?? platformWaitUntil();
    if (waitUntil === undefined) return;
    const firstAt = clock.monotonic();
    const promise = new Promise<void>((done) => {
      this.#promised = { firstAt, lastAt: firstAt, timer: this.#lookIn(quietMs), done };
    });
    safeCall(() => waitUntil(promise));
  }

  /** Nothing more is delivered for a promise: whoever waits for one waits no longer. */
  [Symbol.dispose](): void {
    const promised = this.#promised;
    this.#promised = undefined;
    promised?.timer[Symbol.dispose]();
    promised?.done();
  }

  #lookIn(ms: number): Disposable {
    return this.#parts.clock.setTimer(() => this.#look(), ms, { keepAlive: true });
  }

  #look(): void {
    const promised = this.#promised;
    if (promised === undefined) return;
    const now = this.#parts.clock.monotonic();
    const waitMs = Math.min(promised.lastAt + quietMs, promised.firstAt + maxDelayMs) - now;
    if (waitMs > 0) {
      promised.timer = this.#lookIn(waitMs);
      return;
    }
    // What comes from now on is another promise's.
    this.#promised = undefined;
    // What fails is reported by what fails, and kept; the platform has nothing to do with it.
    void this.#parts
      .deliver()
      .catch(() => {})
      .then(promised.done);
  }
}

/**
 * Where platforms publish the request that a call belongs to: Next.js ("after", "Self-hosting"), which others
 * that run it fill in, and Vercel (`@vercel/functions`, `getContext`).
 */
const requestContexts = [Symbol.for("@next/request-context"), Symbol.for("@vercel/request-context")] as const;

interface RequestContexts {
  readonly [symbol: symbol]:
    | { get?(): { waitUntil?(promise: Promise<unknown>): unknown } | undefined }
    | undefined;
}

/** The platform's `waitUntil` of the request that this call belongs to; undefined if there is none. */
function platformWaitUntil(): WaitUntil | undefined {
  const own = handedWaitUntil();
  if (own !== undefined) return own;
  for (const symbol of requestContexts) {
    try {
      const request = (globalThis as RequestContexts)[symbol]?.get?.();
      if (typeof request?.waitUntil === "function") return (promise) => request.waitUntil?.(promise);
    } catch {
      // Something else stands there.
    }
  }
  return undefined;
}
