import type { BackendSettings } from "./backend.ts";

/** The settings that hold now: looked at whenever one is needed, never kept. */
export interface CurrentSettings {
  /** A snapshot that never changes itself. */
  readonly current: BackendSettings;
}

/**
 * The settings of one engine, for all of its parts. Whoever makes the engine makes them, and its `update`
 * alone replaces them.
 */
export class LiveSettings implements CurrentSettings {
  #current: BackendSettings;

  constructor(initial: BackendSettings) {
    this.#current = initial;
  }

  get current(): BackendSettings {
    return this.#current;
  }

  /** From now on `next` holds. */
  replace(next: BackendSettings): void {
    this.#current = next;
  }
}
