import type { Clock } from "../base/clock.ts";
import { asError } from "../base/errors.ts";
import { errorCode } from "../base/file-system.ts";
import type { Encoder, RejectedColumn } from "../codec/encoder.ts";
import type { Format } from "../config/deployment-config.ts";
import type { Batch } from "../frame/batch.ts";
import type { Schema } from "../frame/schema.ts";
import { decodeBatch } from "../frame/wire.ts";
import type { Counts, FrozenBody, SealedSegment, Spool } from "../spool/spool.ts";
import type { BackendEvents, DropOrigin } from "./backend.ts";
import { type PinResult, type SchemaRegistry, wantedTypes } from "./schema-registry.ts";
import type { SegmentLabel } from "./segment-label.ts";

/** A sealed segment on its way to its file. */
export interface Consignment {
  readonly segment: SealedSegment;
  readonly label: SegmentLabel;
  /** What the file will hold: the segment's counts less what was damaged on disk and the records set aside as poison. */
  counts: Counts;
  /** True once the damaged part of it is in the ledger. */
  damageCounted: boolean;
  /** True when somebody waits for it: then it is tried now, whatever happened to it before. */
  awaited: boolean;
}

/** What became of an encoding. */
export type Encoded =
  | { readonly status: "frozen"; readonly body: FrozenBody }
  /** Nothing of it can be stored; its frames have been told as dropped. */
  | { readonly status: "empty" }
  /** Its encoding was begun several times and never ended: it is tried again when this thread has proved to live. */
  | { readonly status: "suspect"; readonly error: Error; readonly retryMs: number }
  /** No attempt succeeded, not even record by record. */
  | { readonly status: "poison"; readonly error: Error }
  | Exclude<PinResult, { status: "pinned" }>;

/** Turns a segment into the bytes of its file, once; what cannot be encoded is set aside record by record. */
export interface SegmentEncoder {
  /** Throws the system's error when the spool cannot be read or written. */
  encode(consignment: Consignment, signal: AbortSignal): Promise<Encoded>;
}

export interface SegmentEncoderParts {
  readonly spool: Spool;
  readonly encoders: Readonly<Record<Format, Encoder>>;
  readonly registry: SchemaRegistry;
  readonly clock: Clock;
  readonly events: BackendEvents;
}

/** A segment that cannot be encoded as a whole this often is examined record by record. */
const wholeAttempts = 3;
/**
 * One whose encoding was begun more often than this, and neither succeeded nor failed, is given up: it is what ends its
 * thread each time.
 */
const maxAttempts = 8;
/**
 * From {@link wholeAttempts} begun attempts on, a segment is under suspicion, and waits until the thread is this old. A process
 * that is killed young, again and again, ends in the middle of an encoding by chance, and so would in time condemn innocent data;
 * one that lived for a minute hardly does. And a segment that does end its thread does so once a minute at most.
 */
const maturityMs = 60_000;

export function createSegmentEncoder(parts: SegmentEncoderParts): SegmentEncoder {
  return new FreezingSegmentEncoder(parts);
}

class FreezingSegmentEncoder implements SegmentEncoder {
  readonly #parts: SegmentEncoderParts;
  readonly #startedAt: number;

  constructor(parts: SegmentEncoderParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.monotonic();
  }

  async encode(consignment: Consignment, signal: AbortSignal): Promise<Encoded> {
    const { spool, registry, events } = this.#parts;
    const { segment, label } = consignment;
    const frozen = spool.frozen(segment);
    if (frozen !== undefined) return { status: "frozen", body: frozen };
    const retryMs = this.#startedAt + maturityMs - this.#parts.clock.monotonic();
    const begun = spool.attempts(segment);
    if (begun >= wholeAttempts && retryMs > 0 && !consignment.awaited) {
      const error = new Error(`encoding a segment was begun ${begun} times and came to no end`);
      return { status: "suspect", error, retryMs };
    }
    // Before the first attempt is counted: a destination that is out of reach says nothing about the data.
    const { wanted, untyped } = this.#survey(consignment);
    if (consignment.counts.frames === 0) return { status: "empty" };
    const pinned = await registry.pin(label, wanted, untyped, signal);
    if (pinned.status !== "pinned") return pinned;
    for (;;) {
      // Counted on disk before it begins, so that a segment which kills its thread is counted too.
      const attempt = spool.attempt(segment);
      if (attempt > maxAttempts && retryMs <= 0) {
        return {
          status: "poison",
          error: new Error("encoding was begun too often without coming to an end"),
        };
      }
      const byRecord = attempt > wholeAttempts;
      const skip = byRecord ? await this.#poisonIn(consignment) : new Set<number>();
      if (consignment.counts.frames === 0) return { status: "empty" };
      try {
        return { status: "frozen", body: await this.#freeze(consignment, pinned.schema, skip) };
      } catch (thrown) {
        if (isSystemError(thrown)) throw thrown;
        const error = asError(thrown);
        events.trouble({
          code: "QUARANTINED",
          reason: "encode_failed",
          collection: label.collection,
          message: `encoding a segment of ${label.collection} failed (attempt ${attempt}): ${error.message}`,
        });
        if (byRecord) return { status: "poison", error };
      }
    }
  }

  #freeze({ segment, label }: Consignment, schema: Schema, skip: ReadonlySet<number>): Promise<FrozenBody> {
    const { spool, encoders } = this.#parts;
    const batches = function* (): Iterable<Batch> {
      for (const record of spool.read(segment))
        if (!skip.has(record.sequence)) yield decodeBatch(record.bytes);
    };
    const onRejected = (rejected: readonly RejectedColumn[]): void => this.#rejected(label, rejected);
    const bytes = encoders[label.format].encode(batches, { schema, segment: segment.id, onRejected });
    return spool.freeze(segment, bytes);
  }

  /** The types of a segment; and counts, the first time, what the disk has lost of it since it was sealed. */
  #survey(consignment: Consignment): ReturnType<typeof wantedTypes> {
    const { spool, events } = this.#parts;
    const { segment, label } = consignment;
    // The spool leaves damaged records out.
    let lost: Counts = segment.counts;
    const decodable = function* (): Iterable<Batch> {
      for (const { bytes, counts } of spool.read(segment, "lent")) {
        lost = less(lost, counts);
        try {
          yield decodeBatch(bytes);
        } catch {
          // Encoding it will fail, too, and deal with it.
        }
      }
    };
    const types = wantedTypes(decodable());
    if (lost.frames > 0 && !consignment.damageCounted) {
      consignment.counts = less(consignment.counts, lost);
      events.dropped("corrupt", label.collection, lost, originOf(segment, []));
    }
    consignment.damageCounted = true;
    return types;
  }

  /** Tries every record alone; sets aside and returns those that fail. */
  async #poisonIn(consignment: Consignment): Promise<Set<number>> {
    const { spool, events, encoders } = this.#parts;
    const { segment, label } = consignment;
    const encoder = encoders[label.format];
    const poison = new Set<number>();
    for (const record of spool.read(segment)) {
      try {
        const batch = decodeBatch(record.bytes);
        const { wanted } = wantedTypes([batch]);
        for await (const _ of encoder.encode(() => [batch], { schema: wanted, segment: segment.id }));
      } catch (thrown) {
        poison.add(record.sequence);
        spool.quarantineRecord(segment, record, `poison: ${asError(thrown).message}`);
        consignment.counts = less(consignment.counts, record.counts);
        const sequences = spool.durable ? [] : [record.sequence];
        events.dropped("poison", label.collection, record.counts, originOf(segment, sequences));
      }
    }
    return poison;
  }

  #rejected(label: SegmentLabel, rejected: readonly RejectedColumn[]): void {
    for (const { name, expected, got, cells } of rejected) {
      this.#parts.events.trouble({
        code: "VALUES_REJECTED",
        reason: `rejected:${name}`,
        collection: label.collection,
        message:
          `collection ${label.collection}, column ${JSON.stringify(name)}: expected ${expected} (pinned by the first file or declared), ` +
          `got ${got} in ${cells} cell(s); they are null there and kept in mdc_rejected`,
      });
    }
  }
}

/** Where frames of this segment were when they were lost. */
export function originOf(segment: SealedSegment, sequences: readonly number[]): DropOrigin {
  return segment.recovered ? { from: "recovered" } : { from: "spool", sequences };
}

/** An error of the disk says nothing about the data. */
function isSystemError(thrown: unknown): boolean {
  return /^E[A-Z0-9]+$/.test(errorCode(thrown) ?? "");
}

function less(a: Counts, b: Counts): Counts {
  return { frames: a.frames - b.frames, rows: a.rows - b.rows, bytes: a.bytes - b.bytes };
}
