import type { Clock } from "../../base/time/clock.ts";
import { asError, messageOf } from "../../base/errors.ts";
import type { BackendSettings, FlushReport, FlushGoal, OutgoingBatch } from "../../pipeline/backend.ts";
import type { Emit, EngineEvent } from "../../pipeline/engine-event.ts";
import type { Engine } from "../../pipeline/delivery/engine.ts";
import { parseLabel } from "../../pipeline/segment-label.ts";
import { holdInstance } from "../../spool/instance/hold-instance.ts";
import type { SealedSegment } from "../../spool/spool.ts";
import { composeEngine, composeSpool, type EngineHost, type EngineSpec } from "../compose.ts";
import { Heartbeat } from "./heartbeat.ts";
import { graceMs, lateTimer, PendingFlushes } from "./pending-flushes.ts";
import { Progress } from "./progress.ts";
import { FallbackWriter } from "./fallback-writer.ts";
import { startThread, type Thread } from "./thread.ts";
import type { FromBackground, ToBackground } from "./thread-protocol.ts";
import { refusalsTogether, UnsettledBatches } from "./unsettled-batches.ts";
import { UnsettledSegments } from "./unsettled-segments.ts";

/**
 * The engine in a thread of its own, supervised: if the thread dies it is started again and gets once more every batch
 * it had not yet spooled (batches live in shared memory, and the spool reads a batch that was written twice only once), and every
 * segment that was sealed here and has not come to its end.
 * Until a thread is ready this one writes to the spool itself.
 * If it cannot be started at all - a bundler left its file out - the engine runs on this thread instead.
 */
export function startBackgroundThread(
  spec: EngineSpec,
  host: EngineHost,
  clock: Clock,
  parts: ThreadParts = systemParts,
): Engine {
  return new BackgroundThread(spec, host, clock, parts);
}

/** What a background thread is made of, replaceable for tests. */
export interface ThreadParts {
  readonly startThread: typeof startThread;
  readonly composeEngine: typeof composeEngine;
  readonly composeSpool: typeof composeSpool;
  readonly holdInstance: typeof holdInstance;
  /** How long the end of the process may wait for the thread to write what it was given, milliseconds. */
  readonly exitWaitMs: number;
}

const systemParts: ThreadParts = { startThread, composeEngine, composeSpool, holdInstance, exitWaitMs: 200 };

/** Deaths without a sign of work in between that are followed by a new start at once, if somebody waits. */
const promptRestarts = 3;
const firstRestartMs = 1_000;
const maxRestartMs = 60_000;
/** Deaths before the first answer after which the file itself must be missing or broken. */
const maxFailedStarts = 2;
/** How long a thread that is given up may take to be gone before another takes its place all the same, milliseconds. */
const farewellMs = 2_000;

class BackgroundThread implements Engine {
  readonly #host: EngineHost;
  readonly #clock: Clock;
  readonly #parts: ThreadParts;
  #spec: EngineSpec;
  /** Of each batch: a spool in memory has one of its own. */
  readonly #copies: number;
  #thread: Thread | undefined;
  #inline: Engine | undefined;
  /** True while there is a thread that takes work: from its first word on until it dies or is given up. */
  #ready = false;
  /** Of the thread that is there now. */
  #wasReady = false;
  #failedStarts = 0;
  /** Since the thread last got something done. */
  #deaths = 0;
  #restart: Disposable | undefined;
  readonly #heartbeat: Heartbeat;
  readonly #unsettled: UnsettledBatches;
  readonly #segments: UnsettledSegments = new UnsettledSegments();
  /** True while the thread's spool has segments: then it is expected to live. */
  #spoolHolds = false;
  /** How far the thread is, in memory that both see: what messages tell comes too late when the process ends. */
  readonly #progress: Progress = new Progress();
  readonly #flushes: PendingFlushes;
  #closing:
    | { readonly endsAt: number; readonly done: Promise<void>; readonly resolve: () => void }
    | undefined;
  #closeGuard: Disposable | undefined;
  /** True when closing has taken too long, and no other thread is to go on with it. */
  #isLate = false;
  /** True when it is closed for good. */
  #ended = false;
  /** True when the process is ending: nothing that the thread says from now on will be heard, in time or at all. */
  #leaving = false;
  readonly #emit: Emit;
  /** With durability `memory`: what the thread is encoding. */
  #encoding: readonly number[] = [];
  readonly #standIn: FallbackWriter;
  /** `null` when the disk did not allow it; then the writing thread alone vouches for the spool. */
  #hold: Disposable | null | undefined;

  constructor(spec: EngineSpec, host: EngineHost, clock: Clock, parts: ThreadParts) {
    this.#spec = spec;
    this.#copies = this.#durable ? 1 : 2;
    this.#host = host;
    this.#clock = clock;
    this.#parts = parts;
    this.#unsettled = new UnsettledBatches(clock, () => this.#spec.config.limits.maxMemoryBytes);
    this.#flushes = new PendingFlushes(clock);
    this.#emit = this.#unsettled.settledBy((event) => {
      if (event.kind === "encoding") this.#encoding = event.sequences;
      else host.emit(event);
    });
    const { composeSpool } = parts;
    this.#standIn = new FallbackWriter({ spec: () => this.#spec, emit: this.#emit, clock, composeSpool });
    this.#heartbeat = new Heartbeat({
      clock,
      isNeeded: () => this.#thread !== undefined && this.#isExpectedToLive,
      ask: () => {
        this.#relieve();
        this.#post({ type: "ping" });
      },
      silent: (seconds) => this.#giveUp(new Error(`silent for ${seconds} s`)),
    });
    this.#start();
  }

  allocate(size: number): Uint8Array {
    return this.#unsettled.allocate(size);
  }

  get heldBytes(): number {
    return this.#unsettled.bytes * this.#copies;
  }

  append(batch: OutgoingBatch): void {
    this.#unsettled.add(batch);
    if (this.#inline !== undefined && !(this.#leaving && !this.#durable)) {
      this.#inline.append(batch);
      return;
    }
    this.#holdSpool();
    if (this.#leaving) this.#keep([batch]);
    else if (this.#ready || !this.#durable) this.#post({ type: "append", batch });
    else this.#standIn.write([batch]);
    this.#heartbeat.watch();
  }

  deliver(segment: SealedSegment): void {
    if (this.#inline !== undefined) {
      this.#inline.deliver(segment);
      return;
    }
    this.#segments.add(segment);
    this.#post({ type: "deliver", segment });
    this.#heartbeat.watch();
  }

  update(settings: BackendSettings): void {
    this.#spec = { ...this.#spec, config: { ...this.#spec.config, ...settings } };
    if (this.#inline !== undefined) this.#inline.update(settings);
    else this.#post({ type: "update", settings });
  }

  async flush(to: FlushGoal, deadlineMs: number): Promise<FlushReport> {
    if (this.#inline !== undefined) return this.#inline.flush(to, deadlineMs);
    const { newest } = this.#unsettled;
    const silent = (why: string): FlushReport =>
      to === "spool" && this.#durable
        ? { pending: this.#unsettled.framesUpTo(newest), trouble: why }
        : { pending: undefined, trouble: why };
    if (this.#ended) return silent(closedText);
    const report = await this.#flushes.add(to, deadlineMs, silent, (id) => {
      this.#relieve();
      // A new thread is asked for everything when it is ready.
      if (this.#thread === undefined) this.#start();
      else this.#post({ type: "flush", id, to, deadlineMs });
      this.#thread?.keepAlive(true);
      this.#heartbeat.watch();
    });
    // Also one that never answered must not keep the process alive.
    if (!this.#isAwaited) this.#thread?.keepAlive(false);
    return report;
  }

  close(deadlineMs: number): Promise<void> {
    if (this.#closing !== undefined) return this.#closing.done;
    let resolve = (): void => {};
    const done = new Promise<void>((resolveDone) => {
      resolve = resolveDone;
    });
    this.#closing = { endsAt: this.#clock.monotonic() + deadlineMs, done, resolve };
    if (this.#inline !== undefined) this.#closeInline(this.#inline);
    else {
      this.#closeGuard = lateTimer(this.#clock, deadlineMs + graceMs, () => this.#endLate());
      this.#relieve();
      if (this.#thread === undefined) this.#start();
      else this.#post({ type: "close", deadlineMs });
      this.#thread?.keepAlive(true);
      this.#heartbeat.watch();
    }
    return done;
  }

  save(): void {
    this.#leaving = true;
    this.#inline?.save();
    const last = this.#unsettled.after().at(-1);
    if (last !== undefined) {
      const waitMs = this.#ready ? this.#parts.exitWaitMs : 0;
      const reached = this.#durable ? this.#progress.waitFor(last.sequence, waitMs) : 0;
      this.#keep(this.#unsettled.after(reached));
    }
    this.#standIn.close();
  }

  /**
   * Nobody else will write these: what the disk does not take now is lost, and told so. The thread may still write them too; whoever
   * reads the spool takes a sequence number once.
   */
  #keep(batches: readonly OutgoingBatch[]): void {
    this.#unsettled.writeOff();
    const refused = this.#durable
      ? this.#standIn.write(batches)
      : batches.map((batch) => ({ batch, reason: "closed" as const }));
    for (const { reason, collection, counts, sequences } of refusalsTogether(refused)) {
      const origin = { from: "memory", sequences } as const;
      this.#emit({ kind: "dropped", reason, collection, counts, origin });
    }
  }

  /** What cannot be said now is said when there is a thread: see {@link BackgroundThread.#brief}. */
  #post(message: ToBackground): void {
    if (this.#ready) this.#thread?.post(message);
  }

  #start(): void {
    this.#restart?.[Symbol.dispose]();
    this.#restart = undefined;
    let thread: Thread;
    try {
      thread = this.#parts.startThread({
        heard: (message) => this.#heard(thread, emit, message),
        died: (error) => this.#died(thread, error),
      });
    } catch (thrown) {
      this.#runInline(asError(thrown));
      return;
    }
    const emit = this.#segments.settledBy(this.#emit, thread);
    this.#thread = thread;
    this.#wasReady = false;
    this.#heartbeat.heard();
    this.#heartbeat.watch();
    thread.post({ type: "start", spec: this.#spec, progress: this.#progress.memory });
    if (this.#isAwaited) thread.keepAlive(true);
  }

  /** Keeps other processes from taking this one's spool over while its thread has died and another is being started. */
  #holdSpool(): void {
    const { instance, spoolDirectory } = this.#spec;
    if (this.#hold !== undefined || !this.#durable) return;
    this.#hold = this.#parts.holdInstance({ directory: spoolDirectory, instance }) ?? null;
  }

  /** Tells a new thread all that was asked, or done here, before it was there, in that order. */
  #brief(): void {
    this.#post({ type: "update", settings: this.#spec.config });
    for (const segment of this.#segments.all()) this.#post({ type: "deliver", segment });
    this.#relieve();
    for (const batch of this.#unsettled.after()) this.#post({ type: "append", batch });
    for (const { id, to, leftMs } of this.#flushes.all()) {
      this.#post({ type: "flush", id, to, deadlineMs: leftMs });
    }
    if (this.#closing !== undefined) this.#post({ type: "close", deadlineMs: this.#leftToClose });
  }

  /** Hands over what the stand-in has written, if there is somebody to take it. */
  #relieve(): void {
    if (!this.#ready || !this.#standIn.holds) return;
    for (const segment of this.#standIn.relieve()) this.deliver(segment);
  }

  #heard(thread: Thread, emit: Emit, message: FromBackground): void {
    if (this.#ended || this.#leaving) return;
    if (thread !== this.#thread) {
      // The last words of a thread that was replaced before it was gone: what it got done is done.
      if (message.type === "event" && isDeed(message.event)) emit(message.event);
      return;
    }
    this.#heartbeat.heard();
    switch (message.type) {
      case "ready":
        this.#ready = true;
        this.#wasReady = true;
        this.#failedStarts = 0;
        this.#brief();
        return;
      case "failed":
        this.#emit({
          kind: "trouble",
          code: "BACKGROUND_FAILED",
          reason: "background_failed",
          message: message.message,
        });
        return;
      case "flushed":
        this.#flushes.settle(message.id, message.report);
        return;
      case "closed":
        this.#end();
        return;
      case "token":
        void this.#answerToken(thread, message.id, message.scopes);
        return;
      case "pong":
        return;
      case "event": {
        const { event } = message;
        if (event.kind === "spooled" || event.kind === "delivered") this.#deaths = 0;
        if (event.kind === "spooled") this.#spoolHolds = true;
        if (event.kind === "usage") this.#spoolHolds = event.usage.segments > 0;
        emit(event);
      }
    }
  }

  /** The thread does not say that it has closed: what it did say is still heard when it is gone. */
  #endLate(): void {
    this.#isLate = true;
    this.#ready = false;
    this.#closeGuard = lateTimer(this.#clock, farewellMs, () => this.#end());
    if (this.#thread === undefined) this.#end();
    else this.#thread.end();
  }

  /** The deployment is closed, or the thread will never say so: lets it go. */
  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const thread = this.#thread;
    this.#thread = undefined;
    this.#ready = false;
    this.#heartbeat.stop();
    this.#restart?.[Symbol.dispose]();
    this.#closeGuard?.[Symbol.dispose]();
    this.#keep(this.#unsettled.after());
    this.#standIn.close();
    for (const { id, silent } of this.#flushes.all()) this.#flushes.settle(id, silent(closedText));
    thread?.end();
    this.#hold?.[Symbol.dispose]();
    this.#closing?.resolve();
  }

  get #durable(): boolean {
    return this.#spec.config.spool.durability !== "memory";
  }

  get #isAwaited(): boolean {
    return this.#flushes.size > 0 || this.#closing !== undefined;
  }

  get #isExpectedToLive(): boolean {
    const hasWork = this.#unsettled.size > 0 || this.#segments.size > 0 || this.#spoolHolds;
    return hasWork || this.#standIn.holds || this.#isAwaited;
  }

  get #leftToClose(): number {
    return Math.max(0, (this.#closing?.endsAt ?? 0) - this.#clock.monotonic());
  }

  async #answerToken(thread: Thread, id: number, scopes: readonly string[]): Promise<void> {
    try {
      const token = await this.#host.getToken([...scopes]);
      const plain =
        token === null ? null : { token: token.token, expiresOnTimestamp: token.expiresOnTimestamp };
      thread.post({ type: "token", id, token: plain });
    } catch (thrown) {
      thread.post({ type: "token", id, token: null, error: messageOf(thrown) });
    }
  }

  /** It hangs: another takes its place when it is gone, so that no two of them work on the same segments. */
  #giveUp(error: Error): void {
    const thread = this.#thread;
    if (thread === undefined) return;
    this.#ready = false;
    thread.end();
    this.#restart = this.#clock.setTimer(() => this.#died(thread, error), farewellMs);
  }

  #died(thread: Thread, error: Error): void {
    if (thread !== this.#thread) return;
    this.#thread = undefined;
    this.#restart?.[Symbol.dispose]();
    // A thread that hangs may still read what it was given when it goes on; the next one gets the same batches.
    this.#unsettled.writeOff();
    this.#giveUpPoison();
    this.#ready = false;
    if (this.#isLate) {
      this.#end();
      return;
    }
    if (!this.#wasReady && ++this.#failedStarts >= maxFailedStarts) {
      this.#runInline(error);
      return;
    }
    const prompt = !this.#wasReady || (this.#isAwaited && this.#deaths < promptRestarts);
    const delayMs = prompt ? 0 : Math.min(firstRestartMs * 2 ** this.#deaths, maxRestartMs);
    this.#deaths++;
    const message = `the background thread died (${messageOf(error)}); it is started again in ${delayMs} ms`;
    this.#emit({ kind: "trouble", code: "BACKGROUND_FAILED", reason: "background_died", message });
    this.#restart = this.#clock.setTimer(() => this.#start(), delayMs);
  }

  /** With durability `memory`: what ended the thread again and again is not given to the next one. In a folder the spool keeps count. */
  #giveUpPoison(): void {
    const sequences = this.#encoding;
    this.#encoding = [];
    for (const { sequence, label, counts } of this.#unsettled.blame(sequences)) {
      const { collection } = parseLabel(label);
      const origin = { from: "memory", sequences: [sequence] } as const;
      this.#emit({ kind: "dropped", reason: "poison", collection, counts, origin });
    }
  }

  #runInline(error: Error): void {
    const message = `the background thread cannot be started (${messageOf(error)}); its work is done on this thread instead`;
    this.#emit({ kind: "trouble", code: "BACKGROUND_FAILED", reason: "background_missing", message });
    this.#heartbeat.stop();
    const emit = this.#segments.settledBy(this.#emit, this);
    const inline = this.#parts.composeEngine(this.#spec, { ...this.#host, emit });
    this.#inline = inline;
    for (const segment of [...this.#segments.all(), ...this.#standIn.relieve()]) inline.deliver(segment);
    for (const batch of this.#unsettled.after()) inline.append(batch);
    for (const { id, to, leftMs } of this.#flushes.all()) {
      void inline.flush(to, leftMs).then((report) => this.#flushes.settle(id, report));
    }
    if (this.#closing !== undefined) this.#closeInline(inline);
  }

  #closeInline(inline: Engine): void {
    const failed = (thrown: unknown): void => {
      const { message } = asError(thrown);
      this.#emit({ kind: "trouble", code: "BACKGROUND_FAILED", reason: "background_failed", message });
    };
    void inline
      .close(this.#leftToClose)
      .catch(failed)
      .finally(() => this.#end());
  }
}

const closedText = "the deployment is closed";

/** What changes where frames are. */
function isDeed({ kind }: EngineEvent): boolean {
  return ["spooled", "delivered", "dropped", "settled"].includes(kind);
}
