import type { DeliveryTask } from "./delivery-task.ts";

/** Somebody who waits until certain segments are settled. */
export class DeliveryWaiter {
  /** Those that are not. */
  readonly left: Set<DeliveryTask>;
  /** Resolves after a {@link check} that found nothing left, or nothing more to come. */
  readonly done: Promise<void>;
  #finish = (): void => {};

  constructor(tasks: Iterable<DeliveryTask>) {
    this.left = new Set(tasks);
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  /** Frames in what is left. */
  get frames(): number {
    let frames = 0;
    for (const { counts } of this.left) frames += counts.frames;
    return frames;
  }

  /** `stopped`: nothing more will be settled. */
  check(stopped: boolean): void {
    if (stopped || this.left.size === 0) this.#finish();
  }
}
