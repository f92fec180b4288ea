import type { Clock } from "../../base/time/clock.ts";
import { messageOf } from "../../base/errors.ts";
import { once } from "../../base/once.ts";
import { comesWithin } from "../../base/time/wait.ts";
import type { Sender } from "../../agent/sender.ts";
import type { Encoders } from "../../codec/encoder.ts";
import type { Fsync } from "../../config/deployment-config.ts";
import type { ColumnGroups } from "../../layout/columns/column-groups.ts";
import type { TableLogs } from "../../delta/table-logs.ts";
import type { SealedSegment, SpoolLoss, UnsealedSegment } from "../../spool/sealed-segments.ts";
import type { NearFiles, Tended } from "../../spool/spool-writer.ts";
import type { Spool } from "../../spool/spool.ts";
import type { Store } from "../../store/store.ts";
import type { Backend, BackendSettings, FlushReport, FlushGoal, OutgoingBatch } from "../backend.ts";
import type { Emit } from "../engine-event.ts";
import { Deliverer } from "./deliverer.ts";
import { originOf, sequencesInMemory } from "./delivery-task.ts";
import { DeliveryBook } from "./ledger/delivery-book.ts";
import { isData, unknownCollection } from "../segment-label.ts";
import type { LiveSettings } from "../live-settings.ts";
import { Spooler, unsealedText } from "./spooler.ts";

export interface EngineParts {
  /**
   * Names this process in the stored ledger: 32 hex digits. Without it, what becomes of segments is not
   * entered there.
   */
  readonly instance?: string;
  readonly spool: Spool;
  readonly store: Store;
  readonly encoders: Encoders;
  /** Takes what is sent by frames: see `DelivererParts`. */
  readonly sender?: Sender | undefined;
  /** See `DelivererParts`. */
  readonly onlySends?: boolean;
  /** How a file refers to an object in the same folder: see `DelivererParts`. */
  readonly reference?: (path: string) => string;
  readonly clock: Clock;
  readonly emit: Emit;
  /** How a baseline has columns counted: see `DelivererParts`. */
  readonly groups?: ReadonlyMap<string, ColumnGroups>;
  /** {@link Backend.update} replaces them. */
  readonly settings: LiveSettings;
  readonly fsync: Fsync;
  readonly fsyncIntervalMs: number;
  /** Where files that are stored are entered: see `DelivererParts`. */
  readonly tables?: TableLogs;
  /** True if the files of this process are: else it only finishes what others began. Default false. */
  readonly entersTables?: boolean;
}

/** A backend that can also be given segments which another thread has written. */
export interface Engine extends Backend {
  /** Delivers a segment; one that is not sealed is sealed first. */
  deliver(segment: SealedSegment | UnsealedSegment): void;
}

/** An engine that looks after what a near writer writes on another thread. */
export interface TendingEngine extends Engine {
  /** Seals what is open here: from now on another thread writes. */
  rest(): void;
  /** Syncs what another thread wrote, and tells it what there is on the disk. */
  tend(near: NearFiles): Tended;
}

/** Spools, seals and delivers; and delivers what earlier processes left, from the first moment on. */
export function createEngine(parts: EngineParts): TendingEngine {
  return new SpoolingEngine(parts);
}

/** How often the spool's usage is told at most, milliseconds. */
const usageMs = 2_000;
/** How long one who waits for frames waits for what is told of them, milliseconds. */
const toldPatienceMs = 2_000;
/** How often other processes' leavings are looked for, milliseconds. */
const orphanSearchMs = 60_000;

class SpoolingEngine implements TendingEngine {
  readonly #parts: EngineParts;
  /** Resolves when what a dead thread of this process had left is with the deliverer again. */
  readonly #ownFound: Promise<void>;
  #tellOwnFound = (): void => {};
  readonly #spooler: Spooler;
  readonly #deliverer: Deliverer;
  #recovered: Promise<void> = Promise.resolve();
  #nextRecovery: Disposable | undefined;
  #closing = false;
  #closeDeadlineMs = 0;
  #usageToldAt = Number.NEGATIVE_INFINITY;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#ownFound = new Promise((resolve) => {
      this.#tellOwnFound = resolve;
    });
    this.#deliverer = new Deliverer({
      ...{ ...parts, spool: parts.spool.sealed },
      ...this.#book(),
      onAttempt: (left) => this.#tellUsage(left === 0),
    });
    this.#spooler = new Spooler({
      ...{ ...parts, writer: parts.spool.writer },
      onSealed: (segment) => this.deliver(segment),
      onTick: () => this.#tellUsage(false),
    });
    this.#lookForOrphans();
  }

  #book(): { readonly book?: DeliveryBook } {
    const { instance, clock, entersTables: tables = false } = this.#parts;
    if (instance === undefined) return {};
    const append = (label: string, record: Uint8Array, sequence: number): void =>
      this.#spooler.enter(label, record, sequence);
    return { book: new DeliveryBook({ append, clock, instance, tables }) };
  }

  append(batch: OutgoingBatch): void {
    this.#spooler.append(batch);
  }

  deliver(segment: SealedSegment | UnsealedSegment): void {
    if ("path" in segment) {
      this.#spooler.complete(segment);
      return;
    }
    try {
      this.#deliverer.add(segment);
    } catch {
      this.#leave(segment);
    }
  }

  rest(): void {
    this.#spooler.seal();
  }

  tend(near: NearFiles): Tended {
    this.#tellUsage(false);
    return this.#spooler.tend(near);
  }

  update(settings: BackendSettings): void {
    this.#parts.settings.replace(settings);
    this.#spooler.settingsChanged();
  }

  async flush(to: FlushGoal, deadlineMs: number): Promise<FlushReport> {
    if (to === "spool") {
      const { writer, sealed } = this.#parts.spool;
      // A batch is appended as it arrives, so all earlier ones are in the spool already.
      this.#spooler.sync();
      const inMemory = writer.durable
        ? 0
        : [...writer.open(), ...sealed.list()].reduce((sum, { counts }) => sum + counts.frames, 0);
      return {
        pending: inMemory,
        trouble: inMemory > 0 ? 'the spool is in memory (durability "memory")' : undefined,
      };
    }
    this.#spooler.seal();
    const unsealed = this.#spooler.unsealedFrames;
    const endsAt = this.#parts.clock.monotonic() + deadlineMs;
    await comesWithin(this.#parts.clock, deadlineMs, to === "empty" ? this.#recovered : this.#ownFound);
    const undelivered = await this.#deliverer.settled(this.#left(endsAt), to === "empty" ? "all" : "own");
    const trouble = this.#deliverer.trouble ?? (unsealed > 0 ? unsealedText : undefined);
    const pending = undelivered + unsealed;
    if (pending === 0) await this.#storeTold(this.#left(endsAt));
    return { pending, trouble: pending > 0 ? trouble : undefined };
  }

  /** Stores what was told of frames, once these are stored. What goes wrong there is told as always. */
  async #storeTold(deadlineMs: number): Promise<void> {
    this.#spooler.sealTold();
    await this.#deliverer.settled(Math.min(deadlineMs, toldPatienceMs), "told");
  }

  #left(endsAt: number): number {
    return Math.max(0, endsAt - this.#parts.clock.monotonic());
  }

  close(deadlineMs: number): Promise<void> {
    this.#closeDeadlineMs = deadlineMs;
    return this.#close();
  }

  save(): void {
    this.#spooler.sync();
  }

  readonly #close = once(async () => {
    const { store, emit } = this.#parts;
    const { writer, sealed } = this.#parts.spool;
    this.#nextRecovery?.[Symbol.dispose]();
    this.#spooler.close();
    const endsAt = this.#parts.clock.monotonic() + this.#closeDeadlineMs;
    await comesWithin(this.#parts.clock, this.#left(endsAt), this.#recovered);
    this.#closing = true;
    const left = await this.#deliverer.settled(this.#left(endsAt), "all");
    if (left === 0) await this.#storeTold(this.#left(endsAt));
    await this.#deliverer.stop();
    await this.#recovered;
    if (!sealed.durable) {
      for (const { segment, label, counts } of this.#deliverer.left) {
        if (!isData(label)) continue;
        const origin = originOf(segment, sequencesInMemory(sealed, segment));
        emit({ kind: "dropped", reason: "closed", collection: label.collection, counts, origin });
      }
    }
    writer.close();
    this.#parts.sender?.close();
    await store.close();
  });

  #tellUsage(atOnce: boolean): void {
    const { spool, clock, emit } = this.#parts;
    const now = clock.monotonic();
    if (!atOnce && now - this.#usageToldAt < usageMs) return;
    const usage = spool.usage();
    // Nothing yet: the first segment is to be seen when it is there.
    this.#usageToldAt = usage.segments === 0 ? Number.NEGATIVE_INFINITY : now;
    emit({ kind: "usage", usage });
  }

  /** Now, and again every minute: processes that share this spool's folder can die at any time. */
  #lookForOrphans(): void {
    this.#recovered = this.#recover()
      .catch((thrown: unknown) => {
        const message = `looking through the spool failed: ${messageOf(thrown)}`;
        this.#parts.emit({ kind: "trouble", code: "SPOOL_FAILED", reason: "recovery_failed", message });
      })
      .finally(() => {
        this.#tellOwnFound();
        // Also when nothing was found: what is in quarantine is to be known from the start.
        this.#tellUsage(true);
      });
    if (!this.#parts.spool.sealed.durable) return;
    this.#nextRecovery = this.#parts.clock.setTimer(() => {
      void this.#recovered.then(() => {
        if (!this.#closing) this.#lookForOrphans();
      });
    }, orphanSearchMs);
  }

  async #recover(): Promise<void> {
    const { spool, emit } = this.#parts;
    const onLoss = ({ reason, detail, frames, rows, bytes }: SpoolLoss): void => {
      const lost = {
        reason: "corrupt",
        collection: unknownCollection,
        counts: { frames, rows, bytes },
      } as const;
      if (frames > 0) emit({ kind: "dropped", ...lost, origin: { from: "recovered" } });
      emit({ kind: "trouble", code: "CORRUPT", reason: `spool_${reason}`, message: detail });
    };
    for await (const segment of spool.sealed.recover(onLoss)) {
      // A spool finds its own first.
      if (segment.recovered) this.#tellOwnFound();
      this.#tellUsage(false);
      if (this.#closing) return;
      this.deliver(segment);
    }
  }

  /** Written by another version of this package: whoever reads that version's labels will deliver it. */
  #leave({ id }: SealedSegment): void {
    const message = `a spool segment of another version was found and left where it is (${id})`;
    this.#parts.emit({ kind: "trouble", code: "SPOOL_FAILED", reason: "unknown_segment", message });
  }
}
