import { type Counts, noCounts } from "../base/counts.ts";
import type { DeploymentStats, StatsEntry } from "../config/callbacks.ts";
import type { HourlyCounts } from "./hourly-counts.ts";

/** Why a frame was not stored. The list is closed; a frame is counted under exactly one. */
export type DropReason =
  /** It is not a frame, or a name, a shape or a value makes it unusable. */
  | "invalid"
  /** It is larger than a limit. */
  | "too_large"
  /** Collecting took too long lately, so this collection rests for a while. */
  | "muted"
  /** The memory bound is reached. */
  | "memory"
  /** The spool's bound is reached. */
  | "spool_full"
  /** The spool's disk is nearly full. */
  | "disk_low"
  /** The spool could not be written. */
  | "io_error"
  /** Its record was damaged in the spool. */
  | "corrupt"
  /** Its record could not be encoded, or the destination will never take its file: it is in quarantine. */
  | "poison"
  /** The destination holds another file of the same name: it is in quarantine. */
  | "conflict"
  /** The deployment was closed. */
  | "closed";

/** Where frames that were not dropped can be. */
export type Account = "sampledOut" | "disabled" | "buffered" | "spooled" | "delivered";

/** Where a frame can be that was just offered. */
type Entry = Exclude<Account, "spooled" | "delivered">;

const units = ["frames", "rows", "bytes"] as const;

/** Counts every frame in exactly one place. All methods are a few additions: they run once per `collect`. */
export class Ledger {
  readonly #total: Ledger | undefined;
  readonly #hourly: HourlyCounts | undefined;
  readonly #accounts: Record<Account, MutableCounts> = {
    sampledOut: zero(),
    disabled: zero(),
    buffered: zero(),
    spooled: zero(),
    delivered: zero(),
  };
  readonly #dropped = new Map<DropReason, MutableCounts>();
  // Counted on its own, so that a frame lost between two accounts would show.
  readonly #offered: MutableCounts = zero();
  /** Part of the other accounts. */
  readonly #recalled: MutableCounts = zero();

  /**
   * With `total`, everything counted here is counted there too: a collection's ledger is part of its
   * deployment's. With `hourly`, what has a time is counted there for the stored ledger.
   */
  constructor(total?: Ledger, hourly?: HourlyCounts) {
    this.#total = total;
    this.#hourly = hourly;
  }

  /** Frames not yet at an end: in memory or in the spool. */
  get pendingFrames(): number {
    return this.#accounts.buffered.frames + this.#accounts.spooled.frames;
  }

  /** A frame was offered, of a request of this time, and went straight to `account`. */
  enter(account: Entry, frames: number, rows: number, bytes: number, timeMs = 0): void {
    this.#hourly?.enter(account === "buffered" ? "accepted" : account, timeMs, frames, rows);
    add(this.#offered, frames, rows, bytes);
    add(this.#accounts[account], frames, rows, bytes);
    this.#total?.enter(account, frames, rows, bytes);
  }

  /** A frame was offered and dropped at once. */
  refuse(reason: DropReason, frames: number, rows: number, bytes: number, timeMs = 0): void {
    this.#hourly?.refuse(reason, timeMs, frames, rows);
    add(this.#offered, frames, rows, bytes);
    add(this.#droppedFor(reason), frames, rows, bytes);
    this.#total?.refuse(reason, frames, rows, bytes);
  }

  /** Frames went from one account to another. */
  move(from: Account, to: Account, counts: Counts): void {
    add(this.#accounts[from], -counts.frames, -counts.rows, -counts.bytes);
    add(this.#accounts[to], counts.frames, counts.rows, counts.bytes);
    this.#total?.move(from, to, counts);
  }

  /** A frame that had been sampled out, of a request of this time, is stored after all. */
  recall(rows: number, bytes: number, timeMs = 0): void {
    this.#hourly?.recall(timeMs, rows);
    add(this.#accounts.sampledOut, -1, -rows, 0);
    add(this.#accounts.buffered, 1, rows, bytes);
    add(this.#recalled, 1, rows, bytes);
    // Of what is left out bytes are not counted.
    this.#offered.bytes += bytes;
    this.#total?.recall(rows, bytes);
  }

  /**
   * Frames that had been accepted were lost; of requests of this time, unless whoever tells has entered that
   * in the stored ledger.
   */
  drop(from: Account, reason: DropReason, counts: Counts, timeMs?: number): void {
    if (timeMs !== undefined) this.#hourly?.drop(reason, timeMs, counts.frames, counts.rows);
    add(this.#accounts[from], -counts.frames, -counts.rows, -counts.bytes);
    add(this.#droppedFor(reason), counts.frames, counts.rows, counts.bytes);
    this.#total?.drop(from, reason, counts);
  }

  /** The exact size of a buffered frame became known. */
  correctBytes(delta: number): void {
    this.#offered.bytes += delta;
    this.#accounts.buffered.bytes += delta;
    this.#total?.correctBytes(delta);
  }

  /** Counts anew; not for the total, which has a call of its own. */
  clear(): void {
    for (const counts of [this.#offered, this.#recalled, ...Object.values(this.#accounts)])
      Object.assign(counts, noCounts);
    this.#dropped.clear();
  }

  snapshot(): DeploymentStats {
    const [frames, rows, bytes] = units.map((unit) => this.#entry(unit)) as [
      StatsEntry,
      StatsEntry,
      StatsEntry,
    ];
    return { frames, rows, bytes };
  }

  #entry(unit: (typeof units)[number]): StatsEntry {
    const { sampledOut, disabled, delivered, spooled, buffered } = this.#accounts;
    const dropped: Partial<Record<DropReason, number>> = {};
    for (const [reason, counts] of this.#dropped) dropped[reason] = counts[unit];
    return {
      offered: this.#offered[unit],
      sampledOut: sampledOut[unit],
      disabled: disabled[unit],
      delivered: delivered[unit],
      spooled: spooled[unit],
      buffered: buffered[unit],
      dropped,
      recalled: this.#recalled[unit],
    };
  }

  #droppedFor(reason: DropReason): MutableCounts {
    let counts = this.#dropped.get(reason);
    if (counts === undefined) {
      counts = zero();
      this.#dropped.set(reason, counts);
    }
    return counts;
  }
}

type MutableCounts = { -readonly [K in keyof Counts]: Counts[K] };

function zero(): MutableCounts {
  return { ...noCounts };
}

function add(counts: MutableCounts, frames: number, rows: number, bytes: number): void {
  counts.frames += frames;
  counts.rows += rows;
  counts.bytes += bytes;
}
