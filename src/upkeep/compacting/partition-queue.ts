import type { PartitionFiles } from "../partition.ts";

/** Partitions that are to be compacted. */
export class PartitionQueue {
  #left: PartitionFiles[];
  /** Whether somebody else is at them, too. */
  #isShared = false;

  constructor(partitions: readonly PartitionFiles[]) {
    this.#left = [...partitions];
  }

  /** Takes the next one that has no more bytes. */
  next(maxBytes: number): PartitionFiles | undefined {
    const at = this.#left.findIndex(({ files }) => bytesOf(files) <= maxBytes);
    return at < 0 ? undefined : this.#left.splice(at, 1)[0];
  }

  putBack(partition: PartitionFiles): void {
    this.#left.unshift(partition);
  }

  clear(): void {
    this.#left = [];
  }

  /**
   * Somebody else was at the last one. Two that go by the same order would read the same files: the other
   * begins at the end.
   */
  avoid(): void {
    if (this.#isShared) this.#left = shuffled(this.#left);
    else this.#left.reverse();
    this.#isShared = true;
  }
}

function bytesOf(files: PartitionFiles["files"]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

function shuffled<T>(items: readonly T[]): T[] {
  const drawn = items.map((item) => ({ item, at: Math.random() }));
  return drawn.sort((a, b) => a.at - b.at).map(({ item }) => item);
}
