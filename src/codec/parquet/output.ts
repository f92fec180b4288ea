/**
 * The file's bytes on their way out. Small writes are gathered into pieces of some size, large ones are pieces of their own;
 * `take` hands over what is ready, so that never more than a column chunk waits here.
 *
 * A piece is good until the next one is asked for. Then its memory is used again, or given back at once: a file's worth of it
 * would otherwise wait for V8's garbage collector, and make it run several times per file.
 */
export class Output {
  /** Bytes written so far: the offset in the file of the next one. */
  position = 0;
  #ready: Piece[] = [];
  #gathered: Uint8Array = new Uint8Array(pieceBytes);
  /** What was gathered and is not yet ready: `#gathered` from here to there. */
  #start = 0;
  #used = 0;
  /** Pieces that were handed over. */
  readonly #free: Uint8Array[] = [];

  /** Begins another file; what is left of the one before is dropped. */
  reset(): void {
    this.position = 0;
    this.#ready = [];
    this.#start = this.#used = 0;
  }

  /** Writes bytes that the caller will use for something else again. */
  copy(bytes: Uint8Array): void {
    if (bytes.length >= passBytes) {
      const memory = this.#memory(bytes.length);
      memory.set(bytes);
      this.#add(new Piece(memory.subarray(0, bytes.length), () => this.#keep(memory)));
      return;
    }
    if (this.#used + bytes.length > pieceBytes) {
      this.#close();
      const full = this.#gathered;
      // What is ready of it goes out before this.
      this.#ready.push(new Piece(nothing, () => this.#keep(full)));
      this.#gathered = this.#memory(pieceBytes);
      this.#start = this.#used = 0;
    }
    this.#gathered.set(bytes, this.#used);
    this.#used += bytes.length;
    this.position += bytes.length;
  }

  /** Writes bytes that are the caller's no more; nothing else may be in their buffer. */
  pass(bytes: Uint8Array): void {
    if (bytes.length >= passBytes) this.#add(new Piece(bytes, () => free(bytes)));
    else {
      this.copy(bytes);
      free(bytes);
    }
  }

  /** The pieces ready since the last call; all there is if `end`. */
  *take(end = false): Generator<Uint8Array, void, undefined> {
    if (end) this.#close();
    const ready = this.#ready;
    this.#ready = [];
    for (const { bytes, done } of ready) {
      if (bytes.length > 0) yield bytes;
      done();
    }
  }

  #add(piece: Piece): void {
    this.#close();
    this.#ready.push(piece);
    this.position += piece.bytes.length;
  }

  /** Makes a piece of what was gathered; the buffer's rest takes what comes next. */
  #close(): void {
    if (this.#used === this.#start) return;
    this.#ready.push(new Piece(this.#gathered.subarray(this.#start, this.#used), () => {}));
    this.#start = this.#used;
  }

  #memory(length: number): Uint8Array {
    const index = this.#free.findIndex((free) => free.length >= length);
    const [found] = index < 0 ? [] : this.#free.splice(index, 1);
    return found ?? new Uint8Array(Math.max(length, pieceBytes));
  }

  #keep(memory: Uint8Array): void {
    if (this.#free.length < mostFree && memory.length <= mostKeptBytes) this.#free.push(memory);
  }
}

class Piece {
  readonly bytes: Uint8Array;
  /** Called when nobody reads them any more. */
  readonly done: () => void;

  constructor(bytes: Uint8Array, done: () => void) {
    this.bytes = bytes;
    this.done = done;
  }
}

const nothing = new Uint8Array(0);
/** Size of a gathered piece. */
const pieceBytes = 256 * 1024;
/** From this size on a write is a piece of its own. */
const passBytes = 64 * 1024;
/** Of the pieces that were handed over, so many of at most this size are kept for the next. */
const mostFree = 16;
const mostKeptBytes = 1024 * 1024;

/** Gives the memory back now. */
function free({ buffer }: Uint8Array): void {
  // Small ones may be part of the pool that all Buffers of this thread share.
  if (buffer.byteLength >= passBytes && buffer instanceof ArrayBuffer) (buffer as Transferable).transfer(0);
}

/** As in ECMAScript 2024. */
type Transferable = ArrayBuffer & { transfer(length: number): ArrayBuffer };
