import type { AsideBody } from "../../collector/bodies/aside-body.ts";

/**
 * Exchanges that are over, and of whose bodies it is not known whether the spool has all of them: their rows
 * are stored after that, so that no row refers to a body that is not there.
 */
export class AsideQueue {
  readonly #jobs = new Set<() => void>();

  /** Calls `done` when the fate of these bodies is known; at once if there are none. */
  wait(bodies: readonly (AsideBody | undefined)[], done: () => void): void {
    const asides = bodies.filter((body) => body !== undefined);
    if (asides.length === 0) {
      done();
      return;
    }
    this.#jobs.add(done);
    void Promise.all(asides.map(({ over }) => over)).then(() => this.#finish(done));
  }

  /**
   * Nobody can wait any longer: what the spool has not taken yet it most likely will, for it gets the rows
   * after the bodies.
   */
  finishAll(): void {
    for (const job of this.#jobs) this.#finish(job);
  }

  #finish(job: () => void): void {
    if (this.#jobs.delete(job)) job();
  }
}
