/**
 * Shared memory for batches, lent again and again. Without it a busy process leaves a hundred buffers a second to two garbage
 * collectors, one on each side, which do not count shared memory and so let it grow to hundreds of megabytes.
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
/** Larger batches are those of single large frames: their memory is not kept. */
const maxLentBytes = 1024 * 1024;
/** At most so much is kept for the next batches. */
const maxKeptBytes = 16 * 1024 * 1024;

/** Has nothing to begin with. */
export function createBatchMemory(): BatchMemory {
  return new LendingMemory();
}

class LendingMemory implements BatchMemory {
  /** The last one given back is the first to be lent: it is most likely in the processor's cache. */
  readonly #kept: SharedArrayBuffer[] = [];
  #keptBytes = 0;
  #lent = new WeakSet<ArrayBufferLike>();

  lend(size: number): Uint8Array {
    if (size > maxLentBytes) return new Uint8Array(new SharedArrayBuffer(size));
    const memory = this.#take(size) ?? new SharedArrayBuffer(Math.ceil(size / grainBytes) * grainBytes);
    this.#lent.add(memory);
    return new Uint8Array(memory, 0, size);
  }

  giveBack({ buffer }: Uint8Array): void {
    if (!this.#lent.delete(buffer) || this.#keptBytes + buffer.byteLength > maxKeptBytes) return;
    this.#kept.push(buffer as SharedArrayBuffer);
    this.#keptBytes += buffer.byteLength;
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
    return memory;
  }
}
