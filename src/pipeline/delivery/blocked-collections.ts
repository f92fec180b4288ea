import { type Backoff, createBackoff } from "../../base/time/backoff.ts";
import type { Clock } from "../../base/time/clock.ts";
import { collectionKey } from "../../layout/collection-key.ts";
import { isData, type SegmentLabel } from "../segment-label.ts";
import type { Obstacle } from "./delivery-health.ts";
import type { DeliveryTask } from "./delivery-task.ts";
import { mendingMs, retryWaits } from "./outage.ts";
import type { PinResult } from "./pins/schema-registry.ts";

export type Unpinned = Exclude<PinResult, { status: "pinned" }>;

/** Whose turn it is to ask again for a collection's types. */
type Turn =
  /** Nobody's, until the timer fires. */
  | { readonly is: "paused"; readonly timer: Disposable }
  /** This one's, which is in the queue or on its way. */
  | { readonly is: "probing"; readonly probe: DeliveryTask }
  /** That of the first one that comes. */
  | { readonly is: "open" };

interface Blocked {
  readonly parked: DeliveryTask[];
  readonly backoff: Backoff;
  obstacle: Obstacle;
  turn: Turn;
}

/**
 * Collections whose types cannot be had. Mostly that is a collection's own trouble, so all its segments wait,
 * and one of them tries again, the probe; those of other collections pass by, and find out for themselves if
 * it is the destination's.
 */
export class BlockedCollections {
  readonly #clock: Clock;
  readonly #requeue: (tasks: readonly DeliveryTask[]) => void;
  readonly #blocked = new Map<string, Blocked>();
  #stopped = false;

  /** `requeue` takes those whose turn it is, in state `parked`. */
  constructor(clock: Clock, requeue: (tasks: readonly DeliveryTask[]) => void) {
    this.#clock = clock;
    this.#requeue = requeue;
  }

  *obstacles(): Iterable<Obstacle> {
    for (const { obstacle } of this.#blocked.values()) yield obstacle;
  }

  /** Whether a segment may be tried now; if not, it is parked. */
  admits(task: DeliveryTask): boolean {
    const blocked = this.#blocked.get(keyOf(task.label));
    if (blocked === undefined) return true;
    if (blocked.turn.is === "open") blocked.turn = { is: "probing", probe: task };
    if (blocked.turn.is === "probing" && blocked.turn.probe === task) return true;
    park(blocked, task);
    return false;
  }

  /** The types that this segment asked for cannot be had, for the reason and the time returned. */
  block(task: DeliveryTask, failure: Unpinned): { readonly obstacle: Obstacle; readonly delayMs: number } {
    const passing = failure.status === "retryable" && failure.class === "transient";
    const { message } = failure.error;
    const own = failure.status === "blocked" ? { isOwn: true } : {};
    const obstacle: Obstacle = { status: passing ? "degraded" : "failing", message, ...own };
    const key = keyOf(task.label);
    const known = this.#blocked.get(key);
    const blocked: Blocked = known ?? newlyBlocked(obstacle);
    if (known === undefined) this.#blocked.set(key, blocked);
    const delayMs = passing ? blocked.backoff.next() : mendingMs;
    blocked.obstacle = obstacle;
    park(blocked, task);
    const { turn } = blocked;
    const waits = turn.is === "paused" || (turn.is === "probing" && turn.probe !== task);
    if (!waits && !this.#stopped) {
      const timer = this.#clock.setTimer(() => this.#probe(blocked), delayMs);
      blocked.turn = { is: "paused", timer };
    }
    return { obstacle, delayMs };
  }

  /** The types of this collection can be had, or nobody knows better: all its segments are tried again. */
  unblock(label: SegmentLabel): void {
    const key = keyOf(label);
    const blocked = this.#blocked.get(key);
    if (blocked === undefined) return;
    this.#blocked.delete(key);
    endPause(blocked);
    this.#requeue(blocked.parked);
  }

  /**
   * This segment is held up by something of its own: if it was to ask for its collection's types, another one
   * does.
   */
  passOn(task: DeliveryTask): void {
    const blocked = this.#blocked.get(keyOf(task.label));
    if (blocked?.turn.is === "probing" && blocked.turn.probe === task) this.#probe(blocked);
  }

  /** Asks now for what would be asked for later. */
  probeAll(): void {
    for (const blocked of [...this.#blocked.values()])
      if (blocked.turn.is !== "probing") this.#probe(blocked);
  }

  /** Sets no timer any more. */
  stop(): void {
    this.#stopped = true;
    for (const blocked of this.#blocked.values()) endPause(blocked);
  }

  #probe(blocked: Blocked): void {
    endPause(blocked);
    const probe = blocked.parked.shift();
    if (probe === undefined) return;
    blocked.turn = { is: "probing", probe };
    this.#requeue([probe]);
  }
}

function newlyBlocked(obstacle: Obstacle): Blocked {
  return { parked: [], backoff: createBackoff(retryWaits), obstacle, turn: { is: "open" } };
}

function park(blocked: Blocked, task: DeliveryTask): void {
  task.enter({ is: "parked" });
  blocked.parked.push(task);
}

/** From here on it is the turn of the first one that comes. */
function endPause(blocked: Blocked): void {
  if (blocked.turn.is === "paused") blocked.turn.timer[Symbol.dispose]();
  blocked.turn = { is: "open" };
}

/**
 * A collection, and how its segments are laid out: of those that wait with another rate than its files have,
 * the others know nothing. What is no data has no types.
 */
function keyOf(label: SegmentLabel): string {
  const { endpoint, deployment, collection, rollingRate, format } = label;
  const kind = isData(label) ? "data" : format;
  return JSON.stringify([endpoint, deployment, collectionKey(collection), rollingRate, kind]);
}
