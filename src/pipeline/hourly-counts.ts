import type { Amount, CountsEntry } from "../layout/ledger-entry.ts";
import { ledgerHour, ledgerRate } from "../layout/ledger-hour.ts";
import { hasPlainDate, partitionSpan, partitionStart, type RollingRate } from "../layout/partition.ts";

/** What a frame can be counted as when it is offered. */
export type Entered = "accepted" | "sampledOut" | "disabled";

/** Who is told that there is something to be told of. */
export interface HourlyCountsParts {
  /** As in paths. */
  readonly collection: string;
  readonly rollingRate: RollingRate;
  /** Something was counted, for the first time since {@link HourlyCounts.take}. */
  readonly changed: () => void;
  /** Requests of very many hours were counted: it is to be taken before there are more. */
  readonly crowded: () => void;
}

interface Tally {
  frames: number;
  rows: number;
}

/** What was counted of one hour. */
class Hour {
  readonly start: number;
  readonly end: number;
  readonly accepted: Tally = none();
  readonly sampledOut: Tally = none();
  readonly disabled: Tally = none();
  /** Part of those that were accepted. */
  readonly recalled: Tally = none();
  /** Dropped when they were offered. */
  readonly refused: Tally = none();
  readonly dropped = new Map<string, Tally>();

  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
  }
}

/** Hours at once: hostile request times would make one for every frame. */
const maxHours = 64;

/**
 * What was offered of a collection, and what became of it before it was in the spool, by the hour of its
 * request: for the stored ledger, and since that was told last. All of it is a comparison and some additions:
 * it runs once per `collect`.
 */
export class HourlyCounts {
  readonly #parts: HourlyCountsParts;
  readonly #hours = new Map<number, Hour>();
  /** The last one, which is mostly the next. */
  #hour: Hour | undefined;

  constructor(parts: HourlyCountsParts) {
    this.#parts = parts;
  }

  /** A frame was offered. */
  enter(as: Entered, timeMs: number, frames: number, rows: number): void {
    const tally = this.#at(timeMs)[as];
    tally.frames += frames;
    tally.rows += rows;
  }

  /** A frame that had been sampled out is stored after all. */
  recall(timeMs: number, rows: number): void {
    this.enter("sampledOut", timeMs, -1, -rows);
    this.enter("accepted", timeMs, 1, rows);
    const { recalled } = this.#at(timeMs);
    recalled.frames += 1;
    recalled.rows += rows;
  }

  /** A frame was offered and dropped at once. */
  refuse(reason: string, timeMs: number, frames: number, rows: number): void {
    const { refused } = this.#at(timeMs);
    refused.frames += frames;
    refused.rows += rows;
    this.drop(reason, timeMs, frames, rows);
  }

  /** Frames that had been accepted were lost. */
  drop(reason: string, timeMs: number, frames: number, rows: number): void {
    const { dropped } = this.#at(timeMs);
    const tally = dropped.get(reason) ?? none();
    dropped.set(reason, tally);
    tally.frames += frames;
    tally.rows += rows;
  }

  /** What was counted since the last call. */
  take(instance: string): CountsEntry[] {
    const { collection, rollingRate } = this.#parts;
    const entries = Array.from(this.#hours.values(), (hour): CountsEntry => {
      const time = ledgerHour({ partition: hour.start, rollingRate });
      return { kind: "counts", instance, ...time, collection, ...amountsOf(hour) };
    });
    this.#hours.clear();
    this.#hour = undefined;
    return entries;
  }

  #at(timeMs: number): Hour {
    const hour = this.#hour;
    return hour !== undefined && timeMs >= hour.start && timeMs < hour.end ? hour : this.#find(timeMs);
  }

  #find(timeMs: number): Hour {
    const rate = ledgerRate(this.#parts.rollingRate);
    const start = hasPlainDate(timeMs) ? partitionStart(timeMs, rate) : 0;
    let hour = this.#hours.get(start);
    if (hour === undefined) {
      if (this.#hours.size >= maxHours) this.#parts.crowded();
      hour = new Hour(start, partitionSpan({ start, rate }).end);
      this.#hours.set(start, hour);
      if (this.#hours.size === 1) this.#parts.changed();
    }
    this.#hour = hour;
    return hour;
  }
}

function amountsOf(hour: Hour): Partial<CountsEntry> {
  const { accepted, sampledOut, disabled, refused, dropped } = hour;
  const all = [accepted, sampledOut, disabled, refused];
  const offered: Tally = none();
  for (const { frames, rows } of all) {
    offered.frames += frames;
    offered.rows += rows;
  }
  return {
    ...some("offered", offered),
    ...some("sampledOut", sampledOut),
    ...some("disabled", disabled),
    ...some("recalled", hour.recalled),
    ...(dropped.size === 0
      ? {}
      : { dropped: Object.fromEntries(Array.from(dropped, ([reason, tally]) => [reason, amountOf(tally)])) }),
  };
}

function some(name: string, tally: Tally): Record<string, Amount> {
  return tally.frames === 0 && tally.rows === 0 ? {} : { [name]: amountOf(tally) };
}

function amountOf({ frames, rows }: Tally): Amount {
  return [frames, rows];
}

function none(): Tally {
  return { frames: 0, rows: 0 };
}
