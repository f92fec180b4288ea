import { hostname } from "node:os";
import type { Clock } from "../base/time/clock.ts";
import { comesWithin } from "../base/time/wait.ts";
import type { Ids } from "../base/ids.ts";
import { once } from "../base/once.ts";
import type { DeploymentConfig } from "../config/deployment-config.ts";
import { createConfigHandle, type MutableConfigHandle } from "../config/config-handle.ts";
import type { ResolvedDeployment } from "../config/resolve.ts";
import type { Backend, FlushReport, FlushGoal } from "../pipeline/backend.ts";
import { Batcher } from "../pipeline/batching/batcher.ts";
import type { Queued } from "../pipeline/batching/frame-queue.ts";
import { Ledger } from "../pipeline/ledger.ts";
import { Accounting } from "./accounting.ts";
import type { CloseReport, DeploymentStatus, FlushResult } from "./api.ts";
import { AsideBodies } from "./bodies/aside-bodies.ts";
import { LedgerSender } from "./account/ledger-sender.ts";
import { DeploymentCollection } from "./deployment-collection.ts";
import { DeploymentCollections } from "./deployment-collections.ts";
import { followConfigFiles } from "./config-following.ts";
import { backendOf, type CoreParts, systemParts } from "./core-parts.ts";
import { type Accepted, Requests } from "./keeping/requests.ts";
import { answeredWithin, droppedOf, FlushAccount } from "./flush/flush-account.ts";
import { PromisedDelivery } from "./flush/promised-delivery.ts";
import { NaturalEnd } from "./flush/natural-end.ts";
import { onProcessEnd } from "./process/shutdown-hooks.ts";
import type { PlacedDeployment } from "./spool-place.ts";
import { tellKillSwitch } from "./report/kill-switch.ts";
import { tellSpoolElsewhere } from "./report/spool-elsewhere.ts";
import { RateLimitedListener } from "./report/rate-limited-listener.ts";
import { Reporter } from "./report/reporter.ts";
import { StatusBoard } from "./report/status-board.ts";
import { warnOfSlips } from "./report/slips.ts";
import type { Measured } from "./report/instruments.ts";
import { startTelemetry } from "./report/telemetry.ts";
import { startStatsTicker } from "./stats-ticker.ts";

/** How long a delivery may take that a platform was asked to wait for, milliseconds. */
const promisedDeadlineMs = 30_000;
/** How long opening waits for the background thread, milliseconds. */
const readyPatienceMs = 250;

/**
 * The inside of a deployment, which its collectors share: composes the ledger, the batcher, the backend
 * behind it, and who is told.
 */
export class DeploymentCore {
  readonly handle: MutableConfigHandle;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly ledger: Ledger = new Ledger();
  /** Who is told of what concerns no certain collection, or one whose collectors have no `onError`. */
  readonly listener: RateLimitedListener;
  readonly reporter: Reporter;
  readonly board: StatusBoard;
  readonly accounting: Accounting;
  readonly batcher: Batcher;
  readonly requests: Requests;
  readonly bodies: AsideBodies;
  closed = false;
  readonly #collections = new DeploymentCollections((name) => this.#create(name));
  /**
   * True when `collect` is to return only after its frame was handed over: with durability `frame`, and when
   * the process ends.
   */
  #handsOverEach: boolean;
  readonly #backend: Backend;
  readonly #promised: PromisedDelivery;
  readonly #ledgerSender: LedgerSender;
  /** What ends when it is closed, in this order. */
  readonly #atClose: readonly Disposable[];
  readonly #naturalEnd: NaturalEnd;
  /** The listeners of the collection, else the deployment's. */
  readonly #listenersOf = (collection = ""): Iterable<RateLimitedListener> => {
    const listeners = this.#collections.listenersOf(collection);
    return listeners.size === 0 ? [this.listener] : listeners;
  };

  constructor(resolved: ResolvedDeployment & Partial<PlacedDeployment>, parts: CoreParts = systemParts) {
    const { config, onError, onStats, waitUntil, files, slips, spoolTrouble } = resolved;
    warnOfSlips(slips);
    const { endpoint, deployment } = config;
    const { clock } = parts;
    this.clock = clock;
    this.ids = parts.ids;
    this.handle = createConfigHandle(config);
    const durable = config.spool.durability !== "memory";
    this.#handsOverEach = config.spool.durability === "frame";
    this.requests = new Requests(config, {
      clock,
      store: (queued) => this.store(queued),
      tellRule: (message) => this.reporter.trouble("RULE_FAILED", "rule_failed", () => message, {}),
    });
    if (!(parts.waits ?? !this.#handsOverEach)) this.requests.waitNoMore();
    this.listener = new RateLimitedListener(clock, onError);
    const board = new StatusBoard(clock, (health) => this.reporter.health(health));
    this.board = board;
    this.reporter = new Reporter({ endpoint, deployment, board, listenersOf: this.#listenersOf });
    const { handle, reporter } = this;
    const ledgerOf = (collection: string): Ledger => this.collection(collection).ledger;
    this.accounting = new Accounting({
      ...{ durable, ledgerOf, board, reporter },
      told: (event) => this.#ledgerSender.heard(event),
      heard: (event) => this.bodies.heard(event),
    });
    const instance = parts.ids.random128();
    const keeps = parts.keepsLedger ?? true;
    this.#ledgerSender = new LedgerSender({
      ...{ clock, instance, config, keeps },
      batcher: () => this.batcher,
    });
    this.#backend = backendOf(resolved, instance, parts, this);
    this.batcher = new Batcher({
      clock,
      handOver: (batch) => this.#backend.append(batch),
      dropped: (collection, reason, counts, cause) =>
        this.accounting.dropped(collection, reason, counts, cause),
      allocate: this.#backend.allocate?.bind(this.#backend),
      limits: () => handle.current.limits,
      flushIntervalMs: config.spool.flushIntervalMs,
    });
    this.bodies = new AsideBodies(this, this.#backend.allocate?.bind(this.#backend));
    tellSpoolElsewhere(spoolTrouble, board, reporter);
    tellKillSwitch(handle, board);
    handle.subscribe((changed) => this.#configure(changed));
    const telemetry = startTelemetry({ endpoint, deployment, measure: () => this.measure() });
    this.#naturalEnd = new NaturalEnd({
      ...{ ledger: this.ledger, board, reporter, config: () => handle.current },
      isUntold: () => this.#ledgerSender.isUntold,
      deliver: (deadlineMs) => this.flush("empty", deadlineMs, this.ledger, "ended"),
    });
    const exitHook = onProcessEnd(this);
    const watch = files === undefined ? [] : [followConfigFiles(files, { clock, handle, board, reporter })];
    const ticker = startStatsTicker(clock, onStats, () => this.ledger.snapshot());
    const deliver = (): Promise<unknown> => this.flush("store", promisedDeadlineMs);
    this.#promised = new PromisedDelivery({ clock, waitUntil, deliver });
    this.#atClose = [exitHook, ...watch, ticker, board, telemetry, this.#promised, this.#ledgerSender];
  }

  #configure(changed: DeploymentConfig): void {
    this.requests.configure(changed);
    this.#collections.configure(changed);
    const { rotation, limits, spool } = changed;
    this.#backend.update({ rotation, limits, spool });
    this.reporter.configured(changed.version);
  }

  /** The collection of a name; names that differ only in case are one, spelled as it was first. */
  collection(name: string): DeploymentCollection {
    return this.#collections.of(name);
  }

  #create(name: string): DeploymentCollection {
    const hourly = this.#ledgerSender.countsOf(name);
    const config = this.handle.current;
    const collection = new DeploymentCollection(name, config, new Ledger(this.ledger, hourly), hostname());
    // Profiles are told of as the ledger is.
    if (config.profiles !== null && hourly !== undefined) collection.profile();
    return collection;
  }

  /**
   * True when all accepted frames, until they are in the spool, and one more of so many bytes of memory, take
   * at most `most`.
   */
  hasRoom(bytes: number, max: number): boolean {
    const waiting = this.requests.recorder.bytes + (this.#backend.heldBytes ?? 0);
    return this.batcher.heldBytes(bytes, max) + waiting <= max;
  }

  /** Takes an accepted frame, or has it wait for what becomes of its request. */
  accept(accepted: Accepted): void {
    this.requests.accept(accepted);
    this.#promised.promise();
  }

  /** Takes a frame on its way. */
  store(queued: Queued): void {
    if (this.#handsOverEach) this.batcher.enqueueNow(queued);
    else this.batcher.enqueue(queued);
  }

  /** What is measured of this deployment, as it is now. */
  measure(): Measured {
    return { stats: this.#collections.stats(), status: this.status() };
  }

  /**
   * Resolves when the background thread runs, so that it gets the first frames, and the fallback writer need
   * not write them; after a quarter of a second in any case.
   */
  async ready(): Promise<void> {
    // A barrier with nothing before it comes back once there is somebody to answer it. A thread with much to
    // recover takes its time: there is the fallback writer.
    await comesWithin(this.clock, readyPatienceMs, this.#backend.flush("spool", readyPatienceMs));
  }

  /**
   * @param asked of what the result is to tell.
   * @param end whether the process ends, if nothing more comes.
   */
  async flush(
    to: FlushGoal,
    deadlineMs: number,
    asked: Ledger = this.ledger,
    end: "" | "ended" = "",
  ): Promise<FlushResult> {
    const account = new FlushAccount(this.ledger, to, asked);
    if (!this.closed) {
      const startedAt = this.clock.monotonic();
      const report = await this.#flushed(to, deadlineMs, end);
      const late = account.late(report, this.clock.monotonic() - startedAt);
      if (late === undefined) return account.result();
      if (!this.closed) throw late;
    }
    await this.#closeOnce();
    const closed = account.closed();
    if (closed !== undefined) throw closed;
    return account.result();
  }

  /** Hands over what is queued and waits for the backend, no longer than that. */
  async #flushed(to: FlushGoal, deadlineMs: number, end: "" | "ended"): Promise<FlushReport> {
    const endsAt = this.clock.monotonic() + deadlineMs;
    if (this.bodies.areEnding) await this.bodies.settled(deadlineMs);
    this.requests.settleAll();
    const handedOver = await comesWithin(this.clock, deadlineMs, this.batcher.flush());
    if (!handedOver) return { pending: undefined, trouble: "frames are still being gathered" };
    this.#ledgerSender.tell(end);
    const { newest } = this.#ledgerSender;
    const leftMs = Math.max(0, endsAt - this.clock.monotonic());
    const report = await answeredWithin(this.clock, leftMs, this.#backend.flush(to, leftMs));
    if (to !== "spool" && report.pending === 0 && !report.mayBeMore) this.#ledgerSender.stored(newest);
    return report;
  }

  /** As if nothing had been offered yet. For tests of users' code. */
  forget(): void {
    this.requests.recorder.clear();
    for (const { ledger } of [this, ...this.#collections]) ledger.clear();
  }

  status(): DeploymentStatus {
    return this.board.status(this.closed);
  }

  /** The first call decides the deadline; later ones share its result. */
  close(deadlineMs: number): Promise<CloseReport> {
    this.#closeDeadlineMs ??= deadlineMs;
    return this.#closeOnce();
  }

  #closeDeadlineMs: number | undefined;
  readonly #closeOnce = once(async (): Promise<CloseReport> => {
    if (this.bodies.areEnding) await this.bodies.settled(this.#closeDeadlineMs ?? 0);
    this.requests.waitNoMore();
    this.closed = true;
    this.batcher.flushNow();
    this.#ledgerSender.tell("ended");
    await this.#backend.close(this.#closeDeadlineMs ?? 0);
    for (const each of this.#atClose) each[Symbol.dispose]();
    const { frames } = this.ledger.snapshot();
    return { delivered: frames.delivered, leftInSpool: frames.spooled, dropped: droppedOf(frames) };
  });

  // What the process's end asks: see shutdown-hooks.ts.

  get hasPending(): boolean {
    return this.#naturalEnd.hasPending;
  }

  settle(): Promise<void> {
    return this.#naturalEnd.settle();
  }

  handOverEach(): void {
    this.#handsOverEach = true;
    this.requests.waitNoMore();
  }

  save(): void {
    // What comes after this comes from another listener of the process's end, and no event loop will take
    // care of it.
    this.handOverEach();
    this.accounting.processEnds();
    try {
      this.batcher.flushNow();
      this.#ledgerSender.tell("ended");
      this.#backend.save();
    } catch {
      // The process ends; there is nobody left to tell.
    }
  }
}
