import type { Clock } from "../../base/time/clock.ts";

/**
 * Memory that is lent in multiples of this, so that it fits batches of about one size; small ones in those of
 * the second.
 */
const grainBytes = 64 * 1024;
const smallGrainBytes = 4 * 1024;
/** At most so much is kept for the next batches: half of what may wait in memory by default. */
const maxKeptBytes = 64 * 1024 * 1024;
/** And at most so many pieces, for they are looked through. */
const maxKept = 1_024;
/** What nobody needed for so long is let go. */
const keptMs = 10_000;

/**
 * Shared memory for batches, lent again and again. Without it a busy process leaves a hundred buffers a
 * second to two garbage collectors, one on each side, which do not count shared memory and so let it grow to
 * gigabytes.
 */
export class BatchMemory {
  readonly #clock: Clock;
  /** The last one given back is the first to be lent: it is most likely in the processor's cache. */
  readonly #kept: SharedArrayBuffer[] = [];
  #keptBytes = 0;
  readonly #maxBytes: () => number;
  #lentBytes = 0;
  /** The least that was kept since the last look: so much nobody needed. */
  #sparedBytes = 0;
  #looking = false;
  /** What is lent, and how often all had been written off before. */
  readonly #lent = new WeakMap<ArrayBufferLike, number>();
  #writeOffs = 0;

  /**
   * Has nothing to begin with.
   *
   * @param maxBytes what is lent and what is kept may take together; what is kept is let go for it, what is
   * lent is the lender's affair.
   */
  constructor(clock: Clock, maxBytes: () => number = () => Number.POSITIVE_INFINITY) {
    this.#clock = clock;
    this.#maxBytes = maxBytes;
  }

  /** Bytes that are lent now. */
  get lentBytes(): number {
    return this.#lentBytes;
  }

  /** Memory of `size` bytes, most likely with an earlier batch still in it. */
  lend(size: number): Uint8Array {
    const memory = this.#take(size) ?? this.#make(size);
    this.#lent.set(memory, this.#writeOffs);
    this.#lentBytes += memory.byteLength;
    return new Uint8Array(memory, 0, size);
  }

  /** Nobody needs what is in this memory any more. What was not lent here, or was written off, is ignored. */
  giveBack({ buffer }: Uint8Array): void {
    const lent = this.#lent.get(buffer);
    if (lent === undefined) return;
    this.#lent.delete(buffer);
    this.#lentBytes -= buffer.byteLength;
    if (lent < this.#writeOffs || this.#kept.length >= maxKept) return;
    if (this.#keptBytes + buffer.byteLength > Math.min(maxKeptBytes, this.#maxBytes())) return;
    this.#kept.push(buffer as SharedArrayBuffer);
    this.#keptBytes += buffer.byteLength;
    if (!this.#looking) this.#lookLater();
  }

  /** Somebody may go on reading what is lent now, for ever: none of it is lent again. */
  writeOff(): void {
    this.#writeOffs++;
  }

  #make(size: number): SharedArrayBuffer {
    const grain = size <= grainBytes ? smallGrainBytes : grainBytes;
    const byteLength = Math.ceil(size / grain) * grain;
    // What is kept is of no use now.
    while (this.#kept.length > 0 && this.#lentBytes + this.#keptBytes + byteLength > this.#maxBytes()) {
      this.#keptBytes -= this.#kept.shift()?.byteLength ?? 0;
    }
    this.#sparedBytes = Math.min(this.#sparedBytes, this.#keptBytes);
    return new SharedArrayBuffer(byteLength);
  }

  /**
   * Kept memory that is large enough, but not so large that a small batch would hold what a large one needs.
   */
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
