import { hostname } from "node:os";
import { type Clock, systemClock } from "../base/clock.ts";
import { CollectorError, type CollectorErrorCode } from "../base/errors.ts";
import { type Ids, systemIds } from "../base/ids.ts";
import { once } from "../base/once.ts";
import type { StatsListener } from "../config/callbacks.ts";
import { createConfigHandle, type MutableConfigHandle } from "../config/config-handle.ts";
import { collectionKey } from "../config/names.ts";
import type { ResolvedDeployment } from "../config/resolve.ts";
import type { FrameFacts } from "../frame/batch-builder.ts";
import type { Snapshot } from "../frame/snapshot.ts";
import type {
  Backend,
  BackendEvents,
  BackendHealth,
  DropOrigin,
  FlushTarget,
  OutgoingBatch,
  Trouble,
} from "../pipeline/backend.ts";
import { type Batcher, createBatcher } from "../pipeline/batcher.ts";
import { type DropReason, Ledger } from "../pipeline/ledger.ts";
import type { Counts } from "../spool/spool.ts";
import type { CloseReport, DeploymentStatus } from "./api.ts";
import { startBackgroundThread } from "./background-thread.ts";
import { Collection } from "./collection.ts";
import { composeStore, type EngineHost, type EngineSpec } from "./compose.ts";
import { type Credentials, credentialsOf } from "./credentials.ts";
import { onProcessEnd } from "./exit-hooks.ts";
import { createSpoolFirst } from "./spool-first.ts";
import { createReporter, type Reporter } from "./reporter.ts";

/** What a deployment is made of, replaceable for tests. */
export interface CoreParts {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly startBackend: (spec: EngineSpec, host: EngineHost, clock: Clock) => Backend;
}

const systemParts: CoreParts = { clock: systemClock, ids: systemIds, startBackend };

function startBackend(spec: EngineSpec, host: EngineHost, clock: Clock): Backend {
  const thread = startBackgroundThread(spec, host, clock);
  return spec.config.spool.durability === "frame" ? createSpoolFirst(spec, host, thread, clock) : thread;
}

const statsIntervalMs = 10_000;
const naturalExitDeadlineMs = 10_000;

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
  /** True when `collect` is to return only after its frame is in the spool. */
  readonly spoolsEachFrame: boolean;
  closed = false;
  readonly #collections = new Map<string, Collection>();
  readonly #backend: Backend;
  readonly #durable: boolean;
  readonly #credentials: Credentials;
  readonly #onStats: StatsListener | undefined;
  #statsTimer: Disposable | undefined;
  #health: BackendHealth = { status: "ok", reasons: [] };
  #recovered: { delivered: Counts; lost: Counts } = { delivered: none, lost: none };
  readonly #exitHook: Disposable;
  #gaveUpAt = 0;

  constructor({ config, credential, onError, onStats }: ResolvedDeployment, parts: CoreParts = systemParts) {
    this.clock = parts.clock;
    this.ids = parts.ids;
    this.handle = createConfigHandle(config);
    this.reporter = createReporter(parts.clock, onError);
    this.#durable = config.spool.durability !== "memory";
    this.spoolsEachFrame = config.spool.durability === "frame";
    this.#credentials = credentialsOf(config.destination, credential);
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
      { events: this.#events(), getToken },
      parts.clock,
    );
    this.batcher = createBatcher({
      clock: parts.clock,
      handOver: (batch) => this.#handOver(batch),
      tooLarge: (stream, counts) =>
        this.reportDrop(
          "too_large",
          stream.collection,
          counts.frames,
          "a frame is larger than limits.maxFrameBytes",
        ),
      limits: () => this.handle.current.limits,
      flushIntervalMs: config.spool.flushIntervalMs,
    });
    this.handle.subscribe((changed) => {
      for (const collection of this.#collections.values()) collection.configure(changed);
      this.#backend.update({ rotation: changed.rotation });
    });
    this.#exitHook = onProcessEnd(this);
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

  /** Takes an accepted frame, unless memory is full: then it is dropped and counted. */
  accept(collection: Collection, snapshot: Snapshot, facts: FrameFacts): void {
    const { rows, bytes } = snapshot;
    const { maxMemoryBytes } = collection.limits;
    if (this.ledger.bufferedBytes + bytes > maxMemoryBytes) {
      collection.ledger.refuse("memory", 1, rows, bytes);
      const message = `more than ${maxMemoryBytes} bytes wait in memory (limits.maxMemoryBytes)`;
      this.reportDrop("memory", collection.collection, 1, message);
      return;
    }
    collection.ledger.enter("buffered", 1, rows, bytes);
    this.batcher.add(collection, snapshot, facts);
    if (this.spoolsEachFrame) this.batcher.flushNow();
  }

  reportDrop(reason: DropReason, collection: string, frames: number, detail: string, cause?: unknown): void {
    this.report("FRAME_DROPPED", reason, `a frame of ${collection} was dropped (${reason}): ${detail}`, {
      collection,
      frames,
      cause,
    });
  }

  report(
    code: CollectorErrorCode,
    reason: string,
    message: string,
    details: { collection?: string; frames?: number; cause?: unknown } = {},
  ): void {
    this.reporter.report(code, reason, () => message, details);
  }

  async flush(to: FlushTarget | "empty", deadlineMs: number): Promise<void> {
    const endsAt = this.clock.monotonic() + deadlineMs;
    await this.batcher.flush();
    const report = await this.#backend.flush(to, Math.max(0, endsAt - this.clock.monotonic()));
    if (report.pending === 0) return;
    const why = report.trouble === undefined ? "" : ` (${report.trouble})`;
    const where = to === "spool" ? "the spool" : "the destination";
    throw new CollectorError(
      "TIMEOUT",
      `flush: ${report.pending} frame(s) are not yet in ${where} after ${deadlineMs} ms${why}; they are kept and tried again`,
    );
  }

  status(): DeploymentStatus {
    const { status, reasons } = this.#health;
    return { status: this.closed ? "closed" : status, reasons, recovered: this.#recovered };
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
    this.#statsTimer?.[Symbol.dispose]();
    this.#tellStats();
    const { delivered, spooled, dropped } = this.ledger.snapshot().frames;
    const lost = Object.values(dropped).reduce<number>((sum, frames) => sum + (frames ?? 0), 0);
    return { delivered, leftInSpool: spooled, dropped: lost };
  });

  // What the process's end asks: see exit-hooks.ts.

  get hasPending(): boolean {
    // What could not be delivered in one go at this point is not tried for ever: it is safe, or reported.
    return this.ledger.pendingFrames > 0 && this.ledger.snapshot().frames.offered !== this.#gaveUpAt;
  }

  async settle(): Promise<void> {
    this.#gaveUpAt = this.ledger.snapshot().frames.offered;
    try {
      await this.flush("empty", naturalExitDeadlineMs);
    } catch (error) {
      const kept = this.#durable
        ? "it stays in the spool for the next process"
        : "it is lost with this process";
      this.report("DELIVERY_DELAYED", "exit", `the process ends before all was delivered; ${kept}`, {
        cause: error,
      });
    }
  }

  save(): void {
    try {
      this.batcher.flushNow();
      this.#backend.save();
    } catch {
      // The process ends; there is nobody left to tell.
    }
  }

  #handOver(batch: OutgoingBatch): void {
    this.#backend.append(batch);
  }

  #events(): BackendEvents {
    return {
      spooled: (collection, _sequence, counts) =>
        this.#ledgerOf(collection).move("buffered", "spooled", counts),
      delivered: (collection, counts, recovered) => {
        if (recovered) {
          this.#recovered = { ...this.#recovered, delivered: plus(this.#recovered.delivered, counts) };
        } else this.#ledgerOf(collection).move(this.#durable ? "spooled" : "buffered", "delivered", counts);
      },
      dropped: (reason, collection, counts, origin) => this.#dropped(reason, collection, counts, origin),
      trouble: (trouble) => this.#trouble(trouble),
      health: (health) => {
        this.#health = health;
      },
    };
  }

  #dropped(reason: DropReason, collection: string, counts: Counts, origin: DropOrigin): void {
    if (origin.from === "recovered") {
      this.#recovered = { ...this.#recovered, lost: plus(this.#recovered.lost, counts) };
      this.reportDrop(reason, collection, counts.frames, "it was left by an earlier process");
      return;
    }
    const from = origin.from === "spool" && this.#durable ? "spooled" : "buffered";
    this.#ledgerOf(collection).drop(from, reason, counts);
    this.reportDrop(
      reason,
      collection,
      counts.frames,
      dropDetails[reason] ?? "see the reports before this one",
    );
  }

  #trouble({ code, reason, message, collection }: Trouble): void {
    this.report(code, reason, message, collection === undefined ? {} : { collection });
  }

  #ledgerOf(collection: string): Ledger {
    return this.collection(collection).ledger;
  }

  #armStats(): void {
    if (this.#onStats === undefined) return;
    this.#statsTimer = this.clock.setTimer(() => {
      this.#tellStats();
      this.#armStats();
    }, statsIntervalMs);
  }

  #tellStats(): void {
    try {
      this.#onStats?.(this.ledger.snapshot());
    } catch {
      // A listener's own trouble is not ours to spread.
    }
  }
}

const dropDetails: Partial<Record<DropReason, string>> = {
  spool_full: "the spool holds spool.maxBytes; it fills when the destination is out of reach for long",
  disk_low: "the spool's disk has less than spool.minFreeBytes left",
  closed: "the deployment is closed",
};

const none: Counts = { frames: 0, rows: 0, bytes: 0 };

function plus(a: Counts, b: Counts): Counts {
  return { frames: a.frames + b.frames, rows: a.rows + b.rows, bytes: a.bytes + b.bytes };
}
