type Numbers = Float64Array | Int32Array | Uint8Array;

/** A list of numbers that grows: as a typed array, twice as long whenever it is full. */
export class Growing<T extends Numbers> {
  #values: T;
  #length = 0;

  /** `empty` says of which type. */
  constructor(empty: T) {
    this.#values = empty;
  }

  /** How many there are. */
  get length(): number {
    return this.#length;
  }

  /** Bytes that are taken. */
  get bytes(): number {
    return this.#values.byteLength;
  }

  /** What there is; valid until more is added. */
  get values(): T {
    return this.#values.subarray(0, this.#length) as T;
  }

  /** Makes room for more values and gives it, to be filled. */
  extend(count: number): T {
    const needed = this.#length + count;
    if (needed > this.#values.length) {
      const room = Math.max(needed, this.#values.length * 2, 64);
      const larger = new (this.#values.constructor as new (length: number) => T)(room);
      larger.set(this.#values);
      this.#values = larger;
    }
    const from = this.#length;
    this.#length = needed;
    return this.#values.subarray(from, needed) as T;
  }
}
