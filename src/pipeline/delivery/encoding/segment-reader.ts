import type { Counts } from "../../../base/counts.ts";
import type { Clock } from "../../../base/time/clock.ts";
import type { Batch } from "../../../frame/batch.ts";
import { decodeBatch } from "../../../frame/wire/decode.ts";
import type {
  RecordMemory,
  SealedSegment,
  SealedSegments,
  SpoolRecord,
} from "../../../spool/sealed-segments.ts";

/** A record of a segment, and the batch that it is. */
export class ReadRecord implements SpoolRecord {
  readonly sequence: number;
  readonly bytes: Uint8Array;
  readonly counts: Counts;
  /** Undefined if the bytes are no batch. */
  readonly batch: Batch | undefined;

  constructor({ sequence, bytes, counts }: SpoolRecord) {
    this.sequence = sequence;
    this.bytes = bytes;
    this.counts = counts;
    this.batch = batchOf(bytes);
  }
}

/**
 * The good records of one segment, as often as they are asked for. Throws the system's error where they are
 * read.
 */
export interface SegmentRecords {
  /** Each holds until the next one is asked for. */
  passing(): Iterable<ReadRecord>;
  /** They hold as long as whoever asks keeps them. */
  lasting(): Iterable<ReadRecord>;
}

/**
 * Reads segments one at a time. One that is small enough, and that is nearly all, is read, checked and
 * decoded once, into memory that is used for the next one again: as garbage, so much memory outside of V8's
 * heap would make it collect all the time. It is given back when nothing was read for a while. A larger one
 * is read anew each time it is asked for, and one of very many columns is decoded anew.
 */
export class SegmentReader {
  readonly #spool: SealedSegments;
  readonly #clock: Clock;
  #memory: Uint8Array = nothing;
  #forgetting: Disposable | undefined;

  constructor(spool: SealedSegments, clock: Clock) {
    this.#spool = spool;
    this.#clock = clock;
  }

  /** The segment's records; those of the segment before are no longer valid. */
  read(segment: SealedSegment): SegmentRecords {
    const spool = this.#spool;
    if (segment.size > maxHeldBytes) {
      const read = (memory: RecordMemory): Iterable<ReadRecord> => decoded(spool.read(segment, memory));
      return { passing: () => read("lent"), lasting: () => read("own") };
    }
    const read = [...spool.read(segment, (size) => this.#take(size))];
    const records: ReadRecord[] = [];
    let columns = 0;
    for (const record of decoded(read)) {
      columns += record.batch?.columns.length ?? 0;
      if (columns > maxHeldColumns) return { passing: () => decoded(read), lasting: () => decoded(read) };
      records.push(record);
    }
    return { passing: () => records, lasting: () => records };
  }

  /** Nobody uses what was read any more. */
  done(): void {
    this.#forgetting?.[Symbol.dispose]();
    if (this.#memory === nothing) return;
    this.#forgetting = this.#clock.setTimer(() => {
      this.#memory = nothing;
    }, keptMs);
  }

  #take(size: number): Uint8Array {
    if (this.#memory.length < size) this.#memory = new Uint8Array(Math.ceil(size / stepBytes) * stepBytes);
    return this.#memory;
  }
}

const nothing = new Uint8Array(0);
/** What is sealed at the default size, and a record more, is held; it is about what one row group takes. */
const maxHeldBytes = 40 * 1024 * 1024;
/**
 * Columns that are held decoded, of all batches together: each is some hundred bytes of V8's heap, however
 * few its values are.
 */
const maxHeldColumns = 100_000;
/** Memory comes in multiples of this, because segments are never of one size. */
const stepBytes = 1024 * 1024;
/** So long memory waits for the next segment. */
const keptMs = 10_000;

function* decoded(records: Iterable<SpoolRecord>): Generator<ReadRecord, void, undefined> {
  for (const record of records) yield new ReadRecord(record);
}

function batchOf(bytes: Uint8Array): Batch | undefined {
  try {
    return decodeBatch(bytes);
  } catch {
    // Encoding it will fail, too, and deal with it.
    return undefined;
  }
}
