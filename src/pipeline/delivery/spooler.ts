import { noCounts } from "../../base/counts.ts";
import type { Clock } from "../../base/time/clock.ts";
import type { Fsync } from "../../config/deployment-config.ts";
import type { SealedSegment, UnsealedSegment } from "../../spool/sealed-segments.ts";
import type { NearFiles, OpenSegment, SpoolWriter, SyncResult, Tended } from "../../spool/spool-writer.ts";
import type { OutgoingBatch } from "../backend.ts";
import type { Emit } from "../engine-event.ts";
import type { DropReason } from "../ledger.ts";
import type { CurrentSettings } from "../live-settings.ts";
import { isCrowded, isLedgerRipe, isRipe, isTableRipe } from "./rotation.ts";
import { BodySpooling } from "./bodies/body-spooling.ts";
import {
  isBodyLabel,
  isLedgerLabel,
  isProfileLabel,
  isTableLabel,
  type LabelPlace,
  placeOf,
  unknownCollection,
} from "../segment-label.ts";

/** Why frames are not delivered that are in segments which are still open after all were to be sealed. */
export const unsealedText: string = "the spool's disk does not let a segment be completed";

const nowhere: LabelPlace = { collection: unknownCollection };

export interface SpoolerParts {
  readonly writer: SpoolWriter;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly settings: CurrentSettings;
  readonly fsync: Fsync;
  /** With `fsync: "interval"`: milliseconds between syncs. */
  readonly fsyncIntervalMs: number;
  /** Takes a segment that is complete. */
  readonly onSealed: (segment: SealedSegment) => void;
  /** Told at least every second while a segment is open. */
  readonly onTick?: () => void;
}

/**
 * The writing half of the engine: appends batches to the spool, syncs it, and seals segments when they are
 * ripe.
 */
export class Spooler {
  readonly #parts: SpoolerParts;
  readonly #bodies: BodySpooling;
  #tick: Disposable | undefined;
  #unsynced = false;
  #syncedAt: number;
  #closed = false;
  /** What another thread let go, and the disk did not let be completed. */
  readonly #incomplete = new Set<UnsealedSegment>();
  /** The first of it, which says that this process is there, is stored as soon as the first frames are. */
  #ledgerTold = false;
  /** Those of the last batch, for the next one mostly has the same. */
  #label = "";
  #place: LabelPlace = nowhere;

  constructor(parts: SpoolerParts) {
    this.#parts = parts;
    this.#bodies = new BodySpooling(parts);
    this.#syncedAt = parts.clock.monotonic();
  }

  /** Appends a batch and tells its fate before it returns. */
  append(batch: OutgoingBatch): void {
    const { sequence, label, bytes, counts } = batch;
    const { writer, emit, fsync } = this.#parts;
    if (label !== this.#label) {
      this.#place = placeOf(label) ?? nowhere;
      this.#label = label;
    }
    const place = this.#place;
    const { collection } = place;
    const refuse = (reason: DropReason): void => {
      const origin = { from: "memory", sequences: [sequence] } as const;
      emit({ kind: "dropped", reason, ...place, counts, origin });
    };
    if (place === nowhere) {
      // Whatever made it, it concerns this batch alone; nobody could deliver what is under such a label.
      refuse("invalid");
      return;
    }
    if (this.#closed) {
      refuse("closed");
      return;
    }
    if (isBodyLabel(label)) {
      this.#bodies.append(batch, place);
      this.#unsynced = true;
      this.#arm();
      return;
    }
    const result = writer.append(label, bytes, counts, sequence);
    switch (result.status) {
      case "appended":
        this.#unsynced = true;
        if (fsync === "batch") this.sync();
        if (writer.durable) emit({ kind: "spooled", collection, sequence, counts });
        this.#sealRipe();
        this.#arm();
        return;
      case "full":
        refuse(result.reason);
        return;
      case "too_large":
        refuse("too_large");
        return;
      case "failed":
        refuse("io_error");
        emit({
          kind: "trouble",
          code: "SPOOL_FAILED",
          reason: "spool_failed",
          message: `the spool could not be written: ${result.error.message}`,
          counts,
        });
    }
  }

  /**
   * Appends a record that tells what became of frames; also when it takes no batches any more. What the disk
   * refuses is lost.
   */
  enter(label: string, record: Uint8Array, sequence: number): void {
    if (this.#parts.writer.append(label, record, noCounts, sequence).status !== "appended") return;
    this.#unsynced = true;
    this.#arm();
  }

  /** Frames in segments that are not sealed. */
  get unsealedFrames(): number {
    const segments = [...this.#parts.writer.open(), ...this.#incomplete];
    return segments.reduce((sum, { counts }) => sum + counts.frames, 0);
  }

  /** Seals what another thread let go, now or when the disk allows it. */
  complete(segment: UnsealedSegment): void {
    this.#incomplete.add(segment);
    this.#complete();
    this.#arm();
  }

  /** Does for another thread what would hold that one up. */
  tend(near: NearFiles): Tended {
    const tended = this.#parts.writer.tend(near);
    this.#tellSync(tended.sync);
    return tended;
  }

  #complete(): void {
    for (const segment of this.#incomplete) {
      if (this.#parts.writer.complete(segment).status === "failed") continue;
      this.#incomplete.delete(segment);
      // One that is gone was sealed by a thread that died: whoever looks for its file finds it, or tells.
      const { id, directory, label, createdAt, size, counts, recovered } = segment;
      this.#parts.onSealed({ id, directory, label, createdAt, size, counts, recovered });
    }
  }

  /**
   * Seals all frames that are open; what is told of them goes after them. A body is sealed when it is whole.
   */
  seal(): void {
    this.#complete();
    const isOfFrames = ({ label }: OpenSegment): boolean => !isToldLabel(label) && !isBodyLabel(label);
    for (const segment of this.#parts.writer.seal(isOfFrames)) this.#parts.onSealed(segment);
  }

  /** Seals what was told of frames. */
  sealTold(): void {
    for (const segment of this.#parts.writer.seal(({ label }) => isToldLabel(label)))
      this.#parts.onSealed(segment);
  }

  /** Makes what was appended survive a power cut, unless that is switched off. */
  sync(): void {
    if (this.#parts.fsync === "never" || !this.#unsynced) return;
    const { writer, clock } = this.#parts;
    this.#syncedAt = clock.monotonic();
    const result = writer.sync();
    this.#unsynced = result.status === "failed";
    this.#tellSync(result);
  }

  #tellSync(result: SyncResult): void {
    if (result.status === "synced") return;
    const { emit } = this.#parts;
    const message = `the spool could not be synced, so a power cut may cost frames: ${result.error.message}`;
    emit({ kind: "trouble", code: "SPOOL_FAILED", reason: "sync_failed", message });
  }

  /** The settings were replaced: what is ripe by the new ones is sealed. */
  settingsChanged(): void {
    this.#tick?.[Symbol.dispose]();
    this.#tick = undefined;
    this.#sealRipe();
    this.#arm();
  }

  /** Seals everything and takes no more. */
  close(): void {
    this.#closed = true;
    this.#tick?.[Symbol.dispose]();
    this.#bodies.discardAll(placeOf);
    this.seal();
  }

  #sealRipe(): void {
    const { writer, clock, settings } = this.#parts;
    this.#complete();
    const now = clock.now();
    const { rotation, limits } = settings.current;
    const crowded = !writer.durable && isCrowded(writer.open(), limits.maxMemoryBytes);
    const isDue = (segment: OpenSegment): boolean => {
      if (isBodyLabel(segment.label)) return this.#bodies.isDue(segment);
      if (isTableLabel(segment.label)) return isTableRipe(segment, rotation, now);
      const isFirst = isLedgerLabel(segment.label) && !this.#ledgerTold;
      if (isToldLabel(segment.label) && !isFirst) return isLedgerRipe(segment, now);
      return crowded || isRipe(segment, rotation, now);
    };
    if (!writer.open().some(isDue)) return;
    for (const segment of writer.seal(isDue)) {
      this.#ledgerTold ||= isLedgerLabel(segment.label);
      this.#bodies.sealed(segment);
      this.#parts.onSealed(segment);
    }
  }

  /** One timer for both of this half's clocks, sync and rotation; none while nothing is open. */
  #arm(): void {
    const { fsync, fsyncIntervalMs, clock, writer, settings } = this.#parts;
    if (this.#tick !== undefined || this.#closed) return;
    if (writer.open().length === 0 && this.#incomplete.size === 0) return;
    const syncEveryMs = fsync === "interval" ? fsyncIntervalMs : Number.POSITIVE_INFINITY;
    const periodMs = Math.max(5, Math.min(settings.current.rotation.maxAgeMs / 4, syncEveryMs / 2, 1_000));
    this.#tick = clock.setTimer(() => {
      this.#tick = undefined;
      if (clock.monotonic() - this.#syncedAt + periodMs > syncEveryMs) this.sync();
      this.#sealRipe();
      this.#parts.onTick?.();
      this.#arm();
    }, periodMs);
  }
}

function isToldLabel(label: string): boolean {
  return isLedgerLabel(label) || isProfileLabel(label) || isTableLabel(label);
}
