/**
 * The file's bytes on their way out, gathered into pieces of one size; `take` hands over what is ready, so
 * that never more than a column chunk waits here.
 *
 * A piece is good until the next one is asked for, then its memory is used again: a file's worth of it would
 * otherwise wait for V8's garbage collector, and make it run several times per file.
 */
export class Output {
  /** Bytes written so far: the offset in the file of the next one. */
  position = 0;
  /** Full. */
  #ready: Uint8Array[] = [];
  #gathered: Uint8Array = new Uint8Array(pieceBytes);
  /** What was gathered and is not yet ready ends here. */
  #used = 0;
  /** Pieces that were handed over. */
  readonly #free: Uint8Array[] = [];

  /** Begins another file; what is left of the one before is dropped. */
  reset(): void {
    this.position = 0;
    this.#ready = [];
    this.#used = 0;
  }

  /** The bytes are the caller's again. */
  write(bytes: Uint8Array): void {
    this.position += bytes.length;
    for (let from = 0; from < bytes.length; ) {
      if (this.#used === pieceBytes) this.#next();
      const part = bytes.subarray(from, from + pieceBytes - this.#used);
      this.#gathered.set(part, this.#used);
      this.#used += part.length;
      from += part.length;
    }
  }

  /** The pieces ready since the last call, an empty one if there is none; all there is if `end`. */
  *take(end = false): Generator<Uint8Array, void, undefined> {
    const ready = this.#ready;
    this.#ready = [];
    if (ready.length === 0 && !end) yield nothing;
    for (const piece of ready) {
      yield piece;
      if (this.#free.length < maxFree) this.#free.push(piece);
    }
    if (!end || this.#used === 0) return;
    yield this.#gathered.subarray(0, this.#used);
    this.#used = 0;
  }

  #next(): void {
    this.#ready.push(this.#gathered);
    this.#gathered = this.#free.pop() ?? new Uint8Array(pieceBytes);
    this.#used = 0;
  }
}

const nothing = new Uint8Array(0);
const pieceBytes = 256 * 1024;
/** Of the pieces that were handed over, so many are kept for the next. */
const maxFree = 32;
