import { StoreError } from "../store-error.ts";

/**
 * What is stored to try a server out, directly below the prefix; no listing of ours shows it, and engines
 * pass by what begins with `_`.
 */
export const probeName = "_conditional-put";

/** Always the same, so that nothing is lost where it is overwritten. */
const probe: Uint8Array = new TextEncoder().encode(
  "stored by model-data-collector, to see that names are free\n",
);

/**
 * Whether a server keeps to `If-None-Match: *`, without which objects would be overwritten and writers could
 * not agree. AWS's own does; of others some ignore the header without a word.
 */
export class ConditionalPuts {
  readonly #endpoint: string | null;
  #held: Promise<void> | undefined;

  /** @param endpoint of a server that is to be tried out; null for AWS's own. */
  constructor(endpoint: string | null) {
    this.#endpoint = endpoint;
    if (endpoint === null) this.#held = Promise.resolve();
  }

  /**
   * Tries it once, by storing one small object twice: `put` rejects with the `StoreError` of a put that was
   * refused. Throws a {@link StoreError} that waits for somebody if the server does not keep to it, and any
   * failure to find out; then the next call tries again.
   */
  async check(put: (body: Uint8Array) => Promise<void>): Promise<void> {
    this.#held ??= this.#tryOut(put);
    try {
      await this.#held;
    } catch (thrown) {
      this.#held = undefined;
      throw thrown;
    }
  }

  async #tryOut(put: (body: Uint8Array) => Promise<void>): Promise<void> {
    for (let tries = 0; tries < 2; tries++) {
      try {
        await put(probe);
      } catch (thrown) {
        // 409: it met another's, which only who keeps to it can tell.
        const { statusCode } = thrown as Partial<StoreError>;
        if (statusCode === 412 || statusCode === 409) return;
        throw thrown;
      }
    }
    const message =
      `put ${probeName}: the server at ${this.#endpoint} ignores If-None-Match: it would overwrite what is ` +
      "stored; use one that keeps to it";
    throw new StoreError("configuration", message, { operation: "put" });
  }
}
