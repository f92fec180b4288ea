import type { Counts } from "../base/counts.ts";
import type { DeploymentConfig } from "../config/deployment-config.ts";

/**
 * Port: everything behind the hand-over, where batches are spooled, encoded and delivered. `Engine` does the
 * work; the background thread's host is the same port with a thread in between.
 */
export interface Backend {
  /** Memory of so many bytes, whatever is in them, for the next batch; without it, each batch has its own. */
  allocate?(size: number): Uint8Array;
  /**
   * Bytes of memory of {@link Backend.allocate} that hold batches, or are kept for the next ones; without it,
   * none.
   */
  readonly heldBytes?: number;
  /**
   * Takes a batch. From here on its fate is told by events: see `engine-event.ts`. Never throws, never waits.
   */
  append(batch: OutgoingBatch): void;
  /** Uses new settings from now on. */
  update(settings: BackendSettings): void;
  /**
   * A barrier over all batches appended before it: resolves when they are where they were to be brought, or
   * given up; at the latest after `deadlineMs`, with what is left.
   */
  flush(to: FlushGoal, deadlineMs: number): Promise<FlushReport>;
  /**
   * Spools, seals and delivers what there is until the deadline, then stops. What is left stays in the spool.
   */
  close(deadlineMs: number): Promise<void>;
  /**
   * The process is ending: brings what was appended into the spool, synchronously, and so at once whatever is
   * appended from now on. What cannot be kept - with a spool in memory, all of it - is told as dropped.
   */
  save(): void;
}

/** `spool`: safe from the death of this process. `store`: in files at the destination. */
export type FlushTarget = "spool" | "store";

/**
 * Where a backend can be asked to bring frames. `empty`: all that the spool holds is in files, also what
 * earlier processes had left.
 */
export type FlushGoal = FlushTarget | "empty";

/** What a flush could not do in its time. */
export interface FlushReport {
  /**
   * Frames appended before the flush that are not yet where it was to bring them; undefined if nobody
   * answers.
   */
  readonly pending: number | undefined;
  /** True if whoever answers may not know of all of them. */
  readonly mayBeMore?: boolean;
  /** Why, if there is a reason: the newest trouble. */
  readonly trouble: string | undefined;
}

/** The part of a `DeploymentConfig` that an engine follows while it runs; of `spool` the bounds only. */
export type BackendSettings = Pick<DeploymentConfig, "rotation" | "limits" | "spool">;

/** A batch on its way to the spool. */
export interface OutgoingBatch {
  /** Rises by one with each batch of this process, from 1. */
  readonly sequence: number;
  /** Which segment it belongs to: see `segment-label.ts`. */
  readonly label: string;
  /** The wire form, in shared memory: the caller keeps it until it is settled. */
  readonly bytes: Uint8Array;
  readonly counts: Counts;
}
