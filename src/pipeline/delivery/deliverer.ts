import { type Backoff, createBackoff } from "../../base/time/backoff.ts";
import type { Clock } from "../../base/time/clock.ts";
import { messageOf } from "../../base/errors.ts";
import { countOf } from "../../base/plural.ts";
import type { Encoder, UnpackedBody } from "../../codec/encoder.ts";
import type { Format } from "../../layout/format.ts";
import { collectionKey } from "../../layout/collection-key.ts";
import type { FrozenBody, SealedSegment, SealedSegments } from "../../spool/sealed-segments.ts";
import type { PutOptions, PutResult, Store } from "../../store/store.ts";
import type { BackendHealth, Emit } from "../engine-event.ts";
import type { DropReason } from "../ledger.ts";
import { createSchemaRegistry, type PinResult } from "./schema-registry.ts";
import {
  type Consignment,
  createSegmentEncoder,
  type Encoded,
  originOf,
  type SegmentEncoder,
} from "./segment-encoder.ts";
import { besidePath, dataFilePath } from "../../layout/dataset-path.ts";
import { parseLabel, type SegmentLabel } from "../segment-label.ts";

/** Turns sealed segments into files at the destination: each exactly once, for as long as it takes. */
export interface Deliverer {
  /**
   * Takes over a sealed segment; one that it was given before is ignored. Throws if its label is not one of this version's;
   * then it stays in the spool.
   */
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
  readonly spool: SealedSegments;
  readonly store: Store;
  readonly encoders: Readonly<Record<Format, Encoder>>;
  readonly clock: Clock;
  readonly emit: Emit;
  /** How a file refers to an object in the same folder, by its path. Default: by the last part of it, relative to the file. */
  readonly reference?: (path: string) => string;
  /** Uploads at once. Two keep one busy while the other waits for its answer; more would only spend memory. */
  readonly concurrency?: number;
  /** Told after each attempt how many segments are not yet settled. */
  readonly onAttempt?: (left: number) => void;
}

/** What keeps something from being delivered, until it is over. */
interface Obstacle {
  readonly status: "degraded" | "failing";
  readonly message: string;
}

interface Entry extends Consignment {
  rejections: number;
  readFailures: number;
}

type Frozen = Extract<Encoded, { status: "frozen" }>;

/** A collection whose types cannot be had, and what waits for it. */
interface Blocked {
  readonly waiting: Entry[];
  readonly backoff: Backoff;
  obstacle?: Obstacle;
  /** Until it is tried again. */
  pause?: Disposable | undefined;
  /** The one that tries. */
  probe?: Entry | undefined;
}

const backoff = { baseMs: 1_000, maxMs: 60_000 };
/** Settings, permissions and clocks are mended by people: asking more often than this helps nobody. */
const blockedRetryMs = 60_000;
/** A file that the service refuses this often is set aside. */
const maxRejections = 3;
/** A segment that cannot be read from the spool this often is set aside. */
const maxReadFailures = 4;
/** Reasons told at once: when the disk fails, every segment has its own. */
const maxReasons = 5;
/** Settled segments remembered, in case they are added again: by recovery and by the thread that sealed them. */
const maxRemembered = 1_000;

export function createDeliverer(parts: DelivererParts): Deliverer {
  return new SegmentDeliverer(parts);
}

class SegmentDeliverer implements Deliverer {
  readonly #parts: DelivererParts;
  readonly #concurrency: number;
  readonly #encoder: SegmentEncoder;
  /** All that is not settled, by segment id. */
  readonly #entries = new Map<string, Entry>();
  readonly #settled = new Set<string>();
  readonly #waiting: Entry[] = [];
  readonly #running = new Set<Promise<void>>();
  /** Entries that wait for something which concerns no other one. */
  readonly #held = new Map<Entry, Disposable>();
  /** What keeps single entries from being delivered. */
  readonly #obstacles = new Map<Entry, Obstacle>();
  readonly #listeners = new Set<() => void>();
  readonly #stopping = new AbortController();
  /** Collections whose types cannot be had. */
  readonly #blocked = new Map<string, Blocked>();
  readonly #backoff = createBackoff(backoff);
  /** Segments refused in a row without one accepted: more than one means that it is not the segment. */
  readonly #refused = new Set<string>();
  /** What keeps everything from being delivered. */
  #obstacle: Obstacle | undefined;
  #pause: Disposable | undefined;
  #health: BackendHealth = { status: "ok", reasons: [] };

  constructor(parts: DelivererParts) {
    this.#parts = parts;
    this.#concurrency = parts.concurrency ?? 2;
    this.#encoder = createSegmentEncoder({ ...parts, registry: createSchemaRegistry(parts.store) });
  }

  get trouble(): string | undefined {
    return this.#health.reasons[0];
  }

  add(segment: SealedSegment): void {
    const { id, counts } = segment;
    const label = parseLabel(segment.label);
    if (this.#entries.has(id) || this.#settled.has(id)) return;
    const unharmed = {
      damageCounted: false,
      awaited: false,
      rejections: 0,
      readFailures: 0,
    };
    const entry: Entry = { segment, label, counts, ...unharmed };
    this.#entries.set(id, entry);
    this.#waiting.push(entry);
    this.#pump();
  }

  settled(deadlineMs: number, recoveredToo = false): Promise<number> {
    const mine = [...this.#entries.values()].filter(({ segment }) => recoveredToo || !segment.recovered);
    const left = (): Entry[] => mine.filter(({ segment }) => this.#entries.has(segment.id));
    // Somebody is waiting, so try now what would be tried later.
    for (const entry of mine) entry.awaited = true;
    for (const entry of [...this.#held.keys()]) this.#release(entry);
    for (const blocked of this.#blocked.values()) this.#tryBlocked(blocked);
    this.#resume();
    return new Promise((resolve) => {
      const finish = (): void => {
        timer[Symbol.dispose]();
        this.#listeners.delete(check);
        resolve(left().reduce((frames, { counts }) => frames + counts.frames, 0));
      };
      const check = (): void => {
        if (this.#stopping.signal.aborted || left().length === 0) finish();
      };
      const timer = this.#parts.clock.setTimer(finish, deadlineMs, { keepAlive: true });
      this.#listeners.add(check);
      check();
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#pause?.[Symbol.dispose]();
    for (const timer of this.#held.values()) timer[Symbol.dispose]();
    for (const { pause } of this.#blocked.values()) pause?.[Symbol.dispose]();
    await Promise.all(this.#running);
    for (const listener of [...this.#listeners]) listener();
  }

  #pump(): void {
    // After a failure one attempt at a time probes whether the destination is back.
    const limit = this.#obstacle === undefined ? this.#concurrency : 1;
    while (
      !this.#stopping.signal.aborted &&
      this.#pause === undefined &&
      this.#running.size < limit &&
      this.#waiting.length > 0
    ) {
      const entry = this.#waiting.shift() as Entry;
      if (this.#waitsForTypes(entry)) continue;
      const run = this.#run(entry).finally(() => {
        this.#running.delete(run);
        this.#tellHealth();
        this.#parts.onAttempt?.(this.#entries.size);
        for (const listener of [...this.#listeners]) listener();
        this.#pump();
      });
      this.#running.add(run);
    }
  }

  /** Never rejects. */
  async #run(entry: Entry): Promise<void> {
    const { segment } = entry;
    const { spool } = this.#parts;
    try {
      const encoded = await this.#encoder.encode(entry, this.#stopping.signal);
      switch (encoded.status) {
        case "frozen": {
          this.#obstacles.delete(entry);
          this.#unblock(entry.label);
          const result = await this.#put(entry, encoded);
          if (result.status === "stored" || result.status === "exists") this.#succeeded(entry);
          else this.#failed(entry, result);
          return;
        }
        case "empty":
          this.#settle(entry);
          spool.release(segment);
          return;
        case "poison":
          this.#setAside(entry, "poison", encoded.error.message);
          return;
        case "suspect":
          this.#hold(entry, { status: "degraded", message: encoded.error.message }, encoded.retryMs);
          return;
        case "blocked":
        case "rejected":
        case "retryable":
          // A service that asks for patience means everybody.
          if ("retryAfterMs" in encoded) this.#failed(entry, encoded);
          else this.#block(entry, encoded);
      }
    } catch (thrown) {
      // A spool that cannot be read or written: of this segment, not of the destination.
      const message = messageOf(thrown);
      if (++entry.readFailures >= maxReadFailures) this.#setAside(entry, "corrupt", message);
      else this.#hold(entry, { status: "degraded", message }, 1_000 * 8 ** (entry.readFailures - 1));
    }
  }

  /** Puts a segment's file, after all that it refers to. */
  async #put({ segment, label, counts }: Entry, { body, collection }: Frozen): Promise<PutResult> {
    const { store, encoders } = this.#parts;
    const { contentType } = encoders[label.format];
    const { file, beside } = await this.#unpack(label, collection, segment, body);
    // The frozen bytes are one, and so is their hash: with its place among them each object is told from any other.
    const facts = (content: string): PutOptions => ({
      metadata: { segment: segment.id, content, rows: String(counts.rows) },
      signal: this.#stopping.signal,
    });
    for (const [number, object] of beside.entries()) {
      const path = besidePath({ ...label, collection }, segment, number);
      const options = { ...facts(`${body.sha256}-${number}`), contentType: "application/json" };
      const result = await store.put(path, object, options);
      if (result.status !== "stored" && result.status !== "exists") return result;
    }
    return store.put(dataFilePath({ ...label, collection }, segment), file, {
      ...facts(body.sha256),
      contentType,
    });
  }

  async #unpack(
    label: SegmentLabel,
    collection: string,
    segment: SealedSegment,
    body: FrozenBody,
  ): Promise<UnpackedBody> {
    const { encoders, reference = lastPart } = this.#parts;
    const encoder = encoders[label.format];
    if (encoder.unpack === undefined) return { file: body, beside: [] };
    return encoder.unpack(body, (number) => reference(besidePath({ ...label, collection }, segment, number)));
  }

  #succeeded(entry: Entry): void {
    const { segment, label, counts } = entry;
    const { spool, emit } = this.#parts;
    this.#obstacle = undefined;
    this.#refused.clear();
    this.#backoff.reset();
    const sequences = sequencesInMemory(spool, segment);
    // Told first: if this thread dies in between, the next one finds the segment and tells it again, which is noticed.
    const { id, recovered } = segment;
    emit({ kind: "delivered", collection: label.collection, counts, recovered, sequences, segment: id });
    this.#settle(entry);
    spool.release(segment);
  }

  #failed(entry: Entry, result: Exclude<PutResult, { status: "stored" | "exists" }>): void {
    switch (result.status) {
      case "conflict":
        this.#setAside(entry, "conflict", result.error.message);
        return;
      case "rejected":
        this.#refused.add(entry.segment.id);
        // Two different segments refused one after the other: more likely the account than the data.
        if (this.#refused.size > 1) this.#again(entry, "failing", result.error, blockedRetryMs);
        else if (++entry.rejections >= maxRejections) this.#setAside(entry, "poison", result.error.message);
        else this.#again(entry, "degraded", result.error, this.#backoff.next());
        return;
      case "retryable":
        if (result.class === "transient") {
          this.#again(entry, "degraded", result.error, this.#backoff.next(result.retryAfterMs));
        } else this.#again(entry, "failing", result.error, blockedRetryMs);
    }
  }

  /** Something about the destination: nothing is sent for a while. */
  #again(entry: Entry, status: Obstacle["status"], { message }: Error, delayMs: number): void {
    this.#waiting.push(entry);
    if (this.#stopping.signal.aborted) return;
    this.#obstacle = { status, message };
    this.#tell(entry, this.#obstacle, delayMs);
    this.#pause?.[Symbol.dispose]();
    this.#pause = this.#parts.clock.setTimer(() => this.#resume(), delayMs);
  }

  #resume(): void {
    this.#pause?.[Symbol.dispose]();
    this.#pause = undefined;
    this.#pump();
  }

  /** Something about this segment or its collection: it waits, and the others pass it by. */
  #hold(entry: Entry, obstacle: Obstacle, delayMs: number): void {
    this.#obstacles.set(entry, obstacle);
    if (this.#stopping.signal.aborted) return;
    this.#held.set(
      entry,
      this.#parts.clock.setTimer(() => this.#release(entry), delayMs),
    );
    this.#tell(entry, obstacle, delayMs);
    const blocked = this.#blocked.get(blockKey(entry.label));
    if (blocked?.probe !== entry) return;
    blocked.probe = undefined;
    this.#tryBlocked(blocked);
  }

  /**
   * The collection's types cannot be had. Mostly that is its own trouble, so all its segments wait, and one of them tries again;
   * others pass by, and find out for themselves if it is the destination's.
   */
  #block(entry: Entry, failure: Exclude<PinResult, { status: "pinned" }>): void {
    const key = blockKey(entry.label);
    if (failure.status === "rejected") this.#refused.add(entry.segment.id);
    const passing = failure.status === "retryable" && failure.class === "transient";
    const status = passing ? "degraded" : "failing";
    const blocked = this.#blocked.get(key) ?? { waiting: [], backoff: createBackoff(backoff) };
    const delayMs = passing ? blocked.backoff.next() : blockedRetryMs;
    blocked.obstacle = { status, message: failure.error.message };
    blocked.waiting.push(entry);
    if (blocked.probe === entry) blocked.probe = undefined;
    this.#blocked.set(key, blocked);
    if (this.#stopping.signal.aborted) return;
    blocked.pause ??= this.#parts.clock.setTimer(() => this.#tryBlocked(blocked), delayMs);
    this.#tell(entry, blocked.obstacle, delayMs);
  }

  /** Whether a segment has to wait because its collection is held up, and is not the one to try. */
  #waitsForTypes(entry: Entry): boolean {
    const blocked = this.#blocked.get(blockKey(entry.label));
    if (blocked === undefined || blocked.probe === entry) return false;
    if (blocked.pause === undefined && blocked.probe === undefined) {
      blocked.probe = entry;
      return false;
    }
    blocked.waiting.push(entry);
    return true;
  }

  /** Lets one of those that wait for a collection's types try again. */
  #tryBlocked(blocked: Blocked): void {
    blocked.pause?.[Symbol.dispose]();
    blocked.pause = undefined;
    if (blocked.probe !== undefined) return;
    blocked.probe = blocked.waiting.shift();
    if (blocked.probe !== undefined) this.#waiting.push(blocked.probe);
    this.#pump();
  }

  #unblock(label: SegmentLabel): void {
    const key = blockKey(label);
    const blocked = this.#blocked.get(key);
    if (blocked === undefined) return;
    this.#blocked.delete(key);
    blocked.pause?.[Symbol.dispose]();
    this.#waiting.push(...blocked.waiting);
    this.#pump();
  }

  #release(entry: Entry): void {
    this.#held.get(entry)?.[Symbol.dispose]();
    this.#held.delete(entry);
    this.#waiting.push(entry);
    this.#pump();
  }

  #setAside(entry: Entry, reason: DropReason & ("poison" | "conflict" | "corrupt"), detail: string): void {
    const { segment, label, counts } = entry;
    const { spool, emit } = this.#parts;
    const { collection } = label;
    const origin = originOf(segment, sequencesInMemory(spool, segment));
    emit({ kind: "dropped", reason, collection, counts, origin });
    this.#settle(entry);
    spool.quarantine(segment, reason);
    emit({
      kind: "trouble",
      code: "QUARANTINED",
      reason: `quarantined_${reason}`,
      message: `a segment of ${countOf(counts.frames, "frame")} was set aside: ${detail}`,
      collection,
      counts,
    });
  }

  #settle(entry: Entry): void {
    const { id } = entry.segment;
    this.#parts.emit({ kind: "settled", segment: id });
    this.#entries.delete(id);
    this.#obstacles.delete(entry);
    this.#unblock(entry.label);
    this.#settled.add(id);
    if (this.#settled.size > maxRemembered) this.#settled.delete(this.#settled.keys().next().value as string);
  }

  #tell({ label }: Entry, { status, message }: Obstacle, delayMs: number): void {
    const blocked = status === "failing";
    this.#parts.emit({
      kind: "trouble",
      code: blocked ? "DELIVERY_BLOCKED" : "DELIVERY_DELAYED",
      reason: blocked ? "delivery_blocked" : "delivery_delayed",
      message: `${this.#parts.store.description}: ${message}; the data is kept, next try in ${Math.ceil(delayMs / 1000)} s`,
      collection: label.collection,
    });
  }

  #tellHealth(): void {
    const blocked = Array.from(this.#blocked.values(), ({ obstacle }) => obstacle);
    const obstacles = [this.#obstacle, ...blocked, ...this.#obstacles.values()].filter(
      (obstacle) => obstacle !== undefined,
    );
    const all = [...new Set(obstacles.map(({ message }) => message))];
    const reasons = all.slice(0, maxReasons);
    if (all.length > maxReasons) reasons.push(`${all.length - maxReasons} more like these`);
    const worst = obstacles.some(({ status }) => status === "failing") ? "failing" : "degraded";
    const status = obstacles.length === 0 ? "ok" : worst;
    const before = this.#health;
    if (status === before.status && reasons.join("\n") === before.reasons.join("\n")) return;
    this.#health = { status, reasons };
    this.#parts.emit({ kind: "health", health: this.#health });
  }
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A collection, and how its segments are laid out: of those that wait with another rate than its files have, the others know nothing. */
function blockKey({ endpoint, deployment, collection, rollingRate }: SegmentLabel): string {
  return JSON.stringify([endpoint, deployment, collectionKey(collection), rollingRate]);
}

/** The batches whose only copy is this segment; none if the spool is durable. */
export function sequencesInMemory(spool: SealedSegments, segment: SealedSegment): number[] {
  return spool.durable ? [] : Array.from(spool.read(segment), (record) => record.sequence);
}
