import { BackgroundThread } from "../../src/collector/background/background-thread.ts";
import type { EngineHost, EngineSpec } from "../../src/collector/compose.ts";
import { readEnvironment } from "../../src/config/environment.ts";
import type { Durability } from "../../src/config/deployment-config.ts";
import { resolveDeployment } from "../../src/config/resolve.ts";
import type { BackendSettings, FlushGoal, FlushReport, OutgoingBatch } from "../../src/pipeline/backend.ts";
import type { TendingEngine } from "../../src/pipeline/delivery/engine.ts";
import type { Emit, EngineEvent } from "../../src/pipeline/engine-event.ts";
import { labelText } from "../../src/pipeline/segment-label.ts";
import type { ThreadListener } from "../../src/collector/background/thread.ts";
import type { SealedSegment } from "../../src/spool/sealed-segments.ts";
import type { NearSpoolWriter, Tended } from "../../src/spool/spool-writer.ts";
import { createHandClock, type HandClock } from "../support/hand-clock.ts";
import { turn } from "../unit/pipeline/pipeline-world.ts";
import { SimulatedThread } from "./thread-world.ts";

const counts = { frames: 1, rows: 1, bytes: 8 };
const label = labelText({
  ...{ format: "jsonl", rollingRate: "hour", endpoint: "flights", deployment: "blue", collection: "a" },
  partition: 0,
});

/** What is wrong with the world, for all that a thread's host can know. */
export interface Troubles {
  /** No thread can be started. */
  withoutThreads: boolean;
  /** Threads answer no flush, and nobody the close. */
  mute: boolean;
  /** Engines that are closed say that they could not be. */
  failing: boolean;
  /** The disk takes nothing on this thread. */
  diskFull: boolean;
}

/**
 * The host of a background thread alone, with threads that pass messages when they are told to. Behind them
 * are engines that do nothing but note what they are given, and tell its end when they are asked.
 */
export class ThreadStatesWorld {
  readonly clock: HandClock = createHandClock();
  readonly durable: boolean;
  readonly troubles: Troubles = { withoutThreads: false, mute: false, failing: false, diskFull: false };
  /** All threads that were started, the newest last. */
  readonly threads: WatchedThread[] = [];
  readonly engines: NotingEngine[] = [];
  readonly spec: EngineSpec;
  readonly host: BackgroundThread;
  /** What was told, in order. */
  readonly told: EngineEvent[] = [];
  /** How often each batch and each segment came to an end. */
  readonly ends: Map<number | string, string[]> = new Map();
  /** What was found to be untrue as it was told. */
  readonly faults: string[] = [];
  /** Numbers that were written on this thread. */
  readonly near: number[] = [];
  /** Segments of which the host heard, or that it sealed. */
  readonly segments: string[] = [];
  /** What works on this thread, once it does. */
  inline: NotingEngine | undefined;
  isClosed = false;
  openSpools = 0;
  heldSpools = 0;
  appended = 0;
  #segment = 0;

  /** @param near whether this thread writes also when there is another. */
  constructor(durability: Durability, near: boolean) {
    this.durable = durability !== "memory";
    const { config } = resolveDeployment(
      {
        destination: "/nowhere",
        spool: { directory: "/spool", durability, fsync: near ? "interval" : "batch" },
        onError: () => {},
      },
      readEnvironment({}),
    );
    const instance = "f".repeat(32);
    const credential = { kind: "token", trustedHosts: [] } as const;
    this.spec = { config, instance, spoolDirectory: "/spool", credential };
    this.host = new BackgroundThread(
      this.spec,
      { emit: (event) => this.#hear(event), getToken: async () => null },
      this.clock,
      {
        startThread: (listener) => this.#startThread(listener),
        loadEngine: async () => {
          await turn(1);
          return (given, host) => {
            this.inline = this.#engine(given, host, () => false);
            return this.inline;
          };
        },
        composeWriter: () => this.#writer(),
        holdInstance: () => {
          this.heldSpools++;
          return { [Symbol.dispose]: () => void this.heldSpools-- };
        },
        exitWaitMs: 0,
      },
    );
  }

  get thread(): WatchedThread | undefined {
    return this.threads.at(-1);
  }

  /** Who is to work now, by what the host was told and has done. */
  get worker(): "thread" | "here" | "inline" | "closed" {
    if (this.isClosed) return "closed";
    if (this.inline !== undefined) return "inline";
    return this.thread?.takesWork === true ? "thread" : "here";
  }

  append(): void {
    const bytes = this.host.allocate(8);
    const batch: OutgoingBatch = { sequence: ++this.appended, label, bytes, counts };
    this.host.append(batch);
  }

  deliver(): void {
    this.host.deliver(this.#seal());
  }

  /** What came to no end yet, of what there is. */
  unended(batches: number, segments: number): (number | string)[] {
    const all = [...Array.from({ length: batches }, (_, i) => i + 1), ...this.segments.slice(0, segments)];
    return all.filter((what) => !this.ends.has(what));
  }

  /** Passes on what there is to pass on, and lets what follows happen, while the clock stands. */
  async settle(): Promise<void> {
    for (let i = 0; i < 4; i++) {
      await turn(1);
      for (const thread of this.threads) thread.pass(Number.POSITIVE_INFINITY);
    }
    await turn(1);
  }

  async advance(ms: number): Promise<void> {
    for (let step = 0; step < 4; step++) {
      await this.clock.advance(ms / 4);
      await this.settle();
    }
  }

  #startThread(listener: ThreadListener): WatchedThread {
    if (this.troubles.withoutThreads) throw new Error("no thread can be started");
    const thread: WatchedThread = new WatchedThread(
      {
        heard: (message) => {
          if (message.type === "ready") thread.isReady = true;
          listener.heard(message);
          if (message.type !== "event" || message.event.kind !== "spooled" || this.isClosed) return;
          const { sequence } = message.event;
          if (!this.ends.has(sequence)) this.faults.push(`a thread wrote ${sequence}, and was not heard`);
        },
        died: (error) => {
          thread.isGone = true;
          listener.died(error);
        },
      },
      (given, host, life) => this.#engine(given, host, () => life.over),
    );
    this.threads.push(thread);
    return thread;
  }

  #seal(): SealedSegment {
    const id = `segment ${++this.#segment}`;
    this.segments.push(id);
    return { id, directory: "/spool", label, createdAt: 0, size: 8, counts, recovered: false };
  }

  #writer(): NearSpoolWriter {
    this.openSpools++;
    let written = 0;
    let isOpen = true;
    return {
      durable: true,
      append: (_label, _bytes, _counts, sequence) => {
        if (!isOpen) throw new Error("written to a closed spool");
        if (this.troubles.diskFull) return { status: "full", reason: "disk_low" };
        written++;
        this.near.push(sequence);
        return { status: "appended" };
      },
      discard: () => {},
      seal: () => [],
      open: () => {
        const segment = { id: "open", label, createdAt: this.clock.now(), appendedAt: 0, size: 8, counts };
        return written === 0 ? [] : [segment];
      },
      letGo: (which = () => true) => {
        const segment = { id: "open", label, createdAt: 0, appendedAt: 0, size: 8, counts };
        if (written === 0 || !which(segment)) return [];
        written = 0;
        return [{ ...this.#seal(), path: "/spool/open", records: 1, lastSequence: 1 }];
      },
      changes: () => ({ unsynced: written === 0 ? [] : ["/spool/open"], grownBytes: 0 }),
      follow: () => {},
      complete: () => ({ status: "gone" }),
      tend: () => tended,
      sync: () => ({ status: "synced" }),
      close: () => {
        if (isOpen) this.openSpools--;
        isOpen = false;
      },
    };
  }

  #engine(spec: EngineSpec, host: EngineHost, isOver: () => boolean): NotingEngine {
    const engine = new NotingEngine(this, spec, host.emit, isOver);
    this.engines.push(engine);
    return engine;
  }

  #end(what: number | string, how: string): void {
    this.ends.set(what, [...(this.ends.get(what) ?? []), how]);
  }

  #hear(event: EngineEvent): void {
    this.told.push(event);
    if (event.kind === "spooled") this.#end(event.sequence, "spooled");
    if (event.kind === "delivered") {
      // Of several batches, some may have come to their end before; the counts are of the others.
      const others = event.sequences.filter((sequence) => !this.ends.has(sequence));
      for (const sequence of others) this.#end(sequence, "delivered");
      if (event.sequences.length > 0 && event.counts.frames !== others.length)
        this.faults.push(`told of ${event.counts.frames} frames instead of ${others.length}`);
      this.#end(event.segment, "delivered");
    }
    if (event.kind === "dropped" && event.origin.from === "memory")
      for (const sequence of event.origin.sequences) this.#end(sequence, event.reason);
  }
}

/** A thread of which is known what its host knows. */
class WatchedThread extends SimulatedThread {
  /** Its host has heard its first word. */
  isReady = false;
  /** Its host has heard of its death. */
  isGone = false;
  /** Its host has told it to go. */
  isDismissed = false;
  #isUnheard = false;

  get takesWork(): boolean {
    return this.isReady && !this.isGone && !this.isDismissed;
  }

  /** Takes all that was posted, and is not heard. */
  work(): void {
    this.#isUnheard = true;
    this.pass(Number.POSITIVE_INFINITY);
    this.#isUnheard = false;
  }

  override hear(count: number): void {
    if (!this.#isUnheard) super.hear(count);
  }

  override end(): void {
    this.isDismissed = true;
    super.end();
  }
}

const tended: Tended = { sync: { status: "synced" }, disk: { totalBytes: 0, freeBytes: 1e12 } };

/** An engine that notes what it is given, and does it when it is flushed or closed. */
export class NotingEngine implements TendingEngine {
  readonly #world: ThreadStatesWorld;
  readonly #emit: Emit;
  readonly #isOver: () => boolean;
  /** Numbers of batches, as they came. */
  readonly got: number[] = [];
  settings: BackendSettings;
  closes = 0;
  readonly #held: number[] = [];
  readonly #segments = new Set<string>();

  constructor(world: ThreadStatesWorld, spec: EngineSpec, emit: Emit, isOver: () => boolean) {
    this.#world = world;
    this.#emit = emit;
    this.#isOver = isOver;
    this.settings = spec.config;
  }

  append({ sequence }: OutgoingBatch): void {
    this.got.push(sequence);
    if (this.#world.durable) this.#emit({ kind: "spooled", collection: "a", sequence, counts });
    else this.#held.push(sequence);
  }

  deliver({ id }: SealedSegment): void {
    this.#segments.add(id);
  }

  rest(): void {}

  tend(): Tended {
    return tended;
  }

  update(settings: BackendSettings): void {
    this.settings = settings;
  }

  async flush(to: FlushGoal): Promise<FlushReport> {
    // An engine keeps its time; what a thread does with it is not known.
    if (this.#world.troubles.mute && this.#world.inline !== this) return new Promise(() => {});
    if (to !== "spool") this.#finish();
    return { pending: this.#held.length, trouble: undefined };
  }

  async close(): Promise<void> {
    this.closes++;
    if (this.#world.troubles.mute) return new Promise(() => {});
    if (this.#world.troubles.failing) throw new Error("made up");
    this.#finish();
  }

  save(): void {}

  #finish(): void {
    if (this.#isOver()) return;
    const common = { kind: "delivered", collection: "a", counts, recovered: false } as const;
    const sequences = this.#held.splice(0);
    if (sequences.length > 0) {
      this.#emit({
        ...common,
        sequences,
        segment: `batches ${sequences.join()} of ${this.#world.told.length}`,
      });
    }
    for (const segment of this.#segments) {
      this.#emit({ ...common, sequences: [], segment });
      this.#emit({ kind: "settled", segment });
    }
    this.#segments.clear();
  }
}
