import { subtractCounts } from "../../../base/counts.ts";
import type { Clock } from "../../../base/time/clock.ts";
import { messageOf } from "../../../base/errors.ts";
import { errorCode } from "../../../base/files/file-system.ts";
import { type Encoders, encoderOf } from "../../../codec/encoder.ts";
import type { RejectedColumn } from "../../../frame/conform/column-fitter.ts";
import type { Batch } from "../../../frame/batch.ts";
import type { IdRange } from "../../../layout/filter/id-range.ts";
import type { Schema } from "../../../layout/schema.ts";
import { decodeBatch } from "../../../frame/wire/decode.ts";
import type { FrozenBody, SealedSegment, SealedSegments } from "../../../spool/sealed-segments.ts";
import type { Emit } from "../../engine-event.ts";
import type { Unpinned } from "../blocked-collections.ts";
import { encodeBody } from "../bodies/body-encoding.ts";
import { type DeliveryTask, originOf, sequencesInMemory } from "../delivery-task.ts";
import type { DeliveryBook } from "../ledger/delivery-book.ts";
import { ledgerFile } from "../ledger/ledger-file.ts";
import { loadStoredProfiles } from "../profiles/segment-profiler.ts";
import { EncodingAttempts, type Refusal, wholeAttempts } from "./encoding-attempts.ts";
import { EncodingReports } from "./encoding-reports.ts";
import type { PinResult, SchemaRegistry } from "../pins/schema-registry.ts";
import { type SegmentRecords, SegmentReader } from "./segment-reader.ts";
import type { Frozen } from "../segment-upload.ts";
import { isBody, isData } from "../../segment-label.ts";
import { wantedTypes } from "../pins/wanted-types.ts";
import { othersTurn, yielding } from "./yielding.ts";

/** What became of an encoding. */
export type Encoded =
  | ({ readonly status: "frozen" } & Frozen)
  /** Nothing of it can be stored; its frames have been told as dropped. */
  | { readonly status: "empty" }
  /** Not to be tried now, or never again; also when no attempt succeeded, not even record by record. */
  | Refusal
  | Unpinned;

export interface SegmentEncoderParts {
  readonly spool: SealedSegments;
  readonly encoders: Encoders;
  readonly registry: SchemaRegistry;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Where what becomes of records is entered. */
  readonly book?: DeliveryBook;
}

/** Turns a segment into the bytes of its file, once; what cannot be encoded is set aside record by record. */
export class SegmentEncoder {
  readonly #parts: SegmentEncoderParts;
  readonly #reader: SegmentReader;
  readonly #attempts: EncodingAttempts;
  readonly #reports: EncodingReports;
  /** Ends with the last of those that wait for the reader. */
  #turns: Promise<unknown> = Promise.resolve();

  constructor(parts: SegmentEncoderParts) {
    this.#parts = parts;
    this.#reader = new SegmentReader(parts.spool, parts.clock);
    this.#attempts = new EncodingAttempts(parts.spool, parts.clock);
    this.#reports = new EncodingReports(parts.emit);
  }

  /** Throws the system's error when the spool cannot be read or written. */
  async encode(task: DeliveryTask, signal: AbortSignal): Promise<Encoded> {
    const { spool, registry } = this.#parts;
    const { segment, label } = task;
    if (isBody(label)) return encodeBody(this.#parts, segment, label);
    if (!isData(label)) return this.#encodeTold(task);
    const frozen = spool.frozen(segment);
    if (frozen !== undefined) {
      // What its file is made of was settled before; only the folder's name is asked for.
      const known =
        this.#unpinned(task, noTypes) ??
        registry.lookUp(label, noTypes, none) ??
        (await registry.pin(label, noTypes, none, signal));
      return known.status === "pinned"
        ? { status: "frozen", body: frozen, collection: known.collection }
        : known;
    }
    const refusal = this.#attempts.refusal(task);
    if (refusal !== undefined) return refusal;
    const encoded = await this.#inTurn(segment, (records) => this.#encode(task, records));
    if (encoded.status !== "unpinned") return encoded;
    // Others can go on meanwhile. A destination that is out of reach says nothing about the data, so that was
    // no attempt.
    const pinned = await registry.pin(label, encoded.wanted, encoded.untyped, signal);
    if (pinned.status !== "pinned") return pinned;
    return this.#inTurn(segment, (records) => this.#attempt(task, records, pinned));
  }

  /** What is told of frames has no types to be pinned, and a record of it that makes no sense is left out. */
  async #encodeTold({ segment, label: { collection, format } }: DeliveryTask): Promise<Encoded> {
    const { spool, book } = this.#parts;
    const known = spool.frozen(segment);
    if (known !== undefined) return { status: "frozen", body: known, collection };
    const records = Array.from(spool.read(segment), ({ bytes }) => bytes);
    const own = segment.recovered ? undefined : book?.instance;
    const fileOf = format === "profile" ? (await loadStoredProfiles()).profileFile : ledgerFile;
    const bytes = fileOf(records, own);
    if (bytes.length === 0) return { status: "empty" };
    const body = await spool.freeze(segment, once(bytes));
    return { status: "frozen", body, collection };
  }

  /**
   * One segment at a time is read and encoded, for there is one thread to do it, and memory for one: two
   * would only take longer each.
   */
  #inTurn<T>(segment: SealedSegment, action: (records: SegmentRecords) => Promise<T>): Promise<T> {
    const result = this.#turns.then(async () => {
      await othersTurn();
      const { spool, emit } = this.#parts;
      // Counted on disk before anything is read, so that a segment which kills its thread is counted whatever
      // part of it does.
      spool.attempt(segment);
      // What is in memory dies with the thread, and so would the count.
      if (!spool.durable) emit({ kind: "encoding", sequences: sequencesInMemory(spool, segment) });
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
    task: DeliveryTask,
    records: SegmentRecords,
  ): Promise<Encoded | (WantedTypes & { readonly status: "unpinned" })> {
    const { wanted, untyped } = this.#survey(task, records);
    if (task.counts.frames === 0) return { status: "empty" };
    const pinned = this.#unpinned(task, wanted) ?? this.#parts.registry.lookUp(task.label, wanted, untyped);
    if (pinned?.status === "pinned") return this.#attempt(task, records, pinned);
    this.#parts.spool.forgive(task.segment);
    return pinned ?? { status: "unpinned", wanted, untyped };
  }

  /** What stands for pins where nothing is stored that could contradict itself. */
  #unpinned({ label }: DeliveryTask, schema: Schema): Pinned | undefined {
    if (encoderOf(this.#parts.encoders, label.format).frames === undefined) return undefined;
    return { status: "pinned", schema, collection: label.collection };
  }

  /** Until the bytes are fixed, or nothing helps. */
  async #attempt(task: DeliveryTask, records: SegmentRecords, pinned: Pinned): Promise<Encoded> {
    const { collection } = pinned;
    const { spool, emit } = this.#parts;
    const { segment, label } = task;
    for (let attempt = spool.attempts(segment); ; attempt = spool.attempt(segment)) {
      const byRecord = attempt > wholeAttempts;
      const skip = byRecord ? await this.#poisonIn(task, records) : new Set<number>();
      if (task.counts.frames === 0) return { status: "empty" };
      try {
        const body = await this.#freeze(task, records, pinned, skip);
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
    task: DeliveryTask,
    records: SegmentRecords,
    { schema, collection, beyond }: Pinned,
    skip: ReadonlySet<number>,
  ): Promise<FrozenBody> {
    const { spool, encoders, clock } = this.#parts;
    const { segment, label } = task;
    const batches = function* (): Iterable<Batch> {
      // What is no batch says what is wrong with it when it is decoded again.
      for (const { sequence, batch, bytes } of records.lasting())
        if (!skip.has(sequence)) yield spelled(batch ?? decodeBatch(bytes), collection);
    };
    const onRejected = (rejected: readonly RejectedColumn[]): void =>
      this.#reports.rejected(label, rejected, beyond);
    const onWholeNumbers = (columns: readonly string[]): void => this.#reports.wholeNumbers(label, columns);
    const onIds = (ids: IdRange): void => void (task.ids = ids);
    const options = { schema, segment: segment.id, onRejected, onWholeNumbers, onIds };
    const bytes = encoderOf(encoders, label.format).encode(batches, options);
    return spool.freeze(segment, yielding(bytes, clock));
  }

  /** The types of a segment; and counts, the first time, what the disk has lost of it since it was sealed. */
  #survey(task: DeliveryTask, records: SegmentRecords): WantedTypes {
    const { emit, book } = this.#parts;
    const { segment, label } = task;
    // The spool leaves damaged records out.
    let lost = segment.counts;
    const batches = function* (): Iterable<Batch> {
      for (const { batch, counts } of records.passing()) {
        lost = subtractCounts(lost, counts);
        if (batch === undefined) continue;
        task.isProfiled = task.isProfiled === true || batch.header.constants.profiled !== undefined;
        yield batch;
      }
    };
    const types = wantedTypes(batches());
    if (lost.frames > 0 && !task.damageCounted) {
      task.counts = subtractCounts(task.counts, lost);
      const origin = originOf(segment, []);
      book?.dropped(task, "corrupt", lost);
      emit({ kind: "dropped", reason: "corrupt", collection: label.collection, counts: lost, origin });
    }
    task.damageCounted = true;
    return types;
  }

  /** Tries every record alone; sets aside and returns those that fail. */
  async #poisonIn(task: DeliveryTask, records: SegmentRecords): Promise<Set<number>> {
    const { spool, emit, encoders, book } = this.#parts;
    const { segment, label } = task;
    const encoder = encoderOf(encoders, label.format);
    const poison = new Set<number>();
    for (const record of records.lasting()) {
      try {
        const batch = record.batch ?? decodeBatch(record.bytes);
        const { wanted } = wantedTypes([batch]);
        for await (const _ of encoder.encode(() => [batch], {
          schema: wanted,
          segment: segment.id,
        }));
      } catch (thrown) {
        poison.add(record.sequence);
        spool.quarantineRecord(segment, record, `poison: ${messageOf(thrown)}`);
        task.counts = subtractCounts(task.counts, record.counts);
        const origin = originOf(segment, spool.durable ? [] : [record.sequence]);
        const { counts } = record;
        book?.dropped(task, "poison", counts, record.sequence);
        emit({ kind: "dropped", reason: "poison", collection: label.collection, counts, origin });
      }
    }
    return poison;
  }
}

type WantedTypes = ReturnType<typeof wantedTypes>;
type Pinned = Extract<PinResult, { status: "pinned" }>;

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

const noTypes: Schema = new Map();
const none: ReadonlySet<string> = new Set();

/** The batch with its collection spelled as in every other file of it. */
function spelled(batch: Batch, collection: string): Batch {
  return batch.header.collection === collection
    ? batch
    : { ...batch, header: { ...batch.header, collection } };
}

/** An error of the disk says nothing about the data. */
function isSystemError(thrown: unknown): boolean {
  return /^E[A-Z0-9]+$/.test(errorCode(thrown) ?? "");
}
