import type { ProcessEntry } from "../../layout/ledger-entry.ts";
import type { Span } from "../../layout/partition.ts";

/** A process of which is not known that it has told all of an hour. */
export interface SilentProcess {
  /** Its instance in the stored ledger, 32 hex digits. */
  readonly instance: string;
  readonly host: string;
  readonly pid: number;
  /** When it told last of itself. */
  readonly lastHeard: Date;
  /**
   * True: it was killed, and another process stored what it had left in its spool; what was in its memory
   * alone, the last moments, nobody can count.
   */
  readonly recovered: boolean;
}

/** What a process has told of itself, all together. */
export class ToldProcess {
  readonly #newest: ProcessEntry;
  readonly #since: number;
  readonly #heardAt: number;
  readonly #recovered: boolean;
  /** Reports that are missing between those that are there. */
  readonly missing: number;

  /**
   * @param told at least one.
   * @param found whether another process told of segments in its spool.
   */
  constructor(told: readonly ProcessEntry[], found: boolean) {
    const [newest] = [...told].sort((a, b) => b.to - a.to);
    this.#newest = newest as ProcessEntry;
    this.#since = Math.min(...told.map(({ since }) => Date.parse(since)));
    this.#heardAt = Math.max(...told.map(({ at }) => Date.parse(at)));
    this.#recovered = found || told.some(({ recovered }) => recovered === true);
    this.missing = missingOf(told);
  }

  /** For people, and programs. */
  get name(): SilentProcess {
    const { instance, host, pid } = this.#newest;
    return { instance, host, pid, lastHeard: new Date(this.#heardAt), recovered: this.#recovered };
  }

  /** True when it is gone without having said so, and somebody has stored what it left. */
  get wasKilled(): boolean {
    return this.#recovered && this.#newest.ended !== true;
  }

  /** What is known of it, as of `now`, for an hour: that it told all of it, will, or is silent. */
  wordOf(hour: Span, now: number): "told" | "awaited" | "silent" {
    if (this.#newest.ended === true || this.#since >= hour.end) return "told";
    if (this.#recovered) {
      // It told of itself each hour, so these are the hours in which it can have been killed.
      const from = this.#heardAt;
      return from < hour.end && from + tellMs >= hour.start ? "silent" : "told";
    }
    if (this.#heardAt >= hour.end || hour.start >= this.#heardAt + forgottenMs) return "told";
    return now <= this.#heardAt + patienceMs ? "awaited" : "silent";
  }
}

/** A process tells every hour that it is there, and that is stored ten minutes later. */
const patienceMs = 75 * 60_000;
/** Who was silent for so long is gone: hours that began later do not wait for it. */
const forgottenMs = 24 * 3_600_000;
/** What was counted is told within so long; and some more. */
const tellMs = 5_000;

function missingOf(told: readonly ProcessEntry[]): number {
  let missing = 0;
  let next = Number.NaN;
  for (const { from, to } of [...told].sort((a, b) => a.from - b.from)) {
    if (from > next) missing += from - next;
    next = Math.max(to + 1, Number.isNaN(next) ? 0 : next);
  }
  return missing;
}
