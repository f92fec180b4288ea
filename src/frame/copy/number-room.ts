import type { NumericCells } from "../cell.ts";

/**
 * Room for the numbers of short frames, used again and again. A short column costs less to write here than to
 * slice, for nothing is allocated; and what was just given back is still in the processor's cache.
 *
 * Whoever takes a chunk gives it back once, when nobody reads what was written there. A chunk that somebody
 * keeps is not used again, and goes when they go.
 */
export class NumberRoom {
  #current: NumberChunk | undefined;
  readonly #spare: NumberChunk[] = [];

  /** A chunk with room for `count` numbers; undefined when that is too many to be worth it. */
  take(count: number): NumberChunk | undefined {
    if (count > maxNumbers) return undefined;
    let chunk = this.#current;
    if (chunk === undefined || chunk.used + count > chunk.numbers.length) {
      chunk = this.#spare.pop() ?? new NumberChunk(this, chunkLength);
      this.#current = chunk;
    }
    chunk.takers++;
    return chunk;
  }

  giveBack(chunk: NumberChunk): void {
    if (--chunk.takers > 0) return;
    chunk.used = 0;
    if (chunk !== this.#current && this.#spare.length < maxSpares) this.#spare.push(chunk);
  }
}

/**
 * For frames that may lie for long: each has its numbers for itself, so that one that stays keeps no others'
 * room.
 */
export class LastingRoom extends NumberRoom {
  override take(count: number): NumberChunk | undefined {
    return count > maxNumbers ? undefined : new NumberChunk(this, count);
  }

  override giveBack(): void {}
}

/** A part of the room: `numbers` up to `used` is taken. */
export class NumberChunk {
  /** Whom it is given back to. */
  readonly room: NumberRoom;
  readonly numbers: Float64Array;
  used = 0;
  /** How many have taken it and not given it back. */
  takers = 0;

  constructor(room: NumberRoom, length: number) {
    this.room = room;
    this.numbers = new Float64Array(length);
  }
}

/** Numbers of one column in a chunk. */
export class WrittenNumbers implements NumericCells {
  readonly type = "float64";
  readonly data: Float64Array;
  readonly start: number;
  readonly validity: undefined;

  constructor(data: Float64Array, start: number) {
    this.data = data;
    this.start = start;
    this.validity = undefined;
  }
}

/** 32 KiB: what a burst of calls fills stays in the cache. */
const chunkLength = 4_096;
/** Beyond this, slices are as cheap. */
const maxNumbers = 1_024;
/** Chunks kept: 2 MiB. */
const maxSpares = 64;
