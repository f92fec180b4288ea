import type { SystemConstants } from "../../frame/batch.ts";
import type { BatchBuilder } from "../../frame/batch-builder.ts";
import type { Collection } from "../collection.ts";

/** A batch that is being gathered. */
export interface Accumulator {
  readonly collection: Collection;
  readonly constants: SystemConstants;
  readonly partition: number;
  /** The columns of its first frame. */
  readonly names: readonly string[];
  readonly builder: BatchBuilder;
  /** What the builder was made with. */
  readonly maxStringBytes: number;
  /** The builder's size when it was empty. */
  readonly base: number;
  /** The builder's columns. */
  width: number;
  /**
   * What the ledger has for its complete frames: what the builder grew by until it was last measured, and for
   * the frames since what their snapshots took.
   */
  bytes: number;
  /**
   * What its frames take in the builder: what that grew by until it was last measured, and for the frames
   * since as much as they can take, by their cells.
   */
  estimate: number;
}

/**
 * Tells the ledger exactly what an accumulator's frames take, and returns it. Too slow to be done for each
 * frame: it asks every column. No frame may be begun.
 */
export function measure(accumulator: Accumulator): number {
  const { collection, builder, base, bytes } = accumulator;
  accumulator.bytes = builder.byteLength - base;
  collection.ledger.correctBytes(accumulator.bytes - bytes);
  return accumulator.bytes;
}
