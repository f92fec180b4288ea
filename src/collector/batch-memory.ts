import type { Clock } from "../base/clock.ts";

/**
 * Shared memory for batches, lent again and again. Without it a busy process leaves a hundred buffers a second to two garbage
 * collectors, one on each side, which do not count shared memory and so let it grow to gigabytes.
 */
export interface BatchMemory {
  /** Memory of `size` bytes, most likely with an earlier batch still in it. */
  lend(size: number): Uint8Array;
  /** Nobody needs what is in this memory any more. What was not lent here, or was written off, is ignored. */
  giveBack(bytes: Uint8Array): void;
  /** Somebody may go on reading what is lent now, for ever: none of it is lent again. */
  writeOff(): void;
}

/** Memory that is lent in multiples of this, so that it fits batches of about one size. */
const grainBytes = 64 * 1024;
/** At most so much is kept for the next batches: half of what may wait in memory by default. */
const maxKeptBytes = 64 * 1024 * 1024;
/** What nobody needed for so long is let go. */
const keptMs = 10_000;

/** Has nothing to begin with. */
export function createBatchMemory(clock: Clock): BatchMemory {
  return new LendingMemory(clock);
}

class LendingMemory implements BatchMemory {
  readonly #clock: Clock;
  /** The last one given back is the first to be lent: it is most likely in the processor's cache. */
  readonly #kept: SharedArrayBuffer[] = [];
  #keptBytes = 0;
  /** The least that was kept since the last look: so much nobody needed. */
  #sparedBytes = 0;
  #looking = false;
  #lent = new WeakSet<ArrayBufferLike>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  lend(size: number): Uint8Array {
    const memory = this.#take(size) ?? new SharedArrayBuffer(Math.ceil(size / grainBytes) * grainBytes);
    this.#lent.add(memory);
    return new Uint8Array(memory, 0, size);
  }

  giveBack({ buffer }: Uint8Array): void {
    if (!this.#lent.delete(buffer) || this.#keptBytes + buffer.byteLength > maxKeptBytes) return;
    this.#kept.push(buffer as SharedArrayBuffer);
    this.#keptBytes += buffer.byteLength;
    if (!this.#looking) this.#lookLater();
  }

  writeOff(): void {
    this.#lent = new WeakSet();
  }

  /** Kept memory that is large enough, but not so large that a small batch would hold what a large one needs. */
  #take(size: number): SharedArrayBuffer | undefined {
    const at = this.#kept.findLastIndex(
      ({ byteLength }) => byteLength >= size && byteLength <= 2 * size + grainBytes,
    );
    const [memory] = at === -1 ? [] : this.#kept.splice(at, 1);
    this.#keptBytes -= memory?.byteLength ?? 0;
    this.#sparedBytes = Math.min(this.#sparedBytes, this.#keptBytes);
    return memory;
  }

  #lookLater(): void {
    this.#looking = true;
    this.#sparedBytes = this.#keptBytes;
    this.#clock.setTimer(() => {
      // The first are those that were not used for longest.
      let spared = this.#sparedBytes;
      while (this.#kept[0] !== undefined && this.#kept[0].byteLength <= spared) {
        const { byteLength } = this.#kept.shift() as SharedArrayBuffer;
        this.#keptBytes -= byteLength;
        spared -= byteLength;
      }
      this.#looking = false;
      if (this.#kept.length > 0) this.#lookLater();
    }, keptMs);
  }
}
