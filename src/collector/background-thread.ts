import { Worker } from "node:worker_threads";
import type { Clock } from "../base/clock.ts";
import { asError } from "../base/errors.ts";
import type {
  BackendEvents,
  BackendSettings,
  FlushReport,
  FlushTarget,
  OutgoingBatch,
} from "../pipeline/backend.ts";
import type { Engine } from "../pipeline/engine.ts";
import { parseLabel } from "../pipeline/segment-label.ts";
import { holdInstance } from "../spool/hold-instance.ts";
import type { SealedSegment } from "../spool/spool.ts";
import { composeEngine, type EngineHost, type EngineSpec } from "./compose.ts";
import { tellEvent } from "./event-messages.ts";
import { createHeartbeat, type Heartbeat } from "./heartbeat.ts";
import { graceMs, lateTimer, PendingFlushes } from "./pending-flushes.ts";
import { createProgress, type Progress } from "./progress.ts";
import { createStandIn, type StandIn } from "./stand-in.ts";
import type { FromBackground, ToBackground } from "./thread-protocol.ts";
import { UnsettledBatches } from "./unsettled-batches.ts";

/**
 * The engine in a thread of its own, supervised: if the thread dies it is started again and gets once more every batch
 * it had not yet spooled (batches live in shared memory, and the spool reads a batch that was written twice only once).
 * Until a thread is ready this one writes to the spool itself.
 * If it cannot be started at all - a bundler left its file out - the engine runs on this thread instead.
 */
export function startBackgroundThread(spec: EngineSpec, host: EngineHost, clock: Clock): Engine {
  return new BackgroundThread(spec, host, clock);
}

/** Deaths without a sign of work in between that are followed by a new start at once, if somebody waits. */
const promptRestarts = 3;
const firstRestartMs = 1_000;
const maxRestartMs = 60_000;
/** Deaths before the first answer after which the file itself must be missing or broken. */
const maxFailedStarts = 2;

/** How long the end of the process may wait for the thread to write what it was given, milliseconds. */
const exitWaitMs = 200;

class BackgroundThread implements Engine {
  readonly #host: EngineHost;
  readonly #clock: Clock;
  #spec: EngineSpec;
  #worker: Worker | undefined;
  #inline: Engine | undefined;
  /** True from a thread's first word to its death: only then it is given work. */
  #ready = false;
  #failedStarts = 0;
  /** Since the thread last got something done. */
  #deaths = 0;
  #restart: Disposable | undefined;
  readonly #heartbeat: Heartbeat;
  readonly #unsettled: UnsettledBatches;
  /** How far the thread is, in memory that both see: what messages tell comes too late when the process ends. */
  readonly #progress: Progress = createProgress();
  readonly #flushes: PendingFlushes;
  #closing:
    | { readonly deadlineMs: number; readonly done: Promise<void>; readonly resolve: () => void }
    | undefined;
  #closeGuard: Disposable | undefined;
  readonly #events: BackendEvents;
  /** With durability `memory`: what the thread is encoding. */
  #encoding: readonly number[] = [];
  readonly #standIn: StandIn;
  /** `null` when the disk did not allow it; then the writing thread alone vouches for the spool. */
  #hold: Disposable | null | undefined;

  constructor(spec: EngineSpec, host: EngineHost, clock: Clock) {
    this.#spec = spec;
    this.#host = host;
    this.#clock = clock;
    this.#unsettled = new UnsettledBatches(clock);
    this.#flushes = new PendingFlushes(clock, () => this.#undone("the background thread does not answer"));
    this.#events = this.#unsettled.settledBy({
      ...host.events,
      encoding: (sequences) => {
        this.#encoding = sequences;
      },
    });
    this.#standIn = createStandIn(() => this.#spec, this.#events);
    this.#heartbeat = createHeartbeat({
      clock,
      isNeeded: () => this.#worker !== undefined && (this.#unsettled.size > 0 || this.#isAwaited),
      ask: () => this.#post({ type: "ping" }),
      silent: (seconds) => this.#givenUp(new Error(`silent for ${seconds} s`)),
    });
    this.#start();
  }

  allocate(size: number): Uint8Array {
    return this.#unsettled.allocate(size);
  }

  append(batch: OutgoingBatch): void {
    if (this.#inline !== undefined) {
      this.#inline.append(batch);
      return;
    }
    this.#holdSpool();
    this.#unsettled.add(batch);
    if (!this.#ready && this.#durable) this.#standIn.write([batch]);
    else this.#post({ type: "append", batch });
    this.#heartbeat.watch();
  }

  deliver(segment: SealedSegment): void {
    if (this.#inline !== undefined) this.#inline.deliver(segment);
    else this.#post({ type: "deliver", segment });
  }

  update(settings: BackendSettings): void {
    this.#spec = { ...this.#spec, config: { ...this.#spec.config, ...settings } };
    if (this.#inline !== undefined) this.#inline.update(settings);
    else this.#post({ type: "update", settings });
  }

  flush(to: FlushTarget | "empty", deadlineMs: number): Promise<FlushReport> {
    if (this.#inline !== undefined) return this.#inline.flush(to, deadlineMs);
    return this.#flushes.add(to, deadlineMs, ({ id }) => {
      // A new thread is asked for everything when it is ready.
      if (this.#worker === undefined) this.#start();
      else this.#post({ type: "flush", id, to, deadlineMs });
      this.#worker?.ref();
      this.#heartbeat.watch();
    });
  }

  close(deadlineMs: number): Promise<void> {
    if (this.#closing !== undefined) return this.#closing.done;
    let resolve = (): void => {};
    const done = new Promise<void>((resolveDone) => {
      resolve = resolveDone;
    });
    this.#closing = { deadlineMs, done, resolve };
    if (this.#inline !== undefined) void this.#inline.close(deadlineMs).finally(resolve);
    else {
      this.#closeGuard = lateTimer(this.#clock, deadlineMs + graceMs, () => this.#end());
      if (this.#worker === undefined) this.#start();
      else this.#post({ type: "close", deadlineMs });
      this.#worker?.ref();
      this.#heartbeat.watch();
    }
    return done;
  }

  save(): void {
    if (this.#inline !== undefined || !this.#durable) {
      this.#inline?.save();
      return;
    }
    const last = this.#unsettled.last;
    if (last === undefined) return;
    const reached =
      this.#worker === undefined ? this.#progress.read() : this.#progress.waitFor(last, exitWaitMs);
    this.#writeHere(this.#unsettled.after(reached));
  }

  /** The thread may still write them too: whoever reads the spool takes a sequence number once. */
  #writeHere(batches: readonly OutgoingBatch[]): void {
    this.#unsettled.writeOff();
    this.#standIn.write(batches);
    this.#standIn.close();
  }

  /** What cannot be said now is said when there is a thread: see {@link BackgroundThread.#brief}. */
  #post(message: ToBackground): void {
    if (this.#ready) this.#worker?.postMessage(message);
  }

  #start(): void {
    this.#restart?.[Symbol.dispose]();
    this.#restart = undefined;
    let worker: Worker;
    try {
      worker = new Worker(new URL("./worker.js", import.meta.url), {
        name: "model-data-collector",
        // Nothing of the host's is inherited: neither preloads and flags, nor the environment with its secrets.
        execArgv: [],
        env: {},
        stdin: false,
        stdout: true,
        stderr: true,
        resourceLimits: { maxOldGenerationSizeMb: 256 },
      });
    } catch (thrown) {
      this.#runInline(asError(thrown));
      return;
    }
    this.#worker = worker;
    worker.on("error", (error) => this.#died(worker, asError(error)));
    worker.on("exit", (code) => this.#died(worker, new Error(`exited with code ${code}`)));
    worker.on("message", (message: FromBackground) => this.#heard(worker, message));
    worker.unref();
    this.#heartbeat.heard();
    this.#heartbeat.watch();
    const progress = this.#progress.memory;
    worker.postMessage({ type: "start", spec: this.#spec, progress } satisfies ToBackground);
    if (this.#isAwaited) worker.ref();
  }

  /** Keeps other processes from taking this one's spool over while its thread has died and another is being started. */
  #holdSpool(): void {
    const { instance, spoolDirectory } = this.#spec;
    if (this.#hold !== undefined || !this.#durable) return;
    this.#hold = holdInstance({ directory: spoolDirectory, instance }) ?? null;
  }

  /** Tells a new thread all that was asked, or done here, before it was there, in that order. */
  #brief(): void {
    this.#post({ type: "update", settings: this.#spec.config });
    for (const segment of this.#standIn.relieve()) this.#post({ type: "deliver", segment });
    for (const batch of this.#unsettled.after()) this.#post({ type: "append", batch });
    for (const { id, to, leftMs } of this.#flushes.all()) {
      this.#post({ type: "flush", id, to, deadlineMs: leftMs });
    }
    if (this.#closing !== undefined) this.#post({ type: "close", deadlineMs: this.#closing.deadlineMs });
  }

  #heard(worker: Worker, message: FromBackground): void {
    if (worker !== this.#worker) return;
    this.#heartbeat.heard();
    switch (message.type) {
      case "ready":
        this.#ready = true;
        this.#failedStarts = 0;
        this.#brief();
        return;
      case "failed":
        this.#events.trouble({
          code: "BACKGROUND_FAILED",
          reason: "background_failed",
          message: message.message,
        });
        return;
      case "flushed":
        this.#flushes.settle(message.id, message.report);
        if (!this.#isAwaited) worker.unref();
        return;
      case "closed":
        this.#end();
        return;
      case "token":
        void this.#answerToken(worker, message.id, message.scopes);
        return;
      case "pong":
        return;
      default:
        if (message.type === "spooled" || message.type === "delivered") this.#deaths = 0;
        tellEvent(message, this.#events);
    }
  }

  /** The deployment is closed, or the thread will never say so: lets it go. */
  #end(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#ready = false;
    this.#heartbeat.stop();
    this.#restart?.[Symbol.dispose]();
    this.#closeGuard?.[Symbol.dispose]();
    if (this.#durable) this.#writeHere(this.#unsettled.after());
    for (const { id } of this.#flushes.all()) {
      this.#flushes.settle(id, this.#undone("the deployment is closed"));
    }
    void worker?.terminate();
    this.#hold?.[Symbol.dispose]();
    this.#closing?.resolve();
  }

  get #durable(): boolean {
    return this.#spec.config.spool.durability !== "memory";
  }

  get #isAwaited(): boolean {
    return this.#flushes.size > 0 || this.#closing !== undefined;
  }

  #undone(trouble: string): FlushReport {
    return { pending: Math.max(1, this.#unsettled.frames), trouble };
  }

  async #answerToken(worker: Worker, id: number, scopes: readonly string[]): Promise<void> {
    try {
      const token = await this.#host.getToken([...scopes]);
      const plain =
        token === null ? null : { token: token.token, expiresOnTimestamp: token.expiresOnTimestamp };
      worker.postMessage({ type: "token", id, token: plain } satisfies ToBackground);
    } catch (thrown) {
      worker.postMessage({
        type: "token",
        id,
        token: null,
        error: asError(thrown).message,
      } satisfies ToBackground);
    }
  }

  /** It hangs: another takes its place. */
  #givenUp(error: Error): void {
    const worker = this.#worker;
    if (worker === undefined) return;
    void worker.terminate();
    this.#died(worker, error);
  }

  #died(worker: Worker, error: Error): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    // A thread that hangs may still read what it was given when it goes on; the next one gets the same batches.
    this.#unsettled.writeOff();
    this.#giveUpPoison();
    const wasReady = this.#ready;
    this.#ready = false;
    if (!wasReady && ++this.#failedStarts >= maxFailedStarts) {
      this.#runInline(error);
      return;
    }
    const prompt = !wasReady || (this.#isAwaited && this.#deaths < promptRestarts);
    const delayMs = prompt ? 0 : Math.min(firstRestartMs * 2 ** this.#deaths, maxRestartMs);
    this.#deaths++;
    const message = `the background thread died (${error.message}); it is started again in ${delayMs} ms`;
    this.#events.trouble({ code: "BACKGROUND_FAILED", reason: "background_died", message });
    this.#restart = this.#clock.setTimer(() => this.#start(), delayMs);
  }

  /** With durability `memory`: what ended the thread again and again is not given to the next one. In a folder the spool keeps count. */
  #giveUpPoison(): void {
    const sequences = this.#encoding;
    this.#encoding = [];
    for (const { sequence, label, counts } of this.#unsettled.blame(sequences)) {
      this.#events.dropped("poison", parseLabel(label).collection, counts, {
        from: "memory",
        sequences: [sequence],
      });
    }
  }

  #runInline(error: Error): void {
    const message = `the background thread cannot be started (${error.message}); its work is done on this thread instead`;
    this.#events.trouble({ code: "BACKGROUND_FAILED", reason: "background_missing", message });
    this.#heartbeat.stop();
    const inline = composeEngine(this.#spec, { ...this.#host, events: this.#events });
    this.#inline = inline;
    for (const segment of this.#standIn.relieve()) inline.deliver(segment);
    for (const batch of this.#unsettled.after()) inline.append(batch);
    for (const { id, to, leftMs } of this.#flushes.all()) {
      void inline.flush(to, leftMs).then((report) => this.#flushes.settle(id, report));
    }
    if (this.#closing !== undefined) void inline.close(this.#closing.deadlineMs).finally(() => this.#end());
  }
}
