import type { Clock } from "../base/clock.ts";
import { asError } from "../base/errors.ts";
import { createBackoff } from "../base/backoff.ts";
import type { Encoder, RejectedColumn } from "../codec/encoder.ts";
import type { Format } from "../config/deployment-config.ts";
import type { Batch } from "../frame/batch.ts";
import { decodeBatch } from "../frame/wire.ts";
import type { Counts, FrozenBody, SealedSegment, Spool } from "../spool/spool.ts";
import type { PutResult, Store } from "../store/store.ts";
import type { BackendEvents, BackendHealth, DropOrigin } from "./backend.ts";
import type { DropReason } from "./ledger.ts";
import { createSchemaRegistry, type SchemaRegistry, wantedTypes } from "./schema-registry.ts";
import { objectPath, parseLabel, type SegmentLabel } from "./segment-label.ts";

/** Turns sealed segments into files at the destination: each exactly once, for as long as it takes. */
export interface Deliverer {
  /** Takes over a sealed segment. Throws if its label is not one of this version's; then it stays in the spool. */
  add(segment: SealedSegment): void;
  /**
   * Resolves when all segments added so far are settled, or at the deadline, with how many frames are not. Those left by
   * earlier processes count only if `recoveredToo`.
   */
  settled(deadlineMs: number, recoveredToo?: boolean): Promise<number>;
  /** The newest trouble, until something succeeds. */
  readonly trouble: string | undefined;
  /** Ends running attempts and starts no more; what is undelivered stays in the spool. */
  stop(): Promise<void>;
}

export interface DelivererParts {
  readonly spool: Spool;
  readonly store: Store;
  readonly encoders: Readonly<Record<Format, Encoder>>;
  readonly clock: Clock;
  readonly events: BackendEvents;
  /** Uploads at once. Two keep one busy while the other waits for its answer; more would only spend memory. */
  readonly concurrency?: number;
}

interface Entry {
  readonly segment: SealedSegment;
  readonly label: SegmentLabel;
  /** What the file will hold: the segment's counts less the records set aside as poison. */
  counts: Counts;
  damageCounted: boolean;
  rejections: number;
}

/** Settings, permissions and clocks are mended by people: asking more often than this helps nobody. */
const blockedRetryMs = 60_000;
/** A segment that cannot be encoded as a whole this often is examined record by record. */
const wholeAttempts = 3;
/** A file that the service refuses this often is set aside. */
const maxRejections = 3;

export function createDeliverer(parts: DelivererParts): Deliverer {
  return new SegmentDeliverer(parts);
}

class SegmentDeliverer implements Deliverer {
  readonly #parts: DelivererParts;
  readonly #concurrency: number;
  readonly #registry: SchemaRegistry;
  readonly #waiting: Entry[] = [];
  readonly #running = new Map<Entry, Promise<void>>();
  readonly #listeners = new Set<() => void>();
  readonly #stopping = new AbortController();
  readonly #backoff = createBackoff({ baseMs: 1_000, maxMs: 60_000 });
  /** Segments refused in a row without one accepted: more than one means that it is not the segment. */
  readonly #refused = new Set<string>();
  #failures = 0;
  #pause: Disposable | undefined;
  #health: BackendHealth = { status: "ok", reasons: [] };

  constructor(parts: DelivererParts) {
    this.#parts = parts;
    this.#concurrency = parts.concurrency ?? 2;
    this.#registry = createSchemaRegistry(parts.store);
  }

  get trouble(): string | undefined {
    return this.#health.reasons[0];
  }

  add(segment: SealedSegment): void {
    this.#waiting.push({
      segment,
      label: parseLabel(segment.label),
      counts: segment.counts,
      damageCounted: false,
      rejections: 0,
    });
    this.#pump();
  }

  settled(deadlineMs: number, recoveredToo = false): Promise<number> {
    const all = [...this.#waiting, ...this.#running.keys()];
    const mine = new Set(all.filter((entry) => recoveredToo || !entry.segment.recovered));
    const left = (): number => {
      let frames = 0;
      for (const entry of this.#waiting) if (mine.has(entry)) frames += entry.counts.frames;
      for (const entry of this.#running.keys()) if (mine.has(entry)) frames += entry.counts.frames;
      return frames;
    };
    const isDone = (): boolean =>
      ![...this.#waiting, ...this.#running.keys()].some((entry) => mine.has(entry));
    // Somebody is waiting, so try now what a back-off would try later.
    this.#resume();
    return new Promise((resolve) => {
      const finish = (): void => {
        timer[Symbol.dispose]();
        this.#listeners.delete(check);
        resolve(left());
      };
      const check = (): void => {
        if (isDone()) finish();
      };
      const timer = this.#parts.clock.setTimer(finish, deadlineMs);
      this.#listeners.add(check);
      check();
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#pause?.[Symbol.dispose]();
    await Promise.all(this.#running.values());
  }

  #pump(): void {
    // After a failure one attempt at a time probes whether the destination is back.
    const limit = this.#failures > 0 ? 1 : this.#concurrency;
    while (
      !this.#stopping.signal.aborted &&
      this.#pause === undefined &&
      this.#running.size < limit &&
      this.#waiting.length > 0
    ) {
      const entry = this.#waiting.shift() as Entry;
      const run = this.#run(entry).finally(() => {
        this.#running.delete(entry);
        for (const listener of [...this.#listeners]) listener();
        this.#pump();
      });
      this.#running.set(entry, run);
    }
  }

  /** Never rejects. */
  async #run(entry: Entry): Promise<void> {
    const { segment, label } = entry;
    try {
      const body = this.#parts.spool.frozen(segment) ?? (await this.#encode(entry));
      if (body === undefined) return this.#setAside(entry, "poison", "no attempt to encode it succeeded");
      if ("status" in body) return this.#failed(entry, body);
      const result = await this.#parts.store.put(objectPath(label, segment), body, {
        contentType: this.#parts.encoders[label.format].contentType,
        metadata: { segment: segment.id, content: body.sha256, rows: String(entry.counts.rows) },
        signal: this.#stopping.signal,
      });
      if (result.status === "stored" || result.status === "exists") this.#succeeded(entry);
      else this.#failed(entry, result);
    } catch (thrown) {
      // A spool that cannot be read or written: of this segment, not of the destination.
      entry.rejections++;
      if (entry.rejections >= maxRejections) this.#setAside(entry, "poison", asError(thrown).message);
      else this.#again(entry, "DELIVERY_DELAYED", asError(thrown).message, this.#backoff.next());
    }
  }

  /** The file's bytes, frozen; `undefined` if the segment cannot be encoded; a put result if its types cannot be pinned. */
  async #encode(entry: Entry): Promise<FrozenBody | PutResult | undefined> {
    const { spool, encoders } = this.#parts;
    const { segment, label } = entry;
    const encoder = encoders[label.format];
    for (;;) {
      const attempt = spool.attempt(segment);
      if (attempt > wholeAttempts + 1) return undefined;
      try {
        const skip = attempt > wholeAttempts ? await this.#poisonIn(entry, encoder) : new Set<number>();
        const batches = (): Iterable<Batch> => decodedRecords(spool, segment, skip);
        const { wanted, untyped } = wantedTypes(batches());
        this.#countDamage(entry);
        const pinned = await this.#registry.pin(label, wanted, untyped);
        if (pinned.status !== "pinned") return pinned;
        return await spool.freeze(
          segment,
          encoder.encode(batches, {
            schema: pinned.schema,
            segment: segment.id,
            onRejected: (rejected) => this.#rejected(label, rejected),
          }),
        );
      } catch (thrown) {
        this.#parts.events.trouble({
          code: "QUARANTINED",
          reason: "encode_failed",
          collection: label.collection,
          message: `encoding a segment of ${label.collection} failed (attempt ${attempt}): ${asError(thrown).message}`,
        });
      }
    }
  }

  /** Counts what the disk has lost of a segment since it was sealed: the spool leaves damaged records out. */
  #countDamage(entry: Entry): void {
    const { spool, events } = this.#parts;
    let left: Counts = entry.segment.counts;
    for (const { counts } of spool.read(entry.segment)) left = less(left, counts);
    if (left.frames === 0 || entry.damageCounted) return;
    entry.damageCounted = true;
    entry.counts = less(entry.counts, left);
    events.dropped("corrupt", entry.label.collection, left, originOf(entry.segment, []));
  }

  /** Tries every record alone; sets aside and returns those that fail. */
  async #poisonIn(entry: Entry, encoder: Encoder): Promise<Set<number>> {
    const { spool, events } = this.#parts;
    const { segment } = entry;
    const poison = new Set<number>();
    for (const record of spool.read(segment)) {
      try {
        const batch = decodeBatch(record.bytes);
        const { wanted } = wantedTypes([batch]);
        for await (const _ of encoder.encode(() => [batch], { schema: wanted, segment: segment.id }));
      } catch (thrown) {
        poison.add(record.sequence);
        spool.quarantineRecord(segment, record, `poison: ${asError(thrown).message}`);
        entry.counts = less(entry.counts, record.counts);
        events.dropped(
          "poison",
          entry.label.collection,
          record.counts,
          originOf(segment, spool.durable ? [] : [record.sequence]),
        );
      }
    }
    return poison;
  }

  #succeeded({ segment, label, counts }: Entry): void {
    const { spool, events } = this.#parts;
    this.#failures = 0;
    this.#refused.clear();
    this.#backoff.reset();
    this.#setHealth({ status: "ok", reasons: [] });
    const sequences = sequencesInMemory(spool, segment);
    spool.release(segment);
    events.delivered(label.collection, counts, segment.recovered, sequences);
  }

  #failed(entry: Entry, result: PutResult): void {
    switch (result.status) {
      case "stored":
      case "exists":
        return;
      case "conflict":
        this.#setAside(entry, "conflict", result.error.message);
        return;
      case "rejected":
        this.#refused.add(entry.segment.id);
        entry.rejections++;
        // Two different segments refused one after the other: more likely the account than the data.
        if (this.#refused.size > 1)
          this.#again(entry, "DELIVERY_BLOCKED", result.error.message, blockedRetryMs);
        else if (entry.rejections >= maxRejections) this.#setAside(entry, "poison", result.error.message);
        else this.#again(entry, "DELIVERY_DELAYED", result.error.message, this.#backoff.next());
        return;
      case "retryable":
        if (this.#stopping.signal.aborted) this.#waiting.push(entry);
        else if (result.class === "transient") {
          this.#again(
            entry,
            "DELIVERY_DELAYED",
            result.error.message,
            this.#backoff.next(result.retryAfterMs),
          );
        } else this.#again(entry, "DELIVERY_BLOCKED", result.error.message, blockedRetryMs);
    }
  }

  #again(
    entry: Entry,
    code: "DELIVERY_DELAYED" | "DELIVERY_BLOCKED",
    message: string,
    delayMs: number,
  ): void {
    this.#waiting.push(entry);
    this.#failures++;
    this.#setHealth({ status: code === "DELIVERY_BLOCKED" ? "failing" : "degraded", reasons: [message] });
    this.#parts.events.trouble({
      code,
      reason: code === "DELIVERY_BLOCKED" ? "delivery_blocked" : "delivery_delayed",
      message: `${this.#parts.store.description}: ${message}; the data is kept, next try in ${Math.ceil(delayMs / 1000)} s`,
      collection: entry.label.collection,
    });
    this.#pause?.[Symbol.dispose]();
    this.#pause = this.#parts.clock.setTimer(() => this.#resume(), delayMs);
  }

  #resume(): void {
    this.#pause?.[Symbol.dispose]();
    this.#pause = undefined;
    this.#pump();
  }

  #setAside(entry: Entry, reason: DropReason & ("poison" | "conflict"), detail: string): void {
    const { spool, events } = this.#parts;
    const origin = originOf(entry.segment, sequencesInMemory(spool, entry.segment));
    spool.quarantine(entry.segment, reason);
    events.dropped(reason, entry.label.collection, entry.counts, origin);
    events.trouble({
      code: "QUARANTINED",
      reason: `quarantined_${reason}`,
      message: `a segment of ${entry.counts.frames} frames was set aside: ${detail}`,
      collection: entry.label.collection,
      counts: entry.counts,
    });
  }

  #rejected(label: SegmentLabel, rejected: readonly RejectedColumn[]): void {
    for (const { name, expected, got, cells } of rejected) {
      this.#parts.events.trouble({
        code: "VALUES_REJECTED",
        reason: `rejected:${label.collection}:${name}`,
        collection: label.collection,
        message:
          `collection ${label.collection}, column ${JSON.stringify(name)}: expected ${expected} (pinned by the first file or declared), ` +
          `got ${got} in ${cells} cell(s); they are null there and kept in mdc_rejected`,
      });
    }
  }

  #setHealth(health: BackendHealth): void {
    if (health.status === this.#health.status && health.reasons[0] === this.#health.reasons[0]) return;
    this.#health = health;
    this.#parts.events.health(health);
  }
}

function* decodedRecords(spool: Spool, segment: SealedSegment, skip: ReadonlySet<number>): Iterable<Batch> {
  for (const record of spool.read(segment)) if (!skip.has(record.sequence)) yield decodeBatch(record.bytes);
}

function less(a: Counts, b: Counts): Counts {
  return { frames: a.frames - b.frames, rows: a.rows - b.rows, bytes: a.bytes - b.bytes };
}

function originOf(segment: SealedSegment, sequences: readonly number[]): DropOrigin {
  return segment.recovered ? { from: "recovered" } : { from: "spool", sequences };
}

/** The batches whose only copy is this segment; none if the spool is durable. */
function sequencesInMemory(spool: Spool, segment: SealedSegment): number[] {
  return spool.durable ? [] : Array.from(spool.read(segment), (record) => record.sequence);
}
