import type { Clock } from "../../base/time/clock.ts";
import type { BackendSettings, FlushReport, FlushGoal, OutgoingBatch } from "../../pipeline/backend.ts";
import type { Engine } from "../../pipeline/delivery/engine.ts";
import type { Emit } from "../../pipeline/engine-event.ts";
import { isBodyLabel, isLedgerLabel, parseLabel } from "../../pipeline/segment-label.ts";
import type { holdInstance } from "../../spool/instance/hold-instance.ts";
import { type SpoolUsage, withOpen } from "../../spool/spool.ts";
import type { UnsealedSegment } from "../../spool/sealed-segments.ts";
import type { EngineSpec } from "../compose.ts";
import type { composeWriter } from "./near/compose-writer.ts";
import { NearWriter, type Refusal } from "./near/near-writer.ts";
import type { ToBackground } from "./thread-protocol.ts";
import { refusalsTogether, UnsettledBatches } from "./unsettled-batches.ts";
import { UnsettledSegments } from "./unsettled-segments.ts";

/** What {@link HeldWork} needs. */
export interface HeldWorkParts {
  /** Told of everything, once. */
  readonly emit: Emit;
  readonly clock: Clock;
  readonly composeWriter: typeof composeWriter;
  readonly holdInstance: typeof holdInstance;
}

/**
 * What this thread answers for, whatever becomes of those who do the work: batches and segments until their
 * end is told, and this process's part of the spool. Knows nothing of threads but that one can die.
 */
export class HeldWork {
  readonly batches: UnsettledBatches;
  readonly segments: UnsettledSegments = new UnsettledSegments();
  readonly near: NearWriter;
  /** For whoever works on it here: settles what is told, and passes it on once. */
  readonly emit: Emit;
  /** True while the spool has segments, by what its last writer said. */
  spoolHolds = false;
  /**
   * True once a thread was replaced that could not be ended: what it keeps open in the spool is known to none
   * of its successors until they find it there.
   */
  isOutlived = false;
  readonly #parts: HeldWorkParts;
  #spec: EngineSpec;
  /** `null` when the disk did not allow it; then the writing thread alone vouches for the spool. */
  #hold: Disposable | null | undefined;

  constructor(spec: EngineSpec, parts: HeldWorkParts) {
    const { clock, composeWriter } = parts;
    this.#spec = spec;
    this.#parts = parts;
    this.batches = new UnsettledBatches(clock, () => this.#spec.config.limits.maxMemoryBytes);
    const emit = this.batches.settledBy(parts.emit);
    this.emit = emit;
    this.near = new NearWriter({ spec: () => this.#spec, emit, clock, composeWriter });
  }

  /** What holds now, for whoever comes to do the work. */
  get spec(): EngineSpec {
    return this.#spec;
  }

  update(settings: BackendSettings): void {
    this.#spec = { ...this.#spec, config: { ...this.#spec.config, ...settings } };
  }

  /** What the spool holds, if its other writer says that it has so much. */
  usage(other: SpoolUsage): SpoolUsage {
    return withOpen(other, this.near.open);
  }

  /** False: what is in memory is lost with the process. */
  get durable(): boolean {
    return this.#spec.config.spool.durability !== "memory";
  }

  /** True while there is something that a thread has to do. */
  get isWaiting(): boolean {
    return this.batches.size > 0 || this.segments.size > 0 || this.spoolHolds || this.near.holds;
  }

  /**
   * Takes what one of those who work on it tells: what another one has told of a segment, it cannot tell
   * again.
   */
  toldBy(teller: object): Emit {
    return this.segments.settledBy(this.emit, teller);
  }

  /**
   * Keeps other processes from taking this one's spool over while its thread has died and another is being
   * started.
   */
  holdSpool(): void {
    if (this.#hold !== undefined || !this.durable) return;
    const { instance, spoolDirectory } = this.#spec;
    this.#hold = this.#parts.holdInstance({ directory: spoolDirectory, instance }) ?? null;
  }

  /**
   * Writes a batch here, for there is no thread to do it. What the disk refuses, the next thread tries again.
   * A body, which must not be in two parts, waits for the thread.
   */
  writeAlone(batch: OutgoingBatch): void {
    if (isBodyLabel(batch.label)) return;
    this.near.write([batch]);
    this.near.syncWhenDue();
  }

  /**
   * Whether this batch was written here in place of the thread, which has so many quick appends behind it.
   */
  writeNear(batch: OutgoingBatch, quickAppends: () => number): boolean {
    if (!this.durable || !this.near.takes(batch, quickAppends)) return false;
    if (this.near.write([batch]).length === 0) return true;
    // The thread may tell why the disk refuses it, when it does so again.
    this.near.rest();
    return false;
  }

  /** What is told of frames, and bodies, are sealed by rules of the thread's own, and so written by it. */
  isForThread({ label }: OutgoingBatch): boolean {
    return isLedgerLabel(label) || isBodyLabel(label);
  }

  /** Segments that were written here, for a thread to seal and deliver. */
  letGo(which: "ripe" | "told" | "all"): readonly UnsealedSegment[] {
    const { near } = this;
    const segments =
      which === "ripe"
        ? near.letGoRipe()
        : near.letGo(which === "all" ? undefined : ({ label }) => isLedgerLabel(label));
    for (const segment of segments) this.segments.add(segment);
    return segments;
  }

  /**
   * All of it, for a new thread, in the order in which it was done; `isAwaited`: also what could stay open.
   */
  messages(isAwaited: boolean): ToBackground[] {
    this.letGo(isAwaited || this.near.rests ? "all" : "told");
    return [
      { type: "update", settings: this.#spec.config },
      ...this.segments.all().map((segment) => ({ type: "deliver" as const, segment })),
      ...this.batches.after().map((batch) => ({ type: "append" as const, batch })),
    ];
  }

  /** Gives all of it to an engine on this thread. */
  giveTo(engine: Engine): void {
    this.letGo("all");
    const batches = this.batches.after();
    for (const segment of this.segments.all()) engine.deliver(segment);
    for (const batch of batches) engine.append(batch);
  }

  /** What a flush to `to`, of what is there now, reports when nobody answers: says why nobody does. */
  silentReport(to: FlushGoal): (why: string) => FlushReport {
    const { newest } = this.batches;
    const isKnown = to === "spool" && this.durable;
    return (trouble) => ({ pending: isKnown ? this.batches.framesUpTo(newest) : undefined, trouble });
  }

  /**
   * The process ends: keeps what no thread has written.
   *
   * @param reached waits for a thread to write up to a batch, and says how far it has come.
   */
  saveAll(reached: (sequence: number) => number): void {
    const last = this.batches.after().at(-1);
    if (last !== undefined) this.keep(this.batches.after(this.durable ? reached(last.sequence) : 0));
    this.near.close();
  }

  /**
   * Nobody else will write these: what the disk does not take now is lost, and told so. A thread may still
   * write them too; whoever reads the spool takes a sequence number once.
   */
  keep(batches: readonly OutgoingBatch[]): void {
    this.batches.writeOff();
    if (!this.durable) {
      this.refuse(batches);
      return;
    }
    this.#drop(this.near.write(batches.filter(({ label }) => !isBodyLabel(label))));
    // Nobody has all of them.
    this.refuse(batches.filter(({ label }) => isBodyLabel(label)));
  }

  /** Nobody takes these any more. */
  refuse(batches: readonly OutgoingBatch[]): void {
    this.#drop(batches.map((batch) => ({ batch, reason: "closed" })));
  }

  /**
   * The thread that had all this is gone, or hangs: it may go on reading it, and what ended it is not given
   * to the next one for ever.
   */
  outliveThread(how: "gone" | "stuck"): void {
    if (how === "stuck") this.isOutlived = true;
    this.batches.writeOff();
    this.near.alone();
    // In a folder the spool keeps count.
    for (const { sequence, label, counts } of this.batches.blame()) {
      const origin = { from: "memory", sequences: [sequence] } as const;
      const { collection, partition } = parseLabel(label);
      this.emit({ kind: "dropped", reason: "poison", collection, partition, counts, origin });
    }
  }

  /** Lets the spool go. */
  close(): void {
    this.near.close();
    this.#hold?.[Symbol.dispose]();
    this.#hold = null;
  }

  #drop(refused: readonly Refusal[]): void {
    for (const { reason, place, counts, sequences } of refusalsTogether(refused)) {
      const origin = { from: "memory", sequences } as const;
      this.emit({ kind: "dropped", reason, ...place, counts, origin });
    }
  }
}
