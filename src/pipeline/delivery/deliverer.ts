import { comesWithin } from "../../base/time/wait.ts";
import { messageOf } from "../../base/errors.ts";
import type { SealedSegment } from "../../spool/sealed-segments.ts";
import { BodiesFirst } from "./bodies/bodies-first.ts";
import { BlockedCollections, type Unpinned } from "./blocked-collections.ts";
import { type DelivererParts, takes } from "./deliverer-parts.ts";
import { DeliveryQueue } from "./delivery-queue.ts";
import { DeliveryHealth, type Obstacle, obstacleEvent } from "./delivery-health.ts";
import { DeliveryTargets } from "./delivery-targets.ts";
import { DeliveryTask, sequencesInMemory, type TaskKind } from "./delivery-task.ts";
import { DeliveryWaiter } from "./delivery-waiter.ts";
import { Outage, type PutFailure } from "./outage.ts";
import { SegmentProfiler } from "./profiles/segment-profiler.ts";
import { createSchemaRegistry } from "./pins/schema-registry.ts";
import { SegmentEncoder } from "./encoding/segment-encoder.ts";
import { SenderProbe } from "./sender-probe.ts";
import { type SetAsideReason, SpoolExit } from "./spool-exit.ts";
import { TableEntries, tableRetryMs } from "./tables/table-entries.ts";

/** A segment that cannot be read from the spool this often is set aside. */
const maxSpoolFailures = 4;
/** What is only profiled is set aside when that was begun this often, and never came to an end. */
const maxProfileAttempts = 8;
/** Settled segments remembered: recovery and the thread that sealed one may both add it. */
const maxRemembered = 1_000;

/**
 * Turns sealed segments into files at the destination: each exactly once, for as long as it takes.
 *
 * What happens to a segment is in its task's state. What happens to all is the {@link Outage}'s, and what
 * happens to a collection that of the {@link BlockedCollections}: here is only who goes next, and what comes
 * of it.
 */
export class Deliverer {
  readonly #parts: DelivererParts;
  readonly #encoder: SegmentEncoder;
  readonly #targets: DeliveryTargets;
  readonly #probe: SenderProbe | undefined;
  readonly #profiler: SegmentProfiler;
  readonly #tables: TableEntries;
  readonly #exit: SpoolExit;
  readonly #health: DeliveryHealth;
  readonly #outage: Outage;
  readonly #blocked: BlockedCollections;
  readonly #bodies = new BodiesFirst((tasks) => this.#requeue(tasks));
  readonly #stopping = new AbortController();
  /** All that are not settled, by segment id. */
  readonly #tasks = new Map<string, DeliveryTask>();
  readonly #queue = new DeliveryQueue(this.#bodies);
  readonly #attempts = new Set<Promise<void>>();
  readonly #waiters = new Set<DeliveryWaiter>();
  readonly #settled = new Set<string>();

  constructor(parts: DelivererParts) {
    const { spool, store, clock, emit, sender } = parts;
    this.#parts = parts;
    this.#encoder = new SegmentEncoder({ ...parts, registry: createSchemaRegistry(store) });
    this.#targets = new DeliveryTargets(parts, () => this.#outage.succeeded());
    this.#profiler = new SegmentProfiler(parts);
    this.#tables = new TableEntries(parts);
    this.#exit = new SpoolExit(spool, emit, parts.book);
    this.#health = new DeliveryHealth(emit);
    this.#outage = new Outage(clock, () => this.#resume());
    this.#blocked = new BlockedCollections(clock, (tasks) => this.#requeue(tasks));
    if (parts.onlySends !== true || sender === undefined) return;
    this.#probe = new SenderProbe({
      ...{ sender, outage: this.#outage, signal: this.#stopping.signal },
      isBusy: () => this.#attempts.size > 0,
      onAbsent: (obstacle, delayMs) => this.#tellObstacle(undefined, obstacle, delayMs),
      onDone: () => this.#tellHealth(),
    });
    void this.#probe.run();
  }

  /** The newest trouble, until something succeeds. */
  get trouble(): string | undefined {
    return this.#health.trouble;
  }

  /** What is not settled, with the counts that are still to be told of it. */
  get left(): Iterable<DeliveryTask> {
    return this.#tasks.values();
  }

  /**
   * Takes over a sealed segment; one that it was given before is ignored. Throws if its label is not one of
   * this version's, or nobody here takes what it holds; then it stays in the spool.
   */
  add(segment: SealedSegment): void {
    const task = new DeliveryTask(segment);
    this.#targets.of(task);
    if (!takes(this.#parts, task.label)) throw new Error("there is nobody who keeps profiles, or tables");
    if (this.#tasks.has(segment.id) || this.#settled.has(segment.id)) return;
    this.#tasks.set(segment.id, task);
    this.#bodies.added(task);
    this.#queue.add(task);
    this.#pump();
  }

  /** Resolves when all added so far are settled, or at the deadline, with how many frames are not. */
  async settled(deadlineMs: number, which: TaskKind = "own"): Promise<number> {
    const tasks = [...this.#tasks.values()];
    const waiter = new DeliveryWaiter(tasks.filter((task) => task.isOf(which)));
    this.#waiters.add(waiter);
    for (const task of waiter.left) task.awaited = true;
    this.#requeue(tasks.filter(({ state }) => state.is === "held"));
    this.#blocked.probeAll();
    this.#outage.endPause();
    waiter.check(this.#stopping.signal.aborted);
    await comesWithin(this.#parts.clock, deadlineMs, waiter.done);
    this.#waiters.delete(waiter);
    return waiter.frames;
  }

  /** Ends running attempts and starts no more; what is undelivered stays in the spool. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#outage.stop();
    this.#blocked.stop();
    this.#requeue([...this.#tasks.values()].filter(({ state }) => state.is === "held"));
    await Promise.all(this.#attempts);
    this.#exit.again();
    for (const waiter of this.#waiters) waiter.check(true);
  }

  #requeue(tasks: readonly DeliveryTask[]): void {
    for (const task of tasks) task.enter({ is: "waiting" });
    this.#queue.addAgain(tasks);
    this.#pump();
  }

  /** Something can be sent again. */
  #resume(): void {
    this.#pump();
    if (this.#attempts.size === 0 && this.#outage.obstacle !== undefined) void this.#probe?.run();
  }

  #pump(): void {
    // After a failure one attempt at a time probes whether the destination is back.
    const most = this.#probe === undefined ? (this.#parts.concurrency ?? 2) : 1;
    const limit = this.#outage.obstacle === undefined ? most : 1;
    while (!this.#stopping.signal.aborted && this.#attempts.size < limit) {
      const task = this.#queue.take(this.#outage.isPaused);
      if (task === undefined) return;
      if (!this.#bodies.admits(task) || !this.#blocked.admits(task)) continue;
      task.enter({ is: "encoding" });
      const attempt = this.#attempt(task).finally(() => {
        this.#attempts.delete(attempt);
        this.#tellHealth();
        this.#parts.onAttempt?.(this.#tasks.size);
        for (const waiter of this.#waiters) waiter.check(this.#stopping.signal.aborted);
        this.#pump();
      });
      this.#attempts.add(attempt);
    }
  }

  /** Never rejects. */
  async #attempt(task: DeliveryTask): Promise<void> {
    try {
      await this.#deliver(task);
    } catch (thrown) {
      // A spool that cannot be read or written: of this segment, not of the destination.
      const message = messageOf(thrown);
      if (++task.spoolFailures >= maxSpoolFailures) this.#setAside(task, "corrupt", message);
      else this.#hold(task, { status: "degraded", message }, 1_000 * 8 ** (task.spoolFailures - 1));
    }
  }

  /** Throws the system's error when the spool cannot be read or written; then nothing was told. */
  async #deliver(task: DeliveryTask): Promise<void> {
    const { signal } = this.#stopping;
    if (task.label.format === "unsampled") {
      if (this.#parts.spool.attempt(task.segment) > maxProfileAttempts)
        this.#setAside(task, "poison", "profiling it ended its thread");
      else this.#done(task, await this.#profiler.textsOf(task));
      return;
    }
    if (task.label.format === "table") {
      const obstacle = await this.#tables.enter(task);
      if (obstacle === undefined) this.#release(task);
      else this.#hold(task, obstacle, tableRetryMs);
      return;
    }
    const encoded = await this.#encoder.encode(task, signal);
    switch (encoded.status) {
      case "frozen": {
        this.#health.clear(task);
        this.#blocked.unblock(task.label);
        task.enter({ is: "putting" });
        const result = await this.#targets.of(task).put(task, encoded, signal);
        if (result.status === "stored" || result.status === "exists") {
          this.#outage.succeeded();
          this.#done(task, await this.#profiler.textsOf(task));
        } else this.#failed(task, result);
        return;
      }
      case "empty":
        this.#release(task);
        return;
      case "poison":
        this.#setAside(task, "poison", encoded.error.message);
        return;
      case "suspect":
        this.#hold(task, { status: "degraded", message: encoded.error.message }, encoded.retryMs);
        return;
      case "blocked":
      case "rejected":
      case "retryable":
        // A service that asks for patience means everybody.
        if ("retryAfterMs" in encoded) this.#failed(task, encoded);
        else this.#block(task, encoded);
    }
  }

  /** All that was to be done with a segment's frames is done. */
  #done(task: DeliveryTask, profile: readonly string[]): void {
    const { segment, label, counts } = task;
    const { spool, emit, book } = this.#parts;
    const sequences = sequencesInMemory(spool, segment);
    // Told first: if this thread dies in between, the next one finds the segment and tells it again, which is
    // noticed.
    const { id, recovered } = segment;
    book?.profiled(task, profile);
    book?.delivered(task);
    emit({ kind: "delivered", collection: label.collection, counts, recovered, sequences, segment: id });
    this.#release(task);
  }

  #release(task: DeliveryTask): void {
    this.#settle(task);
    this.#exit.release(task.segment);
  }

  #failed(task: DeliveryTask, failure: PutFailure): void {
    const verdict = this.#outage.judge(task, failure);
    if (verdict.is === "setAside") {
      const target = this.#targets.of(task);
      if (target.leaveOut === undefined) this.#setAside(task, verdict.reason, verdict.detail);
      else {
        target.leaveOut(task, verdict.detail);
        this.#requeue([task]);
      }
      return;
    }
    if (!this.#stopping.signal.aborted) {
      this.#outage.pause(verdict.obstacle, verdict.delayMs);
      this.#tellObstacle(task, verdict.obstacle, verdict.delayMs);
    }
    this.#requeue([task]);
  }

  /** Something about this segment: it waits, and the others pass it by. */
  #hold(task: DeliveryTask, obstacle: Obstacle, delayMs: number): void {
    this.#health.hinder(task, obstacle);
    if (this.#stopping.signal.aborted) {
      this.#requeue([task]);
      return;
    }
    const timer = this.#parts.clock.setTimer(() => this.#requeue([task]), delayMs);
    task.enter({ is: "held", timer });
    this.#tellObstacle(task, obstacle, delayMs);
    this.#blocked.passOn(task);
  }

  /** Something about this segment's collection: all its segments wait. */
  #block(task: DeliveryTask, failure: Unpinned): void {
    if (failure.status === "rejected") this.#outage.refused(task);
    const { obstacle, delayMs } = this.#blocked.block(task, failure);
    if (!this.#stopping.signal.aborted) this.#tellObstacle(task, obstacle, delayMs);
  }

  #setAside(task: DeliveryTask, reason: SetAsideReason, detail: string): void {
    this.#exit.setAside(task, reason, detail, () => this.#settle(task));
  }

  #settle(task: DeliveryTask): void {
    const { id } = task.segment;
    task.enter({ is: "settled" });
    this.#parts.emit({ kind: "settled", segment: id });
    this.#tasks.delete(id);
    this.#health.clear(task);
    for (const { left } of this.#waiters) left.delete(task);
    this.#settled.add(id);
    if (this.#settled.size > maxRemembered) this.#settled.delete(this.#settled.keys().next().value as string);
    this.#blocked.unblock(task.label);
    this.#bodies.settled(task);
  }

  /** Without a task it is about no collection, but about the sender. */
  #tellObstacle(task: DeliveryTask | undefined, obstacle: Obstacle, delayMs: number): void {
    const where = this.#targets.describe(task);
    this.#parts.emit(obstacleEvent(where, obstacle, delayMs, task?.label.collection));
  }

  #tellHealth(): void {
    const { obstacle } = this.#outage;
    this.#health.tell([...(obstacle === undefined ? [] : [obstacle]), ...this.#blocked.obstacles()]);
  }
}
