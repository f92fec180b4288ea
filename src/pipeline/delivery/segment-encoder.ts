import { type Counts, subtractCounts } from "../../base/counts.ts";
import { type Clock, onNextTurn } from "../../base/time/clock.ts";
import { messageOf } from "../../base/errors.ts";
import { errorCode } from "../../base/files/file-system.ts";
import { countOf } from "../../base/plural.ts";
import type { Encoder, RejectedColumn } from "../../codec/encoder.ts";
import { mostColumns } from "../../config/deployment-config.ts";
import type { Format } from "../../layout/format.ts";
import type { Batch } from "../../frame/batch.ts";
import type { Schema } from "../../layout/schema.ts";
import { systemColumns } from "../../layout/system-columns.ts";
import { decodeBatch } from "../../frame/wire/decode.ts";
import type { FrozenBody, SealedSegment, SealedSegments } from "../../spool/sealed-segments.ts";
import type { DropOrigin, Emit } from "../engine-event.ts";
import { mostVersions } from "./known-pins.ts";
import type { PinResult, SchemaRegistry } from "./schema-registry.ts";
import type { SegmentLabel } from "../segment-label.ts";
import { type SegmentRecords, SegmentReader } from "./segment-reader.ts";
import { wantedTypes } from "./wanted-types.ts";

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
  | {
      readonly status: "frozen";
      readonly body: FrozenBody;
      /** The collection as the folder of its files is spelled. */
      readonly collection: string;
    }
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
  readonly spool: SealedSegments;
  readonly encoders: Readonly<Record<Format, Encoder>>;
  readonly registry: SchemaRegistry;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** A segment that cannot be encoded as a whole this often is examined record by record. */
const wholeAttempts = 3;
/**
 * One whose encoding was begun this often, and neither succeeded nor failed, is what ended its thread, or its process, each time. Whoever
 * finds it sets it aside before anything of it is read.
 */
const maxAttempts = 8;
/**
 * From {@link wholeAttempts} begun attempts on, a segment is under suspicion: only a thread of at least this age tries it again, or
 * one whose caller waits for it (a flush, a close, the natural end of a process, `mdc spool drain`), while all others are delivered.
 *
 * A process that is killed young, again and again, ends in the middle of an encoding by chance: that alone must not condemn
 * innocent data, and three attempts is all that it can count. One that lived for a minute, or was to end by itself, hardly ends by
 * chance just there, and not five times on one segment. A segment that does end processes ends eight of them, whatever they are.
 */
const maturityMs = 60_000;

export function createSegmentEncoder(parts: SegmentEncoderParts): SegmentEncoder {
  return new FreezingSegmentEncoder(parts);
}

class FreezingSegmentEncoder implements SegmentEncoder {
  readonly #parts: SegmentEncoderParts;
  readonly #reader: SegmentReader;
  readonly #startedAt: number;
  /** Collections for which a hint was given. */
  readonly #hinted = new Set<string>();
  /** Ends with the last of those that wait for the reader. */
  #turns: Promise<unknown> = Promise.resolve();

  constructor(parts: SegmentEncoderParts) {
    this.#parts = parts;
    this.#reader = new SegmentReader(parts.spool, parts.clock);
    this.#startedAt = parts.clock.monotonic();
  }

  async encode(consignment: Consignment, signal: AbortSignal): Promise<Encoded> {
    const { spool, registry } = this.#parts;
    const { segment, label } = consignment;
    const frozen = spool.frozen(segment);
    if (frozen !== undefined) {
      // What its file is made of was settled before; only the folder's name is asked for.
      const known =
        registry.lookUp(label, noTypes, none) ?? (await registry.pin(label, noTypes, none, signal));
      return known.status === "pinned"
        ? { status: "frozen", body: frozen, collection: known.collection }
        : known;
    }
    const begun = spool.attempts(segment);
    if (begun >= maxAttempts) return { status: "poison", error: unfinished(begun) };
    const retryMs = this.#startedAt + maturityMs - this.#parts.clock.monotonic();
    if (begun >= wholeAttempts && retryMs > 0 && !consignment.awaited)
      return { status: "suspect", error: unfinished(begun), retryMs };
    const encoded = await this.#inTurn(segment, (records) => this.#encode(consignment, records));
    if (encoded.status !== "unpinned") return encoded;
    // Others can go on meanwhile. A destination that is out of reach says nothing about the data, so that was no attempt.
    const pinned = await registry.pin(label, encoded.wanted, encoded.untyped, signal);
    if (pinned.status !== "pinned") return pinned;
    return this.#inTurn(segment, (records) => this.#attempt(consignment, records, pinned));
  }

  /**
   * One segment at a time is read and encoded, for there is one thread to do it, and memory for one: two would only take longer
   * each.
   */
  #inTurn<T>(segment: SealedSegment, action: (records: SegmentRecords) => Promise<T>): Promise<T> {
    const result = this.#turns.then(async () => {
      await othersTurn();
      const { spool, emit } = this.#parts;
      // Counted on disk before anything is read, so that a segment which kills its thread is counted whatever part of it does.
      spool.attempt(segment);
      // What is in memory dies with the thread, and so would the count.
      const sequences = spool.durable ? [] : Array.from(spool.read(segment), ({ sequence }) => sequence);
      if (!spool.durable) emit({ kind: "encoding", sequences });
      try {
        return await action(this.#reader.read(segment));
      } finally {
        if (!spool.durable) emit({ kind: "encoding", sequences: [] });
        this.#reader.done();
      }
    });
    this.#turns = result.catch(() => {});
    return result;
  }

  async #encode(
    consignment: Consignment,
    records: SegmentRecords,
  ): Promise<Encoded | (WantedTypes & { readonly status: "unpinned" })> {
    const { wanted, untyped } = this.#survey(consignment, records);
    if (consignment.counts.frames === 0) return { status: "empty" };
    const pinned = this.#parts.registry.lookUp(consignment.label, wanted, untyped);
    if (pinned?.status === "pinned") return this.#attempt(consignment, records, pinned);
    this.#parts.spool.forgive(consignment.segment);
    return pinned ?? { status: "unpinned", wanted, untyped };
  }

  async #attempt(consignment: Consignment, records: SegmentRecords, pinned: Pinned): Promise<Encoded> {
    const { collection } = pinned;
    const { spool, emit } = this.#parts;
    const { segment, label } = consignment;
    for (let attempt = spool.attempts(segment); ; attempt = spool.attempt(segment)) {
      const byRecord = attempt > wholeAttempts;
      const skip = byRecord ? await this.#poisonIn(consignment, records) : new Set<number>();
      if (consignment.counts.frames === 0) return { status: "empty" };
      try {
        const body = await this.#freeze(consignment, records, pinned, skip);
        return { status: "frozen", body, collection };
      } catch (thrown) {
        if (isSystemError(thrown)) throw thrown;
        const error = new Error(messageOf(thrown));
        emit({
          kind: "trouble",
          code: "QUARANTINED",
          reason: "encode_failed",
          collection: label.collection,
          message: `encoding a segment of ${label.collection} failed (attempt ${attempt}): ${error.message}`,
        });
        if (byRecord) return { status: "poison", error };
      }
    }
  }

  #freeze(
    { segment, label }: Consignment,
    records: SegmentRecords,
    { schema, collection, beyond }: Pinned,
    skip: ReadonlySet<number>,
  ): Promise<FrozenBody> {
    const { spool, encoders, clock } = this.#parts;
    const batches = function* (): Iterable<Batch> {
      // What is no batch says what is wrong with it when it is decoded again.
      for (const { sequence, batch, bytes } of records.lasting())
        if (!skip.has(sequence)) yield spelled(batch ?? decodeBatch(bytes), collection);
    };
    const onRejected = (rejected: readonly RejectedColumn[]): void => this.#rejected(label, rejected, beyond);
    const onWholeNumbers = (columns: readonly string[]): void => this.#wholeNumbers(label, columns);
    const options = { schema, segment: segment.id, onRejected, onWholeNumbers };
    const bytes = encoders[label.format].encode(batches, options);
    return spool.freeze(segment, unhurried(bytes, clock));
  }

  /** The types of a segment; and counts, the first time, what the disk has lost of it since it was sealed. */
  #survey(consignment: Consignment, records: SegmentRecords): WantedTypes {
    const { emit } = this.#parts;
    const { segment, label } = consignment;
    // The spool leaves damaged records out.
    let lost = segment.counts;
    const batches = function* (): Iterable<Batch> {
      for (const { batch, counts } of records.passing()) {
        lost = subtractCounts(lost, counts);
        if (batch !== undefined) yield batch;
      }
    };
    const types = wantedTypes(batches());
    if (lost.frames > 0 && !consignment.damageCounted) {
      consignment.counts = subtractCounts(consignment.counts, lost);
      const origin = originOf(segment, []);
      emit({ kind: "dropped", reason: "corrupt", collection: label.collection, counts: lost, origin });
    }
    consignment.damageCounted = true;
    return types;
  }

  /** Tries every record alone; sets aside and returns those that fail. */
  async #poisonIn(consignment: Consignment, records: SegmentRecords): Promise<Set<number>> {
    const { spool, emit, encoders } = this.#parts;
    const { segment, label } = consignment;
    const encoder = encoders[label.format];
    const poison = new Set<number>();
    for (const record of records.lasting()) {
      try {
        const batch = record.batch ?? decodeBatch(record.bytes);
        const { wanted } = wantedTypes([batch]);
        for await (const _ of encoder.encode(() => [batch], { schema: wanted, segment: segment.id }));
      } catch (thrown) {
        poison.add(record.sequence);
        spool.quarantineRecord(segment, record, `poison: ${messageOf(thrown)}`);
        consignment.counts = subtractCounts(consignment.counts, record.counts);
        const origin = originOf(segment, spool.durable ? [] : [record.sequence]);
        const { counts } = record;
        emit({ kind: "dropped", reason: "poison", collection: label.collection, counts, origin });
      }
    }
    return poison;
  }

  /** A hint, once for a collection: whether these are integers nobody but the user knows. */
  #wholeNumbers({ collection }: SegmentLabel, columns: readonly string[]): void {
    if (this.#hinted.has(collection)) return;
    this.#hinted.add(collection);
    const some = columns.slice(0, mostNames).map((name) => JSON.stringify(name));
    const names =
      columns.length > mostNames
        ? `${some.join(", ")} and ${columns.length - mostNames} more`
        : some.join(", ");
    this.#parts.emit({
      kind: "trouble",
      code: "TYPE_HINT",
      reason: "whole_numbers",
      collection,
      message:
        `collection ${collection}: all numbers so far in ${names} are whole, and are stored as doubles (1.0). Azure ML's drift ` +
        `signals compare a column only with one of the same kind, and skip it without a word where the reference data has integers: ` +
        'declare it "int64" in the schema if it is one, "float64" if it is none',
    });
  }

  #rejected(
    label: SegmentLabel,
    rejected: readonly RejectedColumn[],
    beyond: ReadonlySet<string> = none,
  ): void {
    if (beyond.size > 0) {
      this.#parts.emit({
        kind: "trouble",
        code: "VALUES_REJECTED",
        reason: "too_many_columns",
        collection: label.collection,
        message:
          `collection ${label.collection} has no room for ${countOf(beyond.size, "more column")}: it can have ${mostColumns}, and get new ones ` +
          `${mostVersions} times; the values are kept in ${systemColumns.rejected.name}. If the names are data, make rows of them, or one column of objects`,
      });
    }
    for (const { name, expected, got, cells } of rejected) {
      if (beyond.has(name)) continue;
      this.#parts.emit({
        kind: "trouble",
        code: "VALUES_REJECTED",
        reason: `rejected:${name}`,
        collection: label.collection,
        message:
          `collection ${label.collection}, column ${JSON.stringify(name)}: expected ${expected} (pinned by the first file or declared), ` +
          `got ${got} in ${countOf(cells, "cell")}: null there, and kept in ${systemColumns.rejected.name}`,
      });
    }
  }
}

function unfinished(begun: number): Error {
  return new Error(`encoding a segment was begun ${begun} times and came to no end`);
}

type WantedTypes = ReturnType<typeof wantedTypes>;
type Pinned = Extract<PinResult, { status: "pinned" }>;

const noTypes: Schema = new Map();
const none: ReadonlySet<string> = new Set();

/** The batch with its collection spelled as in every other file of it. */
function spelled(batch: Batch, collection: string): Batch {
  return batch.header.collection === collection
    ? batch
    : { ...batch, header: { ...batch.header, collection } };
}

/** Columns that a hint names at most. */
const mostNames = 10;

/**
 * New frames wait for this thread, in memory alone, while it encodes. So it lets the event loop come round before each segment, and
 * during one whenever so much time has passed, milliseconds.
 */
const longestMs = 5;

function othersTurn(): Promise<void> {
  return new Promise((resolve) => onNextTurn(resolve));
}

async function* unhurried(
  pieces: AsyncIterable<Uint8Array>,
  clock: Clock,
): AsyncGenerator<Uint8Array, void, undefined> {
  let since = clock.monotonic();
  for await (const piece of pieces) {
    if (piece.length > 0) yield piece;
    if (clock.monotonic() - since < longestMs) continue;
    await othersTurn();
    since = clock.monotonic();
  }
}

/** Where frames of this segment were when they were lost. */
export function originOf(segment: SealedSegment, sequences: readonly number[]): DropOrigin {
  return segment.recovered ? { from: "recovered" } : { from: "spool", sequences, segment: segment.id };
}

/** An error of the disk says nothing about the data. */
function isSystemError(thrown: unknown): boolean {
  return /^E[A-Z0-9]+$/.test(errorCode(thrown) ?? "");
}
