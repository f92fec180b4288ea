/**
 * Which records are in a segment already, so that one which was written twice is read once. That happens when
 * the thread that writes dies: what it did not acknowledge is given to its successor again, though it may be
 * on disk.
 */
export class SeenRecords {
  readonly #instance: string;
  readonly #found = new Map<string, Set<number>>();
  #appended: Set<number> | undefined;
  #isOwnRecovered = false;

  constructor(instance: string) {
    this.#instance = instance;
  }

  /** A thread may have died: until `ownRecovered`, what is appended is remembered. */
  expectOwn(): void {
    if (!this.#isOwnRecovered) this.#appended ??= new Set();
  }

  /** All files of dead threads of this process were looked at. */
  ownRecovered(): void {
    this.#isOwnRecovered = true;
    this.#appended = undefined;
  }

  get isOwnRecovered(): boolean {
    return this.#isOwnRecovered;
  }

  appended(sequence: number): void {
    this.#appended?.add(sequence);
  }

  /** True if a dead thread's file that was recovered holds the record. */
  isFound(sequence: number): boolean {
    return this.#found.get(this.#instance)?.has(sequence) === true;
  }

  /** True if a recovered record is in another segment already. */
  isRepeated(instance: string, sequence: number): boolean {
    if (this.#found.get(instance)?.has(sequence) === true) return true;
    return instance === this.#instance && this.#appended?.has(sequence) === true;
  }

  recovered(instance: string, sequences: Iterable<number>): void {
    const seen = this.#found.get(instance) ?? new Set();
    this.#found.set(instance, seen);
    for (const sequence of sequences) seen.add(sequence);
  }

  /** Forgets other instances; all that is left of them has been recovered. */
  forgetOthers(): void {
    for (const instance of this.#found.keys()) if (instance !== this.#instance) this.#found.delete(instance);
  }
}
