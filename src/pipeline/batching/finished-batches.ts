import { type Counts, noCounts } from "../../base/counts.ts";
import type { OutgoingBatch } from "../backend.ts";
import { labelText } from "../segment-label.ts";
import type { Collection } from "../collection.ts";
import type { Accumulator } from "./accumulator.ts";

/** Batches that are laid out and not yet handed over, in their order. */
export class FinishedBatches {
  /** By their number. */
  readonly #waiting = new Map<number, OutgoingBatch>();
  #sequence = 0;
  /** The last batch's label. */
  #labelled:
    | { readonly collection: Collection; readonly partition: number; readonly text: string }
    | undefined;

  /** Lays out what was gathered. Throws where there is no memory for it. */
  add({ collection, constants, partition, builder }: Accumulator, gathered: Counts): void {
    const label = this.#label(collection, partition);
    const bytes = builder.finish({
      collection: collection.name,
      partition,
      constants,
      bytes: gathered.bytes,
    });
    // Of what the rate leaves out, nobody but its profile counts anything.
    const counts = collection.format === "unsampled" ? noCounts : gathered;
    const sequence = ++this.#sequence;
    this.#waiting.set(sequence, { sequence, label, bytes, counts });
  }

  /** Adds what is no batch of frames, and returns its number. */
  addRecord(label: string, bytes: Uint8Array, counts: Counts = noCounts): number {
    const sequence = ++this.#sequence;
    this.#waiting.set(sequence, { sequence, label, bytes, counts });
    return sequence;
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  handOver(to: (batch: OutgoingBatch) => void): void {
    while (this.handOverOne(to));
  }

  /** Hands over the first one; false if there is none. */
  handOverOne(to: (batch: OutgoingBatch) => void): boolean {
    for (const [sequence, batch] of this.#waiting) {
      this.#waiting.delete(sequence);
      to(batch);
      return true;
    }
    return false;
  }

  /** Mostly the same as that of the batch before. */
  #label(collection: Collection, partition: number): string {
    if (this.#labelled?.collection !== collection || this.#labelled.partition !== partition) {
      const { format, rollingRate, endpoint, deployment, name } = collection;
      const text = labelText({ format, rollingRate, endpoint, deployment, collection: name, partition });
      this.#labelled = { collection, partition, text };
    }
    return this.#labelled.text;
  }
}
