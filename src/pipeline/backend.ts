import type { Counts } from "../base/counts.ts";
import type { CollectorErrorCode } from "../base/errors.ts";
import type { DeploymentConfig } from "../config/deployment-config.ts";
import type { SpoolUsage } from "../spool/spool.ts";
import type { DropReason } from "./ledger.ts";

/**
 * Port: everything behind the hand-over, where batches are spooled, encoded and delivered. `Engine` does the work;
 * the background thread's host is the same port with a thread in between.
 */
export interface Backend {
  /** Memory of so many bytes, whatever is in them, for the next batch; without it, each batch has its own. */
  allocate?(size: number): Uint8Array;
  /** Bytes of memory of {@link Backend.allocate} that hold batches, or are kept for the next ones; without it, none. */
  readonly heldBytes?: number;
  /** Takes a batch. From here on its fate is told by {@link BackendEvents}. Never throws, never waits. */
  append(batch: OutgoingBatch): void;
  /** Uses new settings from now on. */
  update(settings: BackendSettings): void;
  /**
   * A barrier over all batches appended before it: resolves when they are in the spool, or settled at the store.
   * `empty` also waits for what earlier processes had left in the spool. It resolves at the latest after
   * `deadlineMs`, with what is left.
   */
  flush(to: FlushTarget | "empty", deadlineMs: number): Promise<FlushReport>;
  /** Spools, seals and delivers what there is until the deadline, then stops. What is left stays in the spool. */
  close(deadlineMs: number): Promise<void>;
  /**
   * The process is ending: brings what was appended into the spool, synchronously, and so at once whatever is appended from now
   * on. What cannot be kept - with a spool in memory, all of it - is told as dropped.
   */
  save(): void;
}

/** `spool`: safe from the death of this process. `store`: in files at the destination. */
export type FlushTarget = "spool" | "store";

/** What a flush could not do in its time. */
export interface FlushReport {
  /** Frames appended before the flush that are not yet where it was to bring them; undefined if nobody answers. */
  readonly pending: number | undefined;
  /** Why, if there is a reason: the newest trouble. */
  readonly trouble: string | undefined;
}

/** The settings that can change while running; of `spool` the bounds only. */
export type BackendSettings = Pick<DeploymentConfig, "rotation" | "limits" | "spool">;

/** The settings that hold now, for all who have to do with one engine. */
export interface CurrentSettings {
  current: BackendSettings;
}

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

/** What the backend tells. Frames recovered from earlier processes are told apart: they are in no ledger of this one. */
export interface BackendEvents {
  /** The batch is in the spool, and that is durable. */
  spooled(collection: string, sequence: number, counts: Counts): void;
  /** The frames of a segment are in a file at the destination. `sequences` names their batches if the spool is in memory. */
  delivered(
    collection: string,
    counts: Counts,
    recovered: boolean,
    sequences: readonly number[],
    segment: string,
  ): void;
  /** Frames that had been accepted are lost. */
  dropped(reason: DropReason, collection: string, counts: Counts, origin: DropOrigin): void;
  /** A segment has come to its end: all its frames were told as delivered or dropped. Told before its files go. */
  settled(segment: string): void;
  /** Something went wrong that is not a drop, or is the story behind one. */
  trouble(trouble: Trouble): void;
  /** How delivery is doing, whenever that changes. */
  health(health: BackendHealth): void;
  /**
   * Batches of these numbers, whose only copies are in memory, are about to be encoded; none: that came to an end. Who hears nothing
   * more after it knows what ended the thread.
   */
  encoding?(sequences: readonly number[]): void;
  /** What the spool holds: every few seconds while something is in it, and when it has become empty. */
  usage(usage: SpoolUsage): void;
}

/**
 * Where dropped frames were: on their way to the spool, in it, or left by an earlier process. `sequences` names their
 * batches while these are in memory only; `segment` is what they were in.
 */
export type DropOrigin =
  | { readonly from: "memory"; readonly sequences: readonly number[] }
  | { readonly from: "spool"; readonly sequences: readonly number[]; readonly segment: string }
  | { readonly from: "recovered" };

/** A run-time problem as plain data, so that it crosses threads. */
export interface Trouble {
  readonly code: CollectorErrorCode;
  /** Rate-limiting key: one report a minute for each. */
  readonly reason: string;
  readonly message: string;
  readonly collection?: string;
  readonly counts?: Counts;
}

/** Whether data reaches the destination. */
export interface BackendHealth {
  readonly status: "ok" | "degraded" | "failing";
  readonly reasons: readonly string[];
}
