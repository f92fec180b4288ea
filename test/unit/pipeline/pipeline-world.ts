import type { Counts } from "../../../src/base/counts.ts";
import { createJsonlEncoder } from "../../../src/codec/jsonl/jsonl-encoder.ts";
import type { Encoder, Encoders } from "../../../src/codec/encoder.ts";
import { createParquetEncoder } from "../../../src/codec/parquet/parquet-encoder.ts";
import type { Ids } from "../../../src/base/ids.ts";
import type { Limits, SpoolConfig } from "../../../src/config/deployment-config.ts";
import { BatchBuilder } from "../../../src/frame/batch-builder.ts";
import { takeSnapshot } from "../../../src/frame/snapshot.ts";
import type { BackendSettings, OutgoingBatch } from "../../../src/pipeline/backend.ts";
import { LiveSettings } from "../../../src/pipeline/live-settings.ts";
import type { BackendHealth, DropOrigin, Emit, EventOf } from "../../../src/pipeline/engine-event.ts";
import { createEngine, type Engine } from "../../../src/pipeline/delivery/engine.ts";
import type { DropReason } from "../../../src/pipeline/ledger.ts";
import { partitionStart } from "../../../src/layout/partition.ts";
import { labelText, type SegmentLabel } from "../../../src/pipeline/segment-label.ts";
import { createMemorySpool } from "../../../src/spool/memory-spool.ts";
import type { Spool, SpoolUsage } from "../../../src/spool/spool.ts";
import { createMemoryStore, type MemoryStore } from "../../../src/store/memory-store.ts";
import { memorySource } from "../../../src/codec/range-source.ts";
import { createHandClock, type HandClock } from "../../support/hand-clock.ts";
import { readParquetRows } from "../../support/parquet-rows.ts";
import { finishFacts, frameFacts, limits as snapshotLimits } from "../frame/frame-support.ts";

export const limits: Limits = {
  maxMemoryBytes: 64 << 20,
  maxFrameBytes: 1 << 20,
  maxFrameRows: 1_000_000,
  maxFrameColumns: 2_000,
  maxStringBytes: 64 << 10,
  maxCollectMs: 50,
};

const spoolConfig: SpoolConfig = {
  directory: "",
  durability: "memory",
  fsync: "never",
  maxBytes: 1 << 30,
  minFreeBytes: 0,
  flushIntervalMs: 20,
  fsyncIntervalMs: 1_000,
};

export const settings: BackendSettings = {
  rotation: { maxAgeMs: 60_000, maxBytes: 32 << 20 },
  limits,
  spool: spoolConfig,
};

/** Ids that count. */
export function countingIds(): Ids {
  let id = 0;
  return {
    uuid: () => `${(++id).toString(16).padStart(8, "0")}-0000-7000-8000-000000000000`,
    random128: () => (++id).toString(16).padStart(32, "0"),
  };
}

type Trouble = Omit<EventOf<"trouble">, "kind">;

/** What a backend told, in order. */
export class Told {
  readonly spooledFrames: number[] = [];
  readonly deliveries: EventOf<"delivered">[] = [];
  readonly drops: EventOf<"dropped">[] = [];
  readonly settledSegments: string[] = [];
  readonly troubles: Trouble[] = [];
  readonly healths: BackendHealth[] = [];
  readonly usages: SpoolUsage[] = [];

  readonly emit: Emit = (event) => {
    switch (event.kind) {
      case "spooled":
        this.spooledFrames.push(event.sequence);
        return;
      case "delivered":
        this.deliveries.push(event);
        return;
      case "dropped":
        this.drops.push(event);
        return;
      case "settled":
        this.settledSegments.push(event.segment);
        return;
      case "trouble": {
        const { kind: _, ...trouble } = event;
        this.troubles.push(trouble);
        return;
      }
      case "health":
        this.healths.push(event.health);
        return;
      case "usage":
        this.usages.push(event.usage);
        return;
      case "encoding":
    }
  };

  get deliveredFrames(): number {
    return this.deliveries.reduce((sum, { counts }) => sum + counts.frames, 0);
  }

  get droppedFrames(): Record<string, number> {
    const frames: Record<string, number> = {};
    for (const { reason, counts } of this.drops) frames[reason] = (frames[reason] ?? 0) + counts.frames;
    return frames;
  }

  get lastHealth(): BackendHealth {
    return this.healths.at(-1) ?? { status: "ok", reasons: [] };
  }
}

/** Says to `emit` what an engine would, in few words. */
export class Teller {
  readonly #emit: Emit;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  spooled(collection: string, sequence: number, counts: Counts): void {
    this.#emit({ kind: "spooled", collection, sequence, counts });
  }

  delivered(
    collection: string,
    counts: Counts,
    recovered: boolean,
    sequences: readonly number[],
    segment: string,
  ): void {
    this.#emit({ kind: "delivered", collection, counts, recovered, sequences, segment });
  }

  dropped(reason: DropReason, collection: string, counts: Counts, origin: DropOrigin): void {
    this.#emit({ kind: "dropped", reason, collection, counts, origin });
  }

  trouble(trouble: Trouble): void {
    this.#emit({ kind: "trouble", ...trouble });
  }

  usage(usage: SpoolUsage): void {
    this.#emit({ kind: "usage", usage });
  }
}

export interface WorldOptions {
  readonly store?: MemoryStore;
  readonly spool?: (spool: Spool) => Spool;
  readonly parquet?: Encoder;
  readonly settings?: Partial<BackendSettings>;
  /** Of the stored ledger; by default nothing is entered there. */
  readonly instance?: string;
}

/** An engine over a spool and a store in memory, with a clock turned by hand. */
export class PipelineWorld {
  readonly clock: HandClock = createHandClock();
  readonly ids: Ids = countingIds();
  readonly told: Told = new Told();
  readonly store: MemoryStore;
  readonly spool: Spool;
  readonly current: LiveSettings;
  readonly engine: Engine;
  #sequence = 0;

  constructor(options: WorldOptions = {}) {
    const { clock, ids } = this;
    this.store = options.store ?? createMemoryStore({ now: clock.now });
    this.current = new LiveSettings({ ...settings, ...options.settings });
    const spool = createMemorySpool({ clock, ids, maxBytes: 1 << 30 });
    this.spool = options.spool?.(spool) ?? spool;
    const encoders: Encoders = {
      parquet: options.parquet ?? createParquetEncoder(),
      jsonl: createJsonlEncoder(),
    };
    this.engine = createEngine({
      ...(options.instance === undefined ? {} : { instance: options.instance }),
      spool: this.spool,
      store: this.store,
      encoders,
      clock,
      emit: this.told.emit,
      settings: this.current,
      fsync: "never",
      fsyncIntervalMs: 1_000,
    });
  }

  /** Appends a batch of one frame. */
  append(frame: object, label: Partial<SegmentLabel> = {}): OutgoingBatch {
    const batch = batchOf(frame, ++this.#sequence, this.clock.now(), label);
    this.engine.append(batch);
    return batch;
  }

  /** Flushes to the store while the clock stands; the deadline comes when the clock is turned. */
  async flush(): Promise<number> {
    let pending = -1;
    const flushed = this.engine.flush("store", 1_000_000).then((report) => {
      pending = report.pending ?? Number.NaN;
    });
    await turn();
    if (pending === -1) {
      await this.clock.advance(1_000_000);
      await flushed;
    }
    return pending;
  }

  /** Turns the clock and lets everything that follows happen. */
  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await turn();
  }

  /** All rows of a collection's Parquet files. */
  async rows(collection = "model_inputs"): Promise<Record<string, unknown>[]> {
    const rows: Record<string, unknown>[] = [];
    for (const [path, { bytes }] of this.store.objects) {
      if (!path.includes(`/${collection}/`) || !path.endsWith(".parquet")) continue;
      for await (const part of readParquetRows(memorySource(bytes))) rows.push(...part);
    }
    return rows;
  }

  get files(): string[] {
    return [...this.store.objects.keys()].filter((path) => path.endsWith(".parquet"));
  }
}

/** Lets promises, streams and immediates run until nothing is left to do at this moment. */
export async function turn(times = 60): Promise<void> {
  for (let i = 0; i < times; i++) await new Promise<void>((resolve) => void setImmediate(resolve));
}

/** A batch of one frame, as the batcher would make it. */
export function batchOf(
  frame: object,
  sequence: number,
  now: number,
  given: Partial<SegmentLabel> = {},
): OutgoingBatch {
  const label: SegmentLabel = {
    format: "parquet",
    rollingRate: "hour",
    endpoint: "flights",
    deployment: "blue",
    collection: "model_inputs",
    partition: partitionStart(now, given.rollingRate ?? "hour"),
    ...given,
  };
  const taken = takeSnapshot(frame, { limits: snapshotLimits });
  if (taken.status !== "ok") throw taken.error;
  const builder = new BatchBuilder({ maxStringBytes: 64 << 10 });
  builder.begin(
    taken.snapshot,
    frameFacts({ correlationId: `id-${sequence}`, eventId: `event-${sequence}` }),
  );
  while (!builder.advance(1_000));
  const counts = { frames: 1, rows: taken.snapshot.rows, bytes: builder.byteLength };
  const { collection, partition } = label;
  const bytes = builder.finish({ ...finishFacts, collection, partition, bytes: counts.bytes });
  return { sequence, label: labelText(label), bytes, counts };
}
