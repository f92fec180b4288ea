/** The newest of what was seen, by key, up to a number of them. */
export class Recent<T> {
  readonly #max: number;
  /** The newest last. */
  readonly #known = new Map<string, T>();

  constructor(max: number) {
    this.#max = max;
  }

  get(key: string): T | undefined {
    return this.#known.get(key);
  }

  /** Notes one; returns the one that had to go for it. */
  set(key: string, value: T): T | undefined {
    this.#known.delete(key);
    this.#known.set(key, value);
    if (this.#known.size <= this.#max) return undefined;
    const [oldest] = this.#known;
    if (oldest === undefined) return undefined;
    this.#known.delete(oldest[0]);
    return oldest[1];
  }

  /** Forgets one, and returns it. */
  delete(key: string): T | undefined {
    const value = this.#known.get(key);
    this.#known.delete(key);
    return value;
  }

  /** Forgets all, and returns them, the oldest first. */
  clear(): readonly T[] {
    const all = [...this.#known.values()];
    this.#known.clear();
    return all;
  }
}
