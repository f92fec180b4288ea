import type { Clock } from "../../base/time/clock.ts";
import { asError, messageOf } from "../../base/errors.ts";
import type { Engine } from "../../pipeline/delivery/engine.ts";
import { type Emit, isDeed } from "../../pipeline/engine-event.ts";
import type { composeEngine, EngineHost } from "../compose.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { HeldWork } from "./held-work.ts";
import { lateTimer, type PendingRequests } from "./pending-requests.ts";
import { RestartPolicy } from "./restart-policy.ts";
import { type startThread, type Thread, UnfitThreadError, type ThreadListener } from "./thread.ts";
import { answerToken, type FromBackground, Progress, type ToBackground } from "./thread-protocol.ts";
import { engineOf, threadOf, type ThreadState } from "./thread-state.ts";

/** What {@link ThreadSupervisor} needs. */
export interface SupervisorParts {
  readonly host: EngineHost;
  readonly clock: Clock;
  readonly work: HeldWork;
  readonly requests: PendingRequests;
  readonly startThread: typeof startThread;
  readonly loadEngine: () => Promise<typeof composeEngine>;
  /** How long the end of the process may wait for the thread to write what it was given, milliseconds. */
  readonly exitWaitMs: number;
}

/** How long a thread that is told to go may take before it is taken for gone all the same, milliseconds. */
const farewellMs = 2_000;
export const closedText = "the deployment is closed";

/**
 * Sees to it that there is somebody who does the work, and that each of them is told all of it. Starts the
 * first one at once.
 */
export class ThreadSupervisor {
  readonly #parts: SupervisorParts;
  readonly #work: HeldWork;
  readonly #requests: PendingRequests;
  readonly #restarts: RestartPolicy = new RestartPolicy();
  readonly #heartbeat: Heartbeat;
  /**
   * How far the thread is, in memory that both see: what messages tell comes too late when the process ends.
   */
  readonly progress: Progress = new Progress();
  #state: ThreadState = { is: "waiting" };

  constructor(parts: SupervisorParts) {
    const { clock, work, requests } = parts;
    this.#parts = parts;
    this.#work = work;
    this.#requests = requests;
    this.#heartbeat = new Heartbeat({
      clock,
      isNeeded: () => threadOf(this.#state) !== undefined && (work.isWaiting || !requests.isEmpty),
      ask: () => this.#post({ type: "ping" }),
      silent: (seconds) => this.#giveUp(new Error(`silent for ${seconds} s`)),
    });
    this.#start();
  }

  get state(): ThreadState {
    return this.#state;
  }

  /** Has what was written here seen to, if there is somebody for it. */
  tend(): void {
    if (this.#state.is !== "running") return;
    const near = this.#work.near.changes();
    if (near.unsynced.length > 0 || near.grownBytes !== 0) this.tell({ type: "tend", near });
    this.handOver(this.#work.near.rests ? "all" : "ripe");
  }

  /** Hands over what was written here, or what of it is ripe, if there is somebody to take it. */
  handOver(which: "ripe" | "all"): void {
    if (this.#state.is !== "running" || !this.#work.near.holds) return;
    for (const segment of this.#work.letGo(which)) this.tell({ type: "deliver", segment });
  }

  /** Something is expected of the thread: tells it, now or when it is there, and looks whether it lives. */
  tell(message?: ToBackground): void {
    if (message !== undefined) this.#post(message);
    this.#heartbeat.watch();
  }

  /** Somebody waits for the answer: starts a thread if there is none, and keeps the process alive for it. */
  ask(request: ToBackground): void {
    // A new thread is asked for everything when it is ready.
    if (this.#state.is === "waiting") this.#start();
    else this.#post(request);
    threadOf(this.#state)?.keepAlive(true);
    this.#heartbeat.watch();
  }

  /** If nobody waits any more, also a thread that never answered does not keep the process alive. */
  rest(): void {
    if (this.#requests.isEmpty) threadOf(this.#state)?.keepAlive(false);
  }

  close(deadlineMs: number): Promise<void> {
    const isNew = this.#requests.closing === undefined;
    const { done } = this.#requests.close(deadlineMs, () => this.#endLate());
    if (isNew) {
      if (this.#state.is === "inline") this.#closeInline(this.#state.engine);
      else this.ask({ type: "close", deadlineMs });
    }
    return done;
  }

  /** The process is ending: see to what is not in the spool yet, for the last time. */
  exit(): void {
    const state = this.#state;
    const engine = engineOf(state);
    this.#become({ is: "exiting", thread: threadOf(state), engine });
    engine?.save();
    this.#work.saveAll((sequence) =>
      this.progress.waitFor(sequence, state.is === "running" ? this.#parts.exitWaitMs : 0),
    );
  }

  /**
   * The one place where the state changes. What only the old one needed ends with it; what is closed stays
   * so.
   */
  #become(next: ThreadState): void {
    const before = this.#state;
    if (before.is === "closed") return;
    if ("timer" in before) before.timer?.[Symbol.dispose]();
    this.#state = next;
  }

  #start(): void {
    let thread: Thread;
    try {
      const listener: ThreadListener = {
        heard: (message) => this.#heard(thread, emit, message),
        died: (error) => this.#died(thread, error),
      };
      thread = this.#parts.startThread(listener, this.#work.spec.network);
    } catch (thrown) {
      this.#runInline(asError(thrown));
      return;
    }
    const emit = this.#work.toldBy(thread);
    this.#become({ is: "starting", thread });
    this.#heartbeat.heard();
    this.#heartbeat.watch();
    thread.post({ type: "start", spec: this.#work.spec, progress: this.progress.memory });
    if (!this.#requests.isEmpty) thread.keepAlive(true);
  }

  /** What cannot be said now, a thread is told when it is there: see {@link ThreadSupervisor.#resend}. */
  #post(message: ToBackground): void {
    if (this.#state.is === "running") this.#state.thread.post(message);
  }

  /** Tells a new thread all that was asked, or done here, before it was there, in that order. */
  #resend(): void {
    const isAwaited = !this.#requests.isEmpty;
    for (const message of [...this.#work.messages(isAwaited), ...this.#requests.messages()])
      this.#post(message);
    this.tend();
  }

  #heard(thread: Thread, emit: Emit, message: FromBackground): void {
    const state = this.#state;
    if (state.is === "closed" || state.is === "exiting") return;
    if (thread !== threadOf(state)) {
      // The last words of a thread that was replaced before it was gone: what it got done is done.
      if (message.type === "event" && isDeed(message.event)) emit(message.event);
      return;
    }
    this.#heartbeat.heard();
    switch (message.type) {
      case "ready":
        // The first word of one that was told to go comes too late.
        if (state.is !== "starting") return;
        this.#become({ is: "running", thread });
        this.#restarts.started();
        this.#resend();
        return;
      case "failed":
        this.#trouble("background_failed", message.message);
        return;
      case "flushed":
        this.#requests.settle(message.id, message.report);
        return;
      case "closed":
        this.#end();
        return;
      case "token":
        void answerToken(thread, this.#parts.host, message);
        return;
      case "tended":
        this.#work.near.tended(message.tended);
        this.handOver(this.#work.near.rests ? "all" : "ripe");
        return;
      case "pong":
        return;
      case "event": {
        const { event } = message;
        if (event.kind === "spooled" || event.kind === "delivered") this.#restarts.worked();
        if (event.kind === "spooled") this.#work.spoolHolds = true;
        if (event.kind === "usage") this.#work.spoolHolds = event.usage.segments > 0;
        emit(event.kind === "usage" ? { ...event, usage: this.#work.usage(event.usage) } : event);
      }
    }
  }

  /** It hangs: another takes its place when it is gone, so that no two of them work on the same segments. */
  #giveUp(error: Error): void {
    const state = this.#state;
    if (state.is !== "starting" && state.is !== "running") return;
    const { thread } = state;
    const timer = this.#parts.clock.setTimer(() => this.#died(thread, error, "stuck"), farewellMs);
    this.#become({ is: "replacing", thread, wasReady: state.is === "running", timer });
    thread.end();
  }

  /** Nobody says that it has closed. What a thread did say is still heard when it is gone. */
  #endLate(): void {
    const thread = this.#state.is === "exiting" ? undefined : threadOf(this.#state);
    if (thread === undefined) {
      this.#end();
      return;
    }
    const timer = lateTimer(this.#parts.clock, farewellMs, () => this.#end());
    this.#become({ is: "ending", thread, timer });
    thread.end();
  }

  #died(thread: Thread, error: Error, how: "gone" | "stuck" = "gone"): void {
    const state = this.#state;
    if (state.is === "exiting" || thread !== threadOf(state)) return;
    this.#work.outliveThread(how);
    // Whoever was told of a loss may have ended the process.
    if (this.#state !== state) return;
    if (state.is === "ending") {
      this.#end();
      return;
    }
    if (error instanceof UnfitThreadError) {
      this.#runInline(error);
      return;
    }
    const wasReady = state.is === "replacing" ? state.wasReady : state.is === "running";
    const delayMs = this.#restarts.died(wasReady, !this.#requests.isEmpty);
    if (delayMs === undefined) {
      this.#runInline(error);
      return;
    }
    this.#become({ is: "waiting", timer: this.#parts.clock.setTimer(() => this.#start(), delayMs) });
    const message = `the background thread died (${messageOf(error)}); it is started again in ${delayMs} ms`;
    this.#trouble("background_died", message);
  }

  /** What does the work here is loaded only now: nearly every process has a thread for it. */
  #runInline(error: Error): void {
    this.#heartbeat.stop();
    this.#become({ is: "loading" });
    const why = `the background thread cannot be started (${messageOf(error)})`;
    this.#parts
      .loadEngine()
      .then((compose) => this.#beInline(compose, why))
      .catch((thrown: unknown) => this.#trouble("background_missing", `${why}; ${messageOf(thrown)}`));
  }

  #beInline(compose: typeof composeEngine, why: string): void {
    if (this.#state.is !== "loading") return;
    const emit = this.#work.toldBy(this);
    const engine = compose(this.#work.spec, { ...this.#parts.host, emit });
    this.#become({ is: "inline", engine });
    this.#work.giveTo(engine);
    this.#requests.flushBy(engine);
    if (this.#requests.closing !== undefined) this.#closeInline(engine);
    const advice = "(a bundle needs model-data-collector/worker as a file beside it)";
    this.#trouble("background_missing", `${why}; its work is done on this thread instead ${advice}`);
  }

  #closeInline(engine: Engine): void {
    void engine
      .close(this.#requests.closing?.leftMs ?? 0)
      .catch((thrown: unknown) => this.#trouble("background_failed", messageOf(thrown)))
      .finally(() => this.#end());
  }

  /** All is done, or whoever was to do it will never say so: lets everything go. */
  #end(): void {
    const state = this.#state;
    if (state.is === "closed") return;
    this.#become({ is: "closed" });
    this.#heartbeat.stop();
    this.#work.keep(this.#work.batches.after());
    this.#work.close();
    threadOf(state)?.end();
    this.#requests.end(closedText);
  }

  #trouble(reason: string, message: string): void {
    this.#work.emit({ kind: "trouble", code: "BACKGROUND_FAILED", reason, message });
  }
}
