/** Deaths without a sign of work in between that are followed by a new start at once, if somebody waits. */
const maxPromptRestarts = 3;
const firstRestartMs = 1_000;
const maxRestartMs = 60_000;
/** Deaths before the first answer after which the file itself must be missing or broken. */
const maxFailedStarts = 2;

/** When a thread that died is followed by another one. */
export class RestartPolicy {
  #failedStarts = 0;
  /** Since a thread last got something done. */
  #deaths = 0;

  /** A thread has said its first word. */
  started(): void {
    this.#failedStarts = 0;
  }

  /** A thread has got something done. */
  worked(): void {
    this.#deaths = 0;
  }

  /**
   * A thread has died.
   *
   * @param wasReady whether it had said its first word.
   * @param isAwaited whether somebody waits for what it was to do.
   * @returns milliseconds until the next one is to be started; undefined if none ever will run.
   */
  died(wasReady: boolean, isAwaited: boolean): number | undefined {
    if (!wasReady && ++this.#failedStarts >= maxFailedStarts) return undefined;
    const isPrompt = !wasReady || (isAwaited && this.#deaths < maxPromptRestarts);
    const delayMs = isPrompt ? 0 : Math.min(firstRestartMs * 2 ** this.#deaths, maxRestartMs);
    this.#deaths++;
    return delayMs;
  }
}
