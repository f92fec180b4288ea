/** Who waits for the first so many frames to be handed over, in the order of their targets. */
export class Barriers {
  readonly #waiting: { readonly target: number; readonly reached: () => void }[] = [];

  /** Has `reached` called when so many frames have left the queue and were handed over. */
  add(target: number, reached: () => void): void {
    this.#waiting.push({ target, reached });
  }

  /** Those whose target is at most `removed`, who do not wait any more. */
  take(removed: number): readonly (() => void)[] {
    const first = this.#waiting.findIndex(({ target }) => target > removed);
    const count = first === -1 ? this.#waiting.length : first;
    return count === 0 ? [] : this.#waiting.splice(0, count).map(({ reached }) => reached);
  }
}
