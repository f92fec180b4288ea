import { createHash } from "node:crypto";
import { addCounts, type Counts, noCounts } from "../base/counts.ts";
import type { Clock } from "../base/time/clock.ts";
import { type Ids, uuidHex } from "../base/ids.ts";
import { memoryBody } from "./frozen-body.ts";
import type {
  FrozenBody,
  JoinedRecords,
  SealedSegment,
  SealedSegments,
  SpoolRecord,
} from "./sealed-segments.ts";
import type {
  AppendResult,
  CompleteResult,
  OpenSegment,
  SpoolWriter,
  SyncResult,
  Tended,
} from "./spool-writer.ts";
import { isAwaited, type Spool, type SpoolUsage } from "./spool.ts";

/** Options of {@link createMemorySpool}. */
export interface MemorySpoolOptions {
  /** Bytes of records and frozen bodies; an `append` beyond it is `full`. Read on each append. */
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly ids: Ids;
}

/**
 * A spool that dies with its process: for durability `memory`, and a double for tests. Copies what it is
 * given.
 */
export function createMemorySpool(options: MemorySpoolOptions): Spool {
  const spool = new MemorySpool(options);
  return { writer: spool, sealed: spool, usage: () => spool.usage() };
}

interface Segment {
  readonly id: string;
  readonly label: string;
  readonly createdAt: number;
  appendedAt: number;
  size: number;
  counts: Counts;
  readonly records: SpoolRecord[];
  attempts: number;
  progress: number;
  frozen: FrozenBody | undefined;
}

const appended: AppendResult = Object.freeze({ status: "appended" });
const full: AppendResult = Object.freeze({ status: "full", reason: "memory" });
const synced: SyncResult = Object.freeze({ status: "synced" });

class MemorySpool implements SpoolWriter, SealedSegments {
  readonly durable = false;
  readonly #options: MemorySpoolOptions;
  readonly #open = new Map<string, Segment>();
  readonly #sealed = new Map<string, { readonly sealed: SealedSegment; readonly segment: Segment }>();
  #bytes = 0;
  #quarantined = 0;
  #closed = false;

  constructor(options: MemorySpoolOptions) {
    this.#options = options;
  }

  append(label: string, record: Uint8Array, counts: Counts, sequence: number, share = 1): AppendResult {
    const { clock, ids, maxBytes } = this.#options;
    if (this.#closed) return { status: "failed", error: new Error("the spool is closed") };
    if (this.#bytes + record.byteLength > maxBytes * share) return full;
    const now = clock.now();
    let segment = this.#open.get(label);
    if (segment === undefined) {
      const id = uuidHex(ids);
      const empty = { size: 0, counts: noCounts, records: [], attempts: 0, progress: 0, frozen: undefined };
      segment = { id, label, createdAt: now, appendedAt: now, ...empty };
      this.#open.set(label, segment);
    }
    segment.records.push({ sequence, bytes: new Uint8Array(record), counts });
    segment.appendedAt = now;
    segment.size += record.byteLength;
    segment.counts = addCounts(segment.counts, counts);
    this.#bytes += record.byteLength;
    return appended;
  }

  sync(): SyncResult {
    return synced;
  }

  seal(which: (segment: OpenSegment) => boolean = () => true): readonly SealedSegment[] {
    const result: SealedSegment[] = [];
    for (const segment of [...this.#open.values()].filter(which)) {
      const { id, label, createdAt, size, counts } = segment;
      const sealed: SealedSegment = { id, directory: "", label, createdAt, size, counts, recovered: false };
      this.#open.delete(label);
      this.#sealed.set(id, { sealed, segment });
      result.push(sealed);
    }
    return result;
  }

  discard(label: string): void {
    this.#bytes -= this.#open.get(label)?.size ?? 0;
    this.#open.delete(label);
  }

  complete(): CompleteResult {
    return { status: "gone" };
  }

  tend(): Tended {
    return { sync: synced, disk: { totalBytes: this.#bytes, freeBytes: Number.POSITIVE_INFINITY } };
  }

  open(): readonly OpenSegment[] {
    return [...this.#open.values()];
  }

  list(): readonly SealedSegment[] {
    return Array.from(this.#sealed.values(), ({ sealed }) => sealed);
  }

  async *recover(): AsyncGenerator<SealedSegment, void, undefined> {
    // Nothing outlives a process in memory.
  }

  *read({ id }: SealedSegment): Generator<SpoolRecord, void, undefined> {
    yield* this.#get(id).records;
  }

  async joined({ id }: SealedSegment): Promise<JoinedRecords | undefined> {
    const { records } = this.#get(id);
    const last = records.at(-1);
    if (last === undefined) return undefined;
    const parts = records.slice(0, -1).map(({ bytes }) => bytes);
    const size = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const { open } = memoryBody(parts, size, "");
    return { size, last: last.bytes, open };
  }

  attempt({ id }: SealedSegment): number {
    return ++this.#get(id).attempts;
  }

  forgive({ id }: SealedSegment): void {
    this.#get(id).attempts--;
  }

  attempts({ id }: SealedSegment): number {
    return this.#get(id).attempts;
  }

  advance({ id }: SealedSegment, progress: number): void {
    this.#get(id).progress = progress;
  }

  progress({ id }: SealedSegment): number {
    return this.#get(id).progress;
  }

  async freeze({ id }: SealedSegment, body: AsyncIterable<Uint8Array>): Promise<FrozenBody> {
    const segment = this.#get(id);
    if (segment.frozen !== undefined) return segment.frozen;
    const hash = createHash("sha256");
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of body) {
      hash.update(chunk);
      // Not slice(), which of a Buffer is a view.
      parts.push(new Uint8Array(chunk));
      size += chunk.byteLength;
    }
    segment.frozen = memoryBody(parts, size, hash.digest("hex"));
    this.#bytes += size;
    return segment.frozen;
  }

  frozen({ id }: SealedSegment): FrozenBody | undefined {
    return this.#sealed.get(id)?.segment.frozen;
  }

  release({ id }: SealedSegment): void {
    const segment = this.#sealed.get(id)?.segment;
    if (segment === undefined) return;
    this.#sealed.delete(id);
    this.#bytes -= segment.size + (segment.frozen?.size ?? 0);
  }

  quarantine(segment: SealedSegment): void {
    // There is no place for a person to look into: it is only counted.
    if (this.#sealed.has(segment.id)) this.#quarantined++;
    this.release(segment);
  }

  quarantineRecord(): void {
    this.#quarantined++;
  }

  usage(): SpoolUsage {
    const all = [...this.#open.values(), ...this.list()].filter(isAwaited);
    const oldest = all.length === 0 ? undefined : Math.min(...all.map(({ createdAt }) => createdAt));
    return { bytes: this.#bytes, segments: all.length, quarantined: this.#quarantined, oldest };
  }

  close(): void {
    this.#closed = true;
  }

  #get(id: string): Segment {
    const known = this.#sealed.get(id);
    if (known === undefined) throw Object.assign(new Error(`segment ${id} is gone`), { code: "ENOENT" });
    return known.segment;
  }
}
