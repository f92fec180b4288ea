import { hostname } from "node:os";
import type { DeploymentConfig } from "../../config/deployment-config.ts";
import type { Clock } from "../../base/time/clock.ts";
import { type CountsEntry, type ProcessEntry, writeEntries } from "../../layout/ledger-entry.ts";
import { ledgerLabel } from "../../pipeline/segment-label.ts";
import { partitionSpan, partitionStart } from "../../layout/partition.ts";
import type { EventOf } from "../../pipeline/engine-event.ts";
import type { Batcher } from "../../pipeline/batching/batcher.ts";
import { HourlyCounts } from "../../pipeline/hourly-counts.ts";

/** What {@link LedgerSender} needs. */
export interface LedgerSenderParts {
  readonly clock: Clock;
  /** Names this deployment in this process: 32 hex digits. */
  readonly instance: string;
  readonly config: Pick<DeploymentConfig, "endpoint" | "deployment" | "format" | "rollingRate">;
  /** False: nothing is counted. */
  readonly keeps: boolean;
  readonly batcher: () => Pick<Batcher, "addRecord">;
}

/** A report on its way to the spool. */
interface Report {
  readonly from: number;
  readonly entries: readonly CountsEntry[];
}

/** What was counted is told so soon: sudden death costs no more of what is in no batch. Milliseconds. */
const tellMs = 1_000;
/** That it is there a process tells as soon as frames are written to the spool. */
const firstMs = 20;

/**
 * Tells the stored ledger what this process was offered and what became of it before it was in the spool, as
 * numbered reports: a second after something was counted, before frames are brought anywhere for somebody who
 * waits, at the end; and once an hour, if only that it is there. Nothing before the first frame.
 */
export class LedgerSender implements Disposable {
  readonly #parts: LedgerSenderParts;
  readonly #counts: HourlyCounts[] = [];
  /** By the number of their record. */
  readonly #unsettled = new Map<number, Report>();
  /** Entries of reports that were refused: they are told with the next one. */
  #refused: CountsEntry[] = [];
  /** The first report that was not heard. */
  #unheardFrom: number | undefined;
  #number = 0;
  #since: number | undefined;
  #timer: Disposable | undefined;
  #hourly: Disposable | undefined;
  #state: "changed" | "told" | "ended" = "told";
  /** Whether all that was told is stored. */
  #stored = true;
  #isOver = false;

  constructor(parts: LedgerSenderParts) {
    this.#parts = parts;
  }

  /** True when something has to be stored before this process has told all, its end included. */
  get isUntold(): boolean {
    return this.#since !== undefined && !(this.#stored && this.#state === "ended");
  }

  /**
   * Where a collection's frames are counted; undefined if nothing is told. What is posted to an agent is in
   * no file that anybody could hold the ledger against.
   */
  countsOf(collection: string): HourlyCounts | undefined {
    const { rollingRate, format } = this.#parts.config;
    if (!this.#parts.keeps || format === "azureml") return undefined;
    const changed = (): void => this.#changed();
    const counts = new HourlyCounts({ collection, rollingRate, changed, crowded: () => this.tell() });
    this.#counts.push(counts);
    return counts;
  }

  /** Tells what was counted since it did so last, if there is anything; and that this is the end. */
  tell(end: "" | "ended" = ""): void {
    const { instance } = this.#parts;
    const entries = [...this.#refused.splice(0), ...this.#counts.flatMap((counts) => counts.take(instance))];
    const isNews = entries.length > 0 || (end === "ended" && this.#state !== "ended");
    if (isNews && this.#since !== undefined) this.#send(entries, this.#since, end === "ended");
  }

  /** What was told before is stored, if nothing was told meanwhile. */
  stored(number: number): void {
    if (number === this.#number) this.#stored = true;
  }

  /** The number of the newest report. */
  get newest(): number {
    return this.#number;
  }

  /** What has become of records that were handed over. */
  heard(event: EventOf<"spooled" | "delivered" | "dropped">): void {
    if (event.kind === "dropped" && event.origin.from === "recovered") return;
    const sequences = event.kind === "spooled" ? [event.sequence] : sequencesOf(event);
    for (const sequence of sequences) {
      const report = this.#unsettled.get(sequence);
      this.#unsettled.delete(sequence);
      if (report === undefined || event.kind !== "dropped") continue;
      this.#refused.push(...report.entries);
      this.#unheardFrom = Math.min(this.#unheardFrom ?? report.from, report.from);
      this.#changed();
    }
  }

  /** Tells no more. */
  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#timer?.[Symbol.dispose]();
    this.#hourly?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#hourly = undefined;
  }

  #changed(): void {
    const { clock } = this.#parts;
    this.#since ??= clock.now();
    this.#state = "changed";
    if (this.#isOver) return;
    this.#timer ??= clock.setTimer(
      () => {
        this.#timer = undefined;
        this.tell();
      },
      this.#number === 0 ? firstMs : tellMs,
    );
  }

  #send(entries: readonly CountsEntry[], since: number, ended: boolean): void {
    const { clock, instance, config, batcher } = this.#parts;
    const to = ++this.#number;
    const from = this.#unheardFrom ?? to;
    this.#unheardFrom = undefined;
    const times = { since: new Date(since).toISOString(), at: new Date(clock.now()).toISOString() };
    const place = { ...times, host: hostname(), pid: process.pid };
    const self: ProcessEntry = { kind: "process", instance, from, to, ...place, ...(ended ? { ended } : {}) };
    this.#state = ended ? "ended" : "told";
    this.#stored = false;
    const record = new TextEncoder().encode(writeEntries([self, ...entries]));
    const label = ledgerLabel(config.endpoint, config.deployment);
    batcher().addRecord(label, record, (sequence) => this.#unsettled.set(sequence, { from, entries }));
    if (!ended) this.#tellHourly(since);
  }

  /** A process that says nothing in an hour may be gone, so one that has nothing to say says that. */
  #tellHourly(since: number): void {
    if (this.#hourly !== undefined || this.#isOver) return;
    const { clock } = this.#parts;
    const now = clock.now();
    const { end } = partitionSpan({ start: partitionStart(now, "hour"), rate: "hour" });
    this.#hourly = clock.setTimer(
      () => {
        this.#hourly = undefined;
        if (this.#state === "changed") this.tell();
        else if (this.#state === "told") this.#send([], since, false);
      },
      end - now + tellMs,
    );
  }
}

function sequencesOf(event: EventOf<"delivered" | "dropped">): readonly number[] {
  if (event.kind === "delivered") return event.sequences;
  return event.origin.from === "recovered" ? [] : event.origin.sequences;
}
