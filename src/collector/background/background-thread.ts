import type { Clock } from "../../base/time/clock.ts";
import type { BackendSettings, FlushGoal, FlushReport, OutgoingBatch } from "../../pipeline/backend.ts";
import type { Engine } from "../../pipeline/delivery/engine.ts";
import { holdInstance } from "../../spool/instance/hold-instance.ts";
import type { SealedSegment, UnsealedSegment } from "../../spool/sealed-segments.ts";
import type { composeEngine, EngineHost, EngineSpec } from "../compose.ts";
import { HeldWork } from "./held-work.ts";
import { composeWriter } from "./near/compose-writer.ts";
import { NearTending } from "./near/near-tending.ts";
import { PendingRequests } from "./pending-requests.ts";
import { startThread } from "./thread.ts";
import { engineOf } from "./thread-state.ts";
import { closedText, ThreadSupervisor } from "./thread-supervisor.ts";

/** What a background thread is made of, replaceable for tests. */
export interface ThreadParts {
  readonly startThread: typeof startThread;
  readonly loadEngine: () => Promise<typeof composeEngine>;
  readonly composeWriter: typeof composeWriter;
  readonly holdInstance: typeof holdInstance;
  /** How long the end of the process may wait for the thread to write what it was given, milliseconds. */
  readonly exitWaitMs: number;
}

const systemParts: ThreadParts = {
  ...{ startThread, composeWriter, holdInstance, exitWaitMs: 200 },
  loadEngine: async () => (await import("../compose.ts")).composeEngine,
};

const outlivedText = "a background thread hangs, and keeps what it has";

/**
 * The engine in a thread of its own, supervised. Small batches are written to the spool here, by the near
 * writer, and the thread is told when there is something to sync, to seal and to deliver; large ones, and all
 * while writing is slow, cross to the thread. If it dies it is started again and gets once more every batch
 * it had not yet spooled (batches live in shared memory, and the spool reads a batch that was written twice
 * only once), and every segment that was written here and has not come to its end. If it cannot be started at
 * all - a bundler left its file out - the engine runs on this thread instead.
 */
export class BackgroundThread implements Engine {
  readonly #work: HeldWork;
  readonly #requests: PendingRequests;
  readonly #supervisor: ThreadSupervisor;
  readonly #tending: NearTending;

  constructor(spec: EngineSpec, host: EngineHost, clock: Clock, parts: ThreadParts = systemParts) {
    const work = new HeldWork(spec, { ...parts, emit: host.emit, clock });
    const requests = new PendingRequests(clock);
    this.#work = work;
    this.#requests = requests;
    this.#supervisor = new ThreadSupervisor({ ...parts, host, clock, work, requests });
    const { fsync, fsyncIntervalMs } = spec.config.spool;
    this.#tending = new NearTending({
      clock,
      syncMs: () => (fsync === "interval" ? fsyncIntervalMs : Number.POSITIVE_INFINITY),
      maxAgeMs: () => work.spec.config.rotation.maxAgeMs,
      isNeeded: () => work.near.holds && this.#supervisor.state.is !== "closed",
      tend: () => this.#supervisor.tend(),
    });
  }

  allocate(size: number): Uint8Array {
    return this.#work.batches.allocate(size);
  }

  get heldBytes(): number {
    // A spool in memory has copies of its own.
    return this.#work.batches.bytes * (this.#work.durable ? 1 : 2);
  }

  append(batch: OutgoingBatch): void {
    const { state } = this.#supervisor;
    const work = this.#work;
    work.batches.add(batch);
    switch (state.is) {
      case "starting":
      case "replacing":
      case "ending":
      case "waiting":
      case "loading":
        work.holdSpool();
        if (work.durable) work.writeAlone(batch);
        this.#supervisor.tell();
        this.#tending.written();
        return;
      case "running":
        work.holdSpool();
        this.#appendTo(batch);
        return;
      case "inline":
        state.engine.append(batch);
        return;
      case "exiting":
        if (state.engine !== undefined && work.durable) state.engine.append(batch);
        else work.keep([batch]);
        return;
      case "closed":
        work.refuse([batch]);
    }
  }

  /** Writes a batch here, or has the thread do it. */
  #appendTo(batch: OutgoingBatch): void {
    const work = this.#work;
    const { near } = work;
    if (work.isForThread(batch)) {
      this.#supervisor.tell({ type: "append", batch });
      return;
    }
    const rested = near.rests;
    if (work.writeNear(batch, () => this.#supervisor.progress.quickAppends)) {
      if (rested) this.#supervisor.tell({ type: "rest" });
      else this.#supervisor.tell();
      this.#supervisor.handOver("ripe");
      this.#tending.written();
    } else {
      // What was written here is older.
      this.#supervisor.handOver("all");
      this.#supervisor.tell({ type: "append", batch });
    }
  }

  deliver(segment: SealedSegment | UnsealedSegment): void {
    const engine = engineOf(this.#supervisor.state);
    if (engine !== undefined) {
      engine.deliver(segment);
      return;
    }
    this.#work.segments.add(segment);
    this.#supervisor.tell({ type: "deliver", segment });
  }

  update(settings: BackendSettings): void {
    this.#work.update(settings);
    const engine = engineOf(this.#supervisor.state);
    if (engine !== undefined) engine.update(settings);
    else this.#supervisor.tell({ type: "update", settings });
  }

  async flush(to: FlushGoal, deadlineMs: number): Promise<FlushReport> {
    const report = await this.#flush(to, deadlineMs);
    if (to === "spool" || !this.#work.isOutlived) return report;
    return { ...report, mayBeMore: true, trouble: report.trouble ?? outlivedText };
  }

  async #flush(to: FlushGoal, deadlineMs: number): Promise<FlushReport> {
    const { state } = this.#supervisor;
    const engine = engineOf(state);
    if (engine !== undefined) return engine.flush(to, deadlineMs);
    const silent = this.#work.silentReport(to);
    if (to === "spool") this.#supervisor.tend();
    else this.#supervisor.handOver("all");
    if (state.is === "closed") return silent(closedText);
    const report = await this.#requests.flush(to, deadlineMs, silent, (request) =>
      this.#supervisor.ask(request),
    );
    this.#supervisor.rest();
    return report;
  }

  close(deadlineMs: number): Promise<void> {
    this.#tending.stop();
    this.#supervisor.handOver("all");
    return this.#supervisor.close(deadlineMs);
  }

  save(): void {
    this.#supervisor.exit();
  }
}
