import type { BackendHealth, Emit, EngineEvent } from "../engine-event.ts";
import type { DeliveryTask } from "./delivery-task.ts";

/** What keeps something from being delivered, and is not over yet. */
export interface Obstacle {
  /** `degraded`: time may heal it. `failing`: somebody has to change something. */
  readonly status: "degraded" | "failing";
  readonly message: string;
  /** True of what only its collection can be mended of; others may be fine. Default false. */
  readonly isOwn?: boolean;
}

/** What is told of an obstacle; without a collection it is about the destination. */
export function obstacleEvent(
  where: string,
  { status, message, isOwn }: Obstacle,
  delayMs: number,
  collection: string | undefined,
): EngineEvent {
  const blocked = status === "failing";
  return {
    kind: "trouble",
    code: blocked ? "DELIVERY_BLOCKED" : "DELIVERY_DELAYED",
    reason: isOwn ? "collection_blocked" : blocked ? "delivery_blocked" : "delivery_delayed",
    message: `${where}: ${message}; the data is kept, next try in ${Math.ceil(delayMs / 1000)} s`,
    ...(collection === undefined ? {} : { collection }),
  };
}

/** Reasons told at once: when the disk fails, every segment has its own. */
const maxReasons = 5;

/** How delivery is doing: told whenever that changes. */
export class DeliveryHealth {
  readonly #emit: Emit;
  /** What keeps single segments from being delivered, until they get beyond it. */
  readonly #ofSegments = new Map<DeliveryTask, Obstacle>();
  #told: BackendHealth = { status: "ok", reasons: [] };

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** The first reason that was told, if not all is well. */
  get trouble(): string | undefined {
    return this.#told.reasons[0];
  }

  /** Something keeps this segment alone from being delivered. */
  hinder(task: DeliveryTask, obstacle: Obstacle): void {
    this.#ofSegments.set(task, obstacle);
  }

  /** Nothing of this segment's own keeps it any more. */
  clear(task: DeliveryTask): void {
    this.#ofSegments.delete(task);
  }

  /** `others`: the obstacles of the destination and of collections, which come first. */
  tell(others: Iterable<Obstacle>): void {
    const obstacles = [...others, ...this.#ofSegments.values()];
    const all = [...new Set(obstacles.map(({ message }) => message))];
    const reasons = all.slice(0, maxReasons);
    if (all.length > maxReasons) reasons.push(`${all.length - maxReasons} more like these`);
    const worst = obstacles.some(({ status }) => status === "failing") ? "failing" : "degraded";
    const status = obstacles.length === 0 ? "ok" : worst;
    const before = this.#told;
    if (status === before.status && reasons.join("\n") === before.reasons.join("\n")) return;
    this.#told = { status, reasons };
    this.#emit({ kind: "health", health: this.#told });
  }
}
