import { hostname } from "node:os";
import { type Clock, systemClock } from "../base/time/clock.ts";
import { comesWithin } from "../base/time/wait.ts";
import { publish } from "./report/diagnostics.ts";
import { CollectorError, messageOf } from "../base/errors.ts";
import { type Ids, systemIds } from "../base/ids.ts";
import { once } from "../base/once.ts";
import { watchTextFile } from "../base/files/text-file.ts";
import type { DeploymentStats, StatsListener } from "../config/callbacks.ts";
import { createConfigHandle, type MutableConfigHandle } from "../config/config-handle.ts";
import { collectionKey } from "../layout/collection-key.ts";
import type { ResolvedDeployment, ResolvedFile } from "../config/resolve.ts";
import type { FrameFacts } from "../frame/batch-builder.ts";
import type { Snapshot } from "../frame/snapshot.ts";
import type { Backend, FlushReport, FlushGoal, OutgoingBatch } from "../pipeline/backend.ts";
import type { EngineEvent, EventOf } from "../pipeline/engine-event.ts";
import { type Batcher, createBatcher } from "../pipeline/batching/batcher.ts";
import type { Engine } from "../pipeline/delivery/engine.ts";
import { type DropReason, Ledger } from "../pipeline/ledger.ts";
import { type Announcer, createAnnouncer } from "./report/announcer.ts";
import type { CloseReport, DeploymentStatus } from "./api.ts";
import { startBackgroundThread } from "./background/background-thread.ts";
import { Collection } from "./collection.ts";
import { composeStore, type EngineHost, type EngineSpec } from "./compose.ts";
import { type Credentials, credentialsOf } from "./credentials.ts";
import { onProcessEnd } from "./process/shutdown-hooks.ts";
import { createSpoolFirst } from "./background/spool-first.ts";
import { createReporter, type Reporter } from "./report/reporter.ts";
import { safeCall } from "./report/safe-call.ts";
import { createStatusBoard, type StatusBoard } from "./report/status-board.ts";
import { startTelemetry } from "./report/telemetry.ts";

/** What a deployment is made of, replaceable for tests. */
export interface CoreParts {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly startBackend: (spec: EngineSpec, host: EngineHost, clock: Clock) => Backend;
}

const systemParts: CoreParts = { clock: systemClock, ids: systemIds, startBackend };

function startBackend(spec: EngineSpec, host: EngineHost, clock: Clock): Backend {
  const startThread = (forHost: EngineHost): Engine => startBackgroundThread(spec, forHost, clock);
  if (spec.config.spool.durability !== "frame") return startThread(host);
  return createSpoolFirst(spec, host, startThread, clock);
}

const statsIntervalMs = 10_000;
const naturalExitDeadlineMs = 10_000;
const readyPatienceMs = 250;
/** How often the configuration file is looked at. A change holds after two looks that saw the same. */
const fileLookMs = 500;

/**
 * The inside of a deployment, which its collectors share: the ledger, the batcher and the backend behind it, and the
 * accounts between them.
 */
export class DeploymentCore {
  readonly handle: MutableConfigHandle;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly ledger: Ledger = new Ledger();
  readonly reporter: Reporter;
  readonly batcher: Batcher;
  closed = false;
  readonly #collections = new Map<string, Collection>();
  /** True when `collect` is to return only after its frame was handed over: with durability `frame`, and when the process ends. */
  #handsOverEach: boolean;
  readonly #backend: Backend;
  readonly #durable: boolean;
  readonly #credentials: Credentials;
  readonly #onStats: StatsListener | undefined;
  #statsTimer: Disposable | undefined;
  readonly #board: StatusBoard;
  readonly announcer: Announcer;
  readonly #telemetry: Disposable;
  readonly #exitHook: Disposable;
  readonly #fileWatch: Disposable | undefined;
  #gaveUpAt = 0;
  #ending = false;

  constructor(resolved: ResolvedDeployment, parts: CoreParts = systemParts) {
    const { config, onError, onStats, file } = resolved;
    this.clock = parts.clock;
    this.ids = parts.ids;
    this.handle = createConfigHandle(config);
    this.reporter = createReporter(parts.clock, onError);
    this.#durable = config.spool.durability !== "memory";
    this.#handsOverEach = config.spool.durability === "frame";
    this.#board = createStatusBoard(parts.clock, (health) => publish("health", config, () => health));
    const { endpoint, deployment } = config;
    const reportersOf = (collection: string | undefined): Iterable<Reporter> => this.#reportersOf(collection);
    this.announcer = createAnnouncer({ endpoint, deployment, board: this.#board, reportersOf });
    this.#credentials = credentialsOf(resolved);
    this.#onStats = onStats;
    const getToken: EngineHost["getToken"] = (scopes) => this.#credentials.getToken(scopes);
    // Made once on this thread, only to be told here and now if destination and credential do not go together.
    void composeStore(config.destination, this.#credentials.spec, getToken).close();
    this.#backend = parts.startBackend(
      {
        config,
        instance: parts.ids.random128(),
        spoolDirectory: config.spool.directory,
        credential: this.#credentials.spec,
      },
      { emit: (event) => this.#account(event), getToken },
      parts.clock,
    );
    this.batcher = createBatcher({
      clock: parts.clock,
      handOver: (batch) => this.#handOver(batch),
      dropped: ({ collection }, reason, counts, cause) =>
        this.announcer.dropped(reason, collection, counts, { detail: cause.message, cause }),
      allocate: this.#backend.allocate?.bind(this.#backend),
      limits: () => this.handle.current.limits,
      flushIntervalMs: config.spool.flushIntervalMs,
    });
    this.handle.subscribe((changed) => {
      for (const collection of this.#collections.values()) collection.configure(changed);
      const { rotation, limits, spool } = changed;
      this.#backend.update({ rotation, limits, spool });
      publish("config", changed, () => ({ version: changed.version }));
    });
    this.#telemetry = startTelemetry({
      endpoint,
      deployment,
      stats: () => this.#statsByCollection(),
      status: () => this.status(),
    });
    this.#exitHook = onProcessEnd(this);
    this.#fileWatch = file === undefined ? undefined : this.#follow(file);
    this.#armStats();
  }

  /** The collection of a name; names that differ only in case are one, spelled as it was first. */
  collection(name: string): Collection {
    const key = collectionKey(name);
    let collection = this.#collections.get(key);
    if (collection === undefined) {
      collection = new Collection(name, this.handle.current, this.ledger, hostname());
      this.#collections.set(key, collection);
    }
    return collection;
  }

  /** True when all accepted frames, until they are in the spool, and one more of so many bytes of memory, take at most `most`. */
  hasRoom(bytes: number, most: number): boolean {
    return this.batcher.heldBytes(bytes, most) + (this.#backend.heldBytes ?? 0) <= most;
  }

  /** Takes an accepted frame, which takes so many bytes of memory with its facts. */
  accept(collection: Collection, snapshot: Snapshot, facts: FrameFacts, memory: number): void {
    collection.ledger.enter("buffered", 1, snapshot.rows, snapshot.bytes);
    if (this.#handsOverEach) this.batcher.addNow(collection, snapshot, facts);
    else this.batcher.add(collection, snapshot, facts, memory);
  }

  /**
   * Resolves when the background thread runs, so that it gets the first frames, and no stand-in has to write them; after a
   * quarter of a second in any case.
   */
  async ready(): Promise<void> {
    // A barrier with nothing before it comes back once there is somebody to answer it. A thread with much to recover takes
    // its time: there is a stand-in.
    await comesWithin(this.clock, readyPatienceMs, this.#backend.flush("spool", readyPatienceMs));
  }

  async flush(to: FlushGoal, deadlineMs: number): Promise<void> {
    const where = to === "spool" ? "the spool" : "the destination";
    const startedAt = this.clock.monotonic();
    const before = this.#waiting(to);
    if (!this.closed) {
      const { pending, trouble } = await this.#flushed(to, deadlineMs);
      const now = this.#waiting(to);
      const left = leftOf(before, now, pending, to === "empty");
      if (left === 0) return;
      if (!this.closed) {
        const tookMs = Math.round(this.clock.monotonic() - startedAt);
        const why = trouble === undefined ? "" : ` (${trouble})`;
        throw new CollectorError(
          "TIMEOUT",
          `flush: ${now.offered === before.offered ? "" : "up to "}${left} frame(s) are not yet in ${where} after ${tookMs} ms${why}; they are kept and tried again`,
        );
      }
    }
    await this.#closeOnce();
    const left = this.#waiting(to).frames;
    if (left === 0) return;
    throw new CollectorError(
      "CLOSED",
      `flush: the deployment is closed, and ${left} frame(s) are not in ${where}; the next process of this spool delivers them`,
    );
  }

  /** Hands over what is queued and waits for the backend, no longer than that. */
  async #flushed(to: FlushGoal, deadlineMs: number): Promise<FlushReport> {
    const endsAt = this.clock.monotonic() + deadlineMs;
    const handedOver = await comesWithin(this.clock, deadlineMs, this.batcher.flush());
    if (handedOver) return this.#backend.flush(to, Math.max(0, endsAt - this.clock.monotonic()));
    return { pending: undefined, trouble: "frames are still being gathered" };
  }

  /** Frames not yet there, by the ledger, and all that were ever offered. */
  #waiting(to: FlushGoal): Waiting {
    const { offered, buffered, spooled } = this.ledger.snapshot().frames;
    return { frames: to === "spool" ? buffered : buffered + spooled, offered };
  }

  status(): DeploymentStatus {
    return this.#board.status(this.closed);
  }

  /** The first call decides the deadline; later ones share its result. */
  close(deadlineMs: number): Promise<CloseReport> {
    this.#closeDeadlineMs ??= deadlineMs;
    return this.#closeOnce();
  }

  #closeDeadlineMs: number | undefined;
  readonly #closeOnce = once(async (): Promise<CloseReport> => {
    this.closed = true;
    this.batcher.flushNow();
    await this.#backend.close(this.#closeDeadlineMs ?? 0);
    this.#exitHook[Symbol.dispose]();
    this.#fileWatch?.[Symbol.dispose]();
    this.#statsTimer?.[Symbol.dispose]();
    this.#tellStats();
    this.#board.stop();
    this.#telemetry[Symbol.dispose]();
    const { delivered, spooled, dropped } = this.ledger.snapshot().frames;
    const lost = Object.values(dropped).reduce<number>((sum, frames) => sum + (frames ?? 0), 0);
    return { delivered, leftInSpool: spooled, dropped: lost };
  });

  // What the process's end asks: see exit-hooks.ts.

  get hasPending(): boolean {
    // What earlier processes left counts too: if each process ended in the middle of it, it would never be delivered.
    const waits = this.ledger.pendingFrames > 0 || (this.#durable && this.#board.waiting > 0);
    // What could not be delivered in one go at this point is not tried for ever: it is safe, or reported.
    return waits && this.ledger.snapshot().frames.offered !== this.#gaveUpAt;
  }

  async settle(): Promise<void> {
    this.#gaveUpAt = this.ledger.snapshot().frames.offered;
    try {
      await this.flush("empty", naturalExitDeadlineMs);
    } catch (error) {
      const kept = this.#durable
        ? "it stays in the spool for the next process"
        : "it is lost with this process";
      const message = `the process ends before all was delivered; ${kept}`;
      this.announcer.trouble("DELIVERY_DELAYED", "exit", message, { cause: error });
    }
  }

  handOverEach(): void {
    this.#handsOverEach = true;
  }

  save(): void {
    // What comes after this comes from another listener of the process's end, and no event loop will take care of it.
    this.handOverEach();
    this.#ending = true;
    try {
      this.batcher.flushNow();
      this.#backend.save();
    } catch {
      // The process ends; there is nobody left to tell.
    }
  }

  /** Takes over what the configuration file says, whenever that changes; if it is wrong, what held before goes on. */
  #follow({ path, content, resolve }: ResolvedFile): Disposable {
    const reason = "config_refused";
    const refuse = (message: string): void => {
      const text = `${message}; the configuration of before still holds`;
      this.#board.hold(reason, text);
      this.announcer.trouble("CONFIG_REFUSED", reason, text, {});
    };
    return watchTextFile({
      ...{ path, content, clock: this.clock, everyMs: fileLookMs },
      onChange: (changed) => {
        try {
          this.handle.rebase(resolve(changed));
          this.#board.hold(reason, undefined);
        } catch (thrown) {
          refuse(messageOf(thrown));
        }
      },
      onTrouble: ({ message }) => refuse(`${path} cannot be read (${message})`),
    });
  }

  #handOver(batch: OutgoingBatch): void {
    this.#backend.append(batch);
  }

  #account(event: EngineEvent): void {
    const { announcer } = this;
    switch (event.kind) {
      case "spooled":
        this.#ledgerOf(event.collection).move("buffered", "spooled", event.counts);
        announcer.spooled(event.collection, event.counts);
        return;
      case "delivered": {
        const { collection, counts, recovered } = event;
        if (recovered) this.#board.recovered("delivered", counts);
        else this.#ledgerOf(collection).move(this.#durable ? "spooled" : "buffered", "delivered", counts);
        announcer.delivered(collection, counts, recovered);
        return;
      }
      case "dropped":
        this.#dropped(event);
        return;
      case "trouble":
        announcer.trouble(event.code, event.reason, event.message, { collection: event.collection });
        return;
      case "health":
        this.#board.delivery(event.health);
        return;
      case "usage":
        this.#board.usage(event.usage);
        return;
      case "settled":
      case "encoding":
    }
  }

  #dropped({ reason, collection, counts, origin }: EventOf<"dropped">): void {
    if (origin.from === "recovered") {
      this.#board.recovered("lost", counts);
      const detail = "it was left by an earlier process";
      this.announcer.dropped(reason, collection, counts, { detail, recovered: true });
      return;
    }
    const from = origin.from === "spool" && this.#durable ? "spooled" : "buffered";
    this.#ledgerOf(collection).drop(from, reason, counts);
    const detail =
      this.#ending && reason === "closed"
        ? "the process ended before they were delivered"
        : (dropDetails[reason] ?? "see the reports before this one");
    this.announcer.dropped(reason, collection, counts, { detail });
  }

  /** The listeners of the collection, else the deployment's. */
  #reportersOf(collection = ""): Iterable<Reporter> {
    const reporters = new Set(this.#collections.get(collectionKey(collection))?.reporters);
    return reporters.size === 0 ? [this.reporter] : reporters;
  }

  #ledgerOf(collection: string): Ledger {
    return this.collection(collection).ledger;
  }

  #statsByCollection(): ReadonlyMap<string, DeploymentStats> {
    return new Map(
      Array.from(this.#collections.values(), ({ collection, ledger }) => [collection, ledger.snapshot()]),
    );
  }

  #armStats(): void {
    if (this.#onStats === undefined) return;
    this.#statsTimer = this.clock.setTimer(() => {
      this.#tellStats();
      this.#armStats();
    }, statsIntervalMs);
  }

  #tellStats(): void {
    safeCall(() => this.#onStats?.(this.ledger.snapshot()));
  }
}

/** Frames that wait, and all that were offered. */
interface Waiting {
  readonly frames: number;
  readonly offered: number;
}

/**
 * How many of the frames that waited before a flush still do; at most so many, if others came meanwhile. What the backend says is
 * held against the ledger: there it shows if the backend does not know of some, or counts what came later. Only of frames that
 * earlier processes had left (`others`) the ledger knows nothing.
 */
function leftOf(before: Waiting, now: Waiting, pending: number | undefined, others: boolean): number {
  const atLeast = Math.max(0, now.frames - (now.offered - before.offered));
  const atMost = Math.min(before.frames, now.frames);
  if (pending === undefined) return atMost;
  return Math.max(atLeast, others ? pending : Math.min(pending, atMost));
}

const dropDetails: Partial<Record<DropReason, string>> = {
  spool_full: "the spool holds spool.maxBytes; it fills when the destination is out of reach for long",
  disk_low: "the spool's disk has less than spool.minFreeBytes left",
  closed: "the deployment is closed",
  too_large: "it is larger than all that the spool may hold (spool.maxBytes)",
};
