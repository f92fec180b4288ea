import { frameTooLarge } from "../source-frame.ts";

/**
 * Bytes that reading a column may still take, for buffers that are small can stand for much: views, runs and
 * lists share them.
 */
export class ReadingRoom {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Takes some of it; throws {@link frameTooLarge} when there is not as much. */
  take(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) throw frameTooLarge;
  }
}
