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
import type { SealedSegment } from "../spool/spool.ts";
import { composeEngine, composeSpool, type EngineHost, type EngineSpec } from "./compose.ts";
import { createProgress, type Progress } from "./progress.ts";
import type { FromBackground, ToBackground } from "./thread-protocol.ts";

/**
 * The engine in a thread of its own, supervised: if the thread dies it is started again and gets once more every batch
 * it had not yet spooled (batches live in shared memory, and the spool reads a batch that was written twice only once).
 * If it cannot be started at all - a bundler left its file out - the engine runs on this thread instead.
 */
export function startBackgroundThread(spec: EngineSpec, host: EngineHost, clock: Clock): Engine {
  return new BackgroundThread(spec, host, clock);
}

const firstRestartMs = 1_000;
const maxRestartMs = 60_000;
/** A thread that was asked something and says nothing for this long hangs. */
const silenceMs = 60_000;
const pingMs = 5_000;
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
  #answered = false;
  #failedStarts = 0;
  #restartMs = firstRestartMs;
  #heartbeat: Disposable | undefined;
  #lastHeard = 0;
  /** Batches whose only other copy is in the thread's memory, in order: not yet spooled, or never to be (durability `memory`). */
  readonly #unsettled = new Map<number, OutgoingBatch>();
  /** How far the thread is, in memory that both see: what messages tell comes too late when the process ends. */
  readonly #progress: Progress = createProgress();
  readonly #flushes = new Map<number, PendingFlush>();
  #flushId = 0;
  #closing:
    | { readonly deadlineMs: number; readonly done: Promise<void>; readonly resolve: () => void }
    | undefined;
  readonly #events: BackendEvents;

  constructor(spec: EngineSpec, host: EngineHost, clock: Clock) {
    this.#spec = spec;
    this.#host = host;
    this.#clock = clock;
    const { events } = host;
    this.#events = {
      ...events,
      spooled: (collection, sequence, counts) => {
        this.#unsettled.delete(sequence);
        events.spooled(collection, sequence, counts);
      },
      delivered: (collection, counts, recovered, sequences) => {
        for (const sequence of sequences) this.#unsettled.delete(sequence);
        events.delivered(collection, counts, recovered, sequences);
      },
      dropped: (reason, collection, counts, origin) => {
        if (origin.from !== "recovered")
          for (const sequence of origin.sequences) this.#unsettled.delete(sequence);
        events.dropped(reason, collection, counts, origin);
      },
    };
    this.#start();
  }

  append(batch: OutgoingBatch): void {
    if (this.#inline !== undefined) {
      this.#inline.append(batch);
      return;
    }
    this.#unsettled.set(batch.sequence, batch);
    this.#post({ type: "append", batch });
    this.#watch();
  }

  deliver(segment: SealedSegment): void {
    if (this.#inline !== undefined) this.#inline.deliver(segment);
    else this.#post({ type: "deliver", segment });
  }

  update(settings: BackendSettings): void {
    this.#spec = { ...this.#spec, config: { ...this.#spec.config, rotation: settings.rotation } };
    this.#inline?.update(settings);
    this.#post({ type: "update", settings });
  }

  flush(to: FlushTarget | "empty", deadlineMs: number): Promise<FlushReport> {
    if (this.#inline !== undefined) return this.#inline.flush(to, deadlineMs);
    const id = this.#flushId++;
    return new Promise((resolve) => {
      const flush: PendingFlush = { to, deadlineMs, endsAt: this.#clock.monotonic() + deadlineMs, resolve };
      this.#flushes.set(id, flush);
      this.#worker?.ref();
      this.#post({ type: "flush", id, to, deadlineMs });
      this.#watch();
    });
  }

  close(deadlineMs: number): Promise<void> {
    if (this.#inline !== undefined) return this.#inline.close(deadlineMs);
    if (this.#closing === undefined) {
      let resolve = (): void => {};
      const done = new Promise<void>((resolveDone) => {
        resolve = resolveDone;
      });
      this.#closing = { deadlineMs, done, resolve };
      this.#worker?.ref();
      this.#post({ type: "close", deadlineMs });
      this.#watch();
    }
    return this.#closing.done;
  }

  save(): void {
    if (this.#inline !== undefined || this.#spec.config.spool.durability === "memory") {
      this.#inline?.save();
      return;
    }
    const last = [...this.#unsettled.keys()].at(-1);
    if (last === undefined) return;
    const reached =
      this.#worker === undefined ? this.#progress.read() : this.#progress.waitFor(last, exitWaitMs);
    const left = [...this.#unsettled.values()].filter(({ sequence }) => sequence > reached);
    if (left.length === 0) return;
    // The thread may still write them too: whoever reads the spool takes a sequence number once.
    const spool = composeSpool(this.#spec);
    for (const { label, bytes, counts, sequence } of left) spool.append(label, bytes, counts, sequence);
    spool.close();
  }

  #post(message: ToBackground): void {
    // A batch that cannot be posted now stays in #unsettled and goes with the next thread.
    this.#worker?.postMessage(message);
  }

  #start(): void {
    this.#answered = false;
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
    this.#lastHeard = this.#clock.monotonic();
    this.#post({ type: "start", spec: this.#spec, progress: this.#progress.memory });
    this.#resend();
  }

  /** Everything that the last thread may not have done, in the order in which it was asked. */
  #resend(): void {
    for (const batch of this.#unsettled.values()) this.#post({ type: "append", batch });
    const now = this.#clock.monotonic();
    for (const [id, { to, endsAt }] of this.#flushes) {
      this.#post({ type: "flush", id, to, deadlineMs: Math.max(0, endsAt - now) });
    }
    if (this.#closing !== undefined) this.#post({ type: "close", deadlineMs: this.#closing.deadlineMs });
    if (this.#flushes.size > 0 || this.#closing !== undefined) this.#worker?.ref();
  }

  #heard(worker: Worker, message: FromBackground): void {
    if (worker !== this.#worker) return;
    this.#lastHeard = this.#clock.monotonic();
    switch (message.type) {
      case "ready":
        this.#answered = true;
        this.#failedStarts = 0;
        return;
      case "failed":
        this.#events.trouble({
          code: "BACKGROUND_FAILED",
          reason: "background_failed",
          message: message.message,
        });
        return;
      case "spooled":
        this.#restartMs = firstRestartMs;
        this.#events.spooled(message.collection, message.sequence, message.counts);
        return;
      case "delivered":
        this.#events.delivered(message.collection, message.counts, message.recovered, message.sequences);
        return;
      case "dropped":
        this.#events.dropped(message.reason, message.collection, message.counts, message.origin);
        return;
      case "trouble":
        this.#events.trouble(message.trouble);
        return;
      case "health":
        this.#events.health(message.health);
        return;
      case "flushed": {
        const flush = this.#flushes.get(message.id);
        this.#flushes.delete(message.id);
        if (this.#flushes.size === 0 && this.#closing === undefined) worker.unref();
        flush?.resolve(message.report);
        return;
      }
      case "closed":
        this.#end(worker);
        return;
      case "token":
        void this.#answerToken(worker, message.id, message.scopes);
        return;
      case "pong":
        return;
    }
  }

  /** The deployment is closed: lets the thread go. */
  #end(worker: Worker): void {
    this.#worker = undefined;
    this.#heartbeat?.[Symbol.dispose]();
    void worker.terminate();
    this.#closing?.resolve();
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

  #died(worker: Worker, error: Error): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    if (!this.#answered && ++this.#failedStarts >= maxFailedStarts) {
      this.#runInline(error);
      return;
    }
    const message = `the background thread died (${error.message}); it is started again in ${this.#restartMs} ms`;
    this.#events.trouble({ code: "BACKGROUND_FAILED", reason: "background_died", message });
    const waited = this.#flushes.size > 0 || this.#closing !== undefined;
    startAfter(this.#clock, waited ? 0 : this.#restartMs, () => this.#start());
    this.#restartMs = Math.min(this.#restartMs * 2, maxRestartMs);
  }

  #runInline(error: Error): void {
    const message = `the background thread cannot be started (${error.message}); its work is done on this thread instead`;
    this.#events.trouble({ code: "BACKGROUND_FAILED", reason: "background_missing", message });
    this.#heartbeat?.[Symbol.dispose]();
    const inline = composeEngine(this.#spec, { ...this.#host, events: this.#events });
    this.#inline = inline;
    for (const batch of [...this.#unsettled.values()]) inline.append(batch);
    const now = this.#clock.monotonic();
    for (const { to, endsAt, resolve } of this.#flushes.values()) {
      void inline.flush(to, Math.max(0, endsAt - now)).then(resolve);
    }
    this.#flushes.clear();
    if (this.#closing !== undefined) void inline.close(this.#closing.deadlineMs).then(this.#closing.resolve);
  }

  /** While something is expected of the thread, asks it for a sign of life. */
  #watch(): void {
    if (this.#heartbeat !== undefined) return;
    this.#heartbeat = this.#clock.setTimer(() => {
      this.#heartbeat = undefined;
      const worker = this.#worker;
      if (worker === undefined) return;
      if (this.#unsettled.size === 0 && this.#flushes.size === 0 && this.#closing === undefined) return;
      if (this.#clock.monotonic() - this.#lastHeard > silenceMs) {
        void worker.terminate();
        this.#died(worker, new Error(`silent for ${silenceMs / 1000} s`));
      } else {
        this.#post({ type: "ping" });
      }
      this.#watch();
    }, pingMs);
  }
}

interface PendingFlush {
  readonly to: FlushTarget | "empty";
  readonly deadlineMs: number;
  readonly endsAt: number;
  readonly resolve: (report: FlushReport) => void;
}

/** A restart that somebody waits for happens at once and keeps the process alive; one that nobody waits for does not. */
function startAfter(clock: Clock, ms: number, start: () => void): void {
  if (ms > 0) clock.setTimer(start, ms);
  else setImmediate(start);
}
