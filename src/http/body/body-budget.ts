/**
 * The memory in which bodies are kept until their exchanges end, shared by all exchanges of one log. What
 * finds no room is cut, as if the body were too long: traffic never waits for its log.
 */
export class BodyBudget {
  readonly #maxBytes: number;
  #held = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** How many of these bytes there is room for; they are taken. */
  take(bytes: number): number {
    const taken = Math.min(bytes, this.#maxBytes - this.#held);
    this.#held += taken;
    return taken;
  }

  giveBack(bytes: number): void {
    this.#held -= bytes;
  }
}
