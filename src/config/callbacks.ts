import type { CollectorError } from "../base/errors.ts";

/**
 * Told of every drop and every delivery trouble, rate-limited for each `info.reason` and collection; see
 * `onError`.
 */
export type ErrorListener = (error: CollectorError, info: ErrorInfo) => void;

/** What belongs to an error report. */
export interface ErrorInfo {
  /** What the report is about, one word: a reason of `stats().frames.dropped`, or the kind of trouble. */
  readonly reason: string;
  /** The collection, if it is about one. */
  readonly collection: string | null;
  /** How often it happened since the last report of this reason, this time included. */
  readonly occurrences: number;
  /** Frames lost since the last report of this reason; 0 when nothing was lost. */
  readonly frames: number;
}

/** Told the counters now and then. */
export type StatsListener = (stats: DeploymentStats) => void;

/** Has the process go on until the promise is settled: what serverless platforms offer. */
export type WaitUntil = (promise: Promise<unknown>) => unknown;

/** The ledger in three units. Each balances: `offered` is the sum of all the rest. */
export interface DeploymentStats {
  readonly frames: StatsEntry;
  readonly rows: StatsEntry;
  readonly bytes: StatsEntry;
}

/** One balanced account. */
export interface StatsEntry {
  /** Given to `collect`. */
  readonly offered: number;
  /** Left out by sampling. */
  readonly sampledOut: number;
  /** Given to a collection that is switched off. */
  readonly disabled: number;
  /** In a file at the destination. */
  readonly delivered: number;
  /** In the spool on disk, on their way. */
  readonly spooled: number;
  /** In memory, on their way. */
  readonly buffered: number;
  /** Lost, by reason. */
  readonly dropped: { readonly [reason: string]: number | undefined };
  /**
   * Stored although the sampling rate had left them out, because their request was kept in the end. They are
   * among the others, too, wherever they are now: this is no part of the balance.
   */
  readonly recalled: number;
}
