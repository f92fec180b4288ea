import type { Backend, FlushReport, OutgoingBatch } from "../../pipeline/backend.ts";
import type { Emit } from "../../pipeline/engine-event.ts";
import { collectionOf, unknownCollection } from "../../pipeline/segment-label.ts";
import { collectionKey } from "../../layout/collection-key.ts";
import { framesOf, type TestFrame } from "./kept-frame.ts";

/** Where the next thing goes wrong. */
export type FailingPart = "store" | "spool";

/**
 * A backend that keeps what it gets in memory: no thread, no disk, no network, and no timer, so that fake
 * ones change nothing. What it is told to fail at goes as it would for real: what the spool does not take is
 * dropped, and what the store does not take waits for the next try.
 */
export class TestBackend implements Backend {
  readonly #emit: Emit;
  readonly #failures: Record<FailingPart, Error[]> = { store: [], spool: [] };
  readonly #frames = new Map<string, TestFrame[]>();
  #waiting: OutgoingBatch[] = [];
  #trouble: string | undefined;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** What has been delivered of a collection. */
  framesOf(collection: string): readonly TestFrame[] {
    return [...(this.#frames.get(collectionKey(collection)) ?? [])];
  }

  failNext(part: FailingPart, error: Error): void {
    this.#failures[part].push(error);
  }

  /** Forgets everything. */
  reset(): void {
    this.#failures.store = [];
    this.#failures.spool = [];
    this.#frames.clear();
    this.#waiting = [];
    this.#healthy();
  }

  append(batch: OutgoingBatch): void {
    const { sequence, counts } = batch;
    const collection = collectionOf(batch.label) ?? unknownCollection;
    const refused = this.#failures.spool.shift();
    if (refused !== undefined) {
      const origin = { from: "memory", sequences: [sequence] } as const;
      this.#emit({ kind: "dropped", reason: "io_error", collection, counts, origin });
      const message = `the spool could not be written: ${refused.message}`;
      this.#emit({ kind: "trouble", code: "SPOOL_FAILED", reason: "spool_failed", message, counts });
      return;
    }
    // A copy: its memory may be lent again.
    this.#waiting.push({ ...batch, bytes: new Uint8Array(batch.bytes) });
    this.#emit({ kind: "spooled", collection, sequence, counts });
    this.#deliver();
  }

  update(): void {}

  async flush(to: "store" | "spool" | "empty"): Promise<FlushReport> {
    if (to !== "spool") this.#deliver();
    const pending = to === "spool" ? 0 : this.#waiting.reduce((sum, { counts }) => sum + counts.frames, 0);
    return { pending, trouble: this.#trouble };
  }

  async close(): Promise<void> {
    this.#deliver();
  }

  save(): void {}

  #deliver(): void {
    if (this.#waiting.length === 0) return;
    const failure = this.#failures.store.shift();
    if (failure !== undefined) {
      const message = `a file could not be stored: ${failure.message}`;
      this.#trouble = message;
      this.#emit({ kind: "trouble", code: "DELIVERY_DELAYED", reason: "store_failed", message });
      this.#emit({ kind: "health", health: { status: "degraded", reasons: [message] } });
      return;
    }
    const batches = this.#waiting;
    this.#waiting = [];
    for (const { label, sequence, bytes, counts } of batches) {
      const collection = collectionOf(label) ?? unknownCollection;
      const key = collectionKey(collection);
      this.#frames.set(key, [...(this.#frames.get(key) ?? []), ...framesOf(bytes)]);
      const segment = String(sequence);
      const sequences = [sequence];
      this.#emit({ kind: "delivered", collection, counts, recovered: false, sequences, segment });
    }
    this.#healthy();
  }

  #healthy(): void {
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.#emit({ kind: "health", health: { status: "ok", reasons: [] } });
  }
}
