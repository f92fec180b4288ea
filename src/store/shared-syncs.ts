import { syncDirectory } from "../base/files/files.ts";

/**
 * Makes names in directories survive a power cut. Those who ask for one directory while it is being synced
 * share the next time: of many files that are deleted together, each would take longer than all else.
 */
export class SharedSyncs {
  readonly #running = new Map<string, Promise<void>>();
  readonly #next = new Map<string, Promise<void>>();

  /** Resolves when all is kept that was done in the directory before the call. */
  sync(folder: string): Promise<void> {
    const running = this.#running.get(folder);
    if (running === undefined) return this.#run(folder);
    const waiting = this.#next.get(folder);
    if (waiting !== undefined) return waiting;
    const next = running
      .catch(() => {})
      .then(() => {
        this.#next.delete(folder);
        return this.#run(folder);
      });
    this.#next.set(folder, next);
    return next;
  }

  #run(folder: string): Promise<void> {
    const run = syncDirectory(folder).finally(() => {
      if (this.#running.get(folder) === run) this.#running.delete(folder);
    });
    this.#running.set(folder, run);
    return run;
  }
}
