import type { Counts } from "../base/counts.ts";
import type { CollectorErrorCode } from "../base/errors.ts";
import type { SpoolUsage } from "../spool/spool.ts";
import type { DropReason } from "./ledger.ts";

/**
 * What an engine tells, as plain data: an event crosses threads as it is. Frames recovered from earlier
 * processes are told apart: they are in no ledger of this one.
 */
export type EngineEvent =
  /** The batch is in the spool, and that is durable. */
  | {
      readonly kind: "spooled";
      readonly collection: string;
      readonly sequence: number;
      readonly counts: Counts;
    }
  /**
   * The frames of a segment are in a file at the destination. `sequences` names their batches if the spool is
   * in memory.
   */
  | {
      readonly kind: "delivered";
      readonly collection: string;
      readonly counts: Counts;
      readonly recovered: boolean;
      readonly sequences: readonly number[];
      readonly segment: string;
    }
  /** Frames that had been accepted are lost. */
  | {
      readonly kind: "dropped";
      readonly reason: DropReason;
      readonly collection: string;
      readonly counts: Counts;
      /** Start of their requests' partition, where that is known; milliseconds since 1970 UTC. */
      readonly partition?: number;
      readonly origin: DropOrigin;
    }
  /**
   * A segment has come to its end: all its frames were told as delivered or dropped. Told before its files
   * go.
   */
  | { readonly kind: "settled"; readonly segment: string }
  /** Something went wrong that is not a drop, or is the story behind one. */
  | {
      readonly kind: "trouble";
      readonly code: CollectorErrorCode;
      /** Rate-limiting key: one report in a while for each. */
      readonly reason: string;
      readonly message: string;
      readonly collection?: string;
      readonly counts?: Counts;
    }
  /** How delivery is doing, whenever that changes. */
  | { readonly kind: "health"; readonly health: BackendHealth }
  /**
   * Batches of these numbers, whose only copies are in memory, are about to be encoded; none: that came to an
   * end. Who hears nothing more after it knows what ended the thread.
   */
  | { readonly kind: "encoding"; readonly sequences: readonly number[] }
  /** What the spool holds: every few seconds while something is in it, and when it has become empty. */
  | { readonly kind: "usage"; readonly usage: SpoolUsage };

/** The event of a kind. */
export type EventOf<Kind extends EngineEvent["kind"]> = Extract<EngineEvent, { kind: Kind }>;

/** Whether it changes where frames are. */
export function isDeed({ kind }: EngineEvent): boolean {
  return ["spooled", "delivered", "dropped", "settled"].includes(kind);
}

/** Takes what an engine tells. Must not throw. */
export type Emit = (event: EngineEvent) => void;

/**
 * Where dropped frames were: on their way to the spool, in it, or left by an earlier process. `sequences`
 * names their batches while these are in memory only; `segment` is what they were in.
 */
export type DropOrigin =
  | { readonly from: "memory"; readonly sequences: readonly number[] }
  | { readonly from: "spool"; readonly sequences: readonly number[]; readonly segment: string }
  | { readonly from: "recovered" };

/** Whether data reaches the destination. */
export interface BackendHealth {
  readonly status: "ok" | "degraded" | "failing";
  readonly reasons: readonly string[];
}
