/**
 * The file's bytes on their way out. Small writes are gathered into pieces of some size, large ones pass through
 * without a copy; `take` hands over what is ready, so that never more than a column chunk waits here.
 */
export class Output {
  /** Bytes written so far: the offset in the file of the next one. */
  position = 0;
  #ready: Uint8Array[] = [];
  #gathered: Uint8Array = new Uint8Array(pieceBytes);
  /** What was gathered and not yet handed over: `#gathered` from here to there. */
  #start = 0;
  #used = 0;

  /** Writes bytes that the caller will use for something else again. */
  copy(bytes: Uint8Array): void {
    if (bytes.length >= passBytes) return this.pass(new Uint8Array(bytes));
    if (this.#used + bytes.length > pieceBytes) {
      this.#close();
      this.#gathered = new Uint8Array(pieceBytes);
      this.#start = this.#used = 0;
    }
    this.#gathered.set(bytes, this.#used);
    this.#used += bytes.length;
    this.position += bytes.length;
  }

  /** Writes bytes that nobody will change. */
  pass(bytes: Uint8Array): void {
    if (bytes.length < passBytes) return this.copy(bytes);
    this.#close();
    this.#ready.push(bytes);
    this.position += bytes.length;
  }

  /** The pieces ready since the last call; all there is if `end`. */
  take(end = false): Uint8Array[] {
    if (end) this.#close();
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  /** Hands over what was gathered; the buffer's rest takes what comes next. */
  #close(): void {
    if (this.#used === this.#start) return;
    this.#ready.push(this.#gathered.subarray(this.#start, this.#used));
    this.#start = this.#used;
  }
}

/** Size of a gathered piece. */
const pieceBytes = 256 * 1024;
/** From this size on a write is a piece of its own. */
const passBytes = 64 * 1024;
