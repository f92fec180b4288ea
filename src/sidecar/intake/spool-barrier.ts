import type { Deployment } from "../../collector/api.ts";

/** How long a frame may take into the spool before its sender is told to try again, milliseconds. */
const patienceMs = 10_000;

/**
 * Tells when frames are in the spool, safe from the death of this process. All who ask while it is being
 * looked after others share the next look, so that a thousand frames a second need no thousand barriers.
 */
export class SpoolBarrier {
  readonly #deployment: Deployment;
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
  }

  /**
   * Resolves when all that was collected before is in the spool, or dropped; rejects if that takes too long.
   */
  passed(): Promise<void> {
    this.#next ??= this.#look();
    return this.#next;
  }

  async #look(): Promise<void> {
    await this.#running;
    // Whoever comes from here on is not sure to be in this one.
    this.#next = undefined;
    const flushed = this.#deployment.flush({ to: "spool", deadlineMs: patienceMs });
    this.#running = flushed.catch(() => undefined);
    await flushed;
  }
}
