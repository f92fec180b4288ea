import { CorrelationContext } from "./correlation-context.ts";
import type { Follower } from "./request-life.ts";

/** Marks contexts, for other copies of this package in the same process. */
const brand = Symbol.for("model-data-collector.context");

Object.defineProperty(CorrelationContext.prototype, brand, { value: true });

const adopted = new WeakMap<object, CorrelationContext>();

/** True for a context that another copy of this package in this process has made. Never throws. */
export function isOfAnotherCopy(value: unknown): value is CorrelationContext {
  try {
    return typeof value === "object" && value !== null && brand in value && !CorrelationContext.isOne(value);
  } catch {
    // A Proxy may throw at every question.
    return false;
  }
}

/**
 * A context of ours for one of another copy: the same request. Read once, through what every version shows of
 * a context, and checked, for a brand can be forged; undefined if it is no context.
 */
export function adopt(other: unknown): CorrelationContext | undefined {
  if (!isOfAnotherCopy(other)) return undefined;
  try {
    const known = adopted.get(other);
    if (known !== undefined) return known;
    const adopting = CorrelationContext.like(other);
    adopted.set(other, adopting);
    followOther(other, adopting);
    return adopting;
  } catch {
    return undefined;
  }
}

/** Tells the other copy's context what a collection decided, as its own collectors would. */
export function passOnDecision(from: CorrelationContext, to: CorrelationContext, collection: string): void {
  const sampled = from.sampled.get(collection);
  if (sampled === undefined) return;
  try {
    to.noteSampled(collection, sampled);
  } catch {
    // Of a version that notes it in another way.
  }
}

/** What becomes of the other copy's context becomes of ours, too. */
function followOther(other: CorrelationContext, ours: CorrelationContext): void {
  const life = CorrelationContext.lifeOf(ours);
  const follower: Follower = {
    owner: life,
    get decision() {
      return life.decision;
    },
    keep: () => life.keep(),
    began: () => life.began(),
    ended: (outcome, over) => life.ended(outcome, over),
    next: undefined,
  };
  try {
    other.life.follow(follower);
  } catch {
    // Of a version whose contexts cannot be followed.
  }
}
