import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import type { Deployment } from "../../../src/collector/api.ts";
import { Collector } from "../../../src/collector/collector.ts";
import { registerCore } from "../../../src/collector/process/core-registry.ts";
import { DeploymentCore } from "../../../src/collector/deployment-core.ts";
import { createJsonlEncoder } from "../../../src/codec/jsonl/jsonl-encoder.ts";
import { createParquetEncoder } from "../../../src/codec/parquet/parquet-encoder.ts";
import type { DeploymentStats } from "../../../src/config/callbacks.ts";
import { readEnvironment } from "../../../src/config/environment.ts";
import { resolveDeployment } from "../../../src/config/resolve.ts";
import { LiveSettings } from "../../../src/pipeline/live-settings.ts";
import { createEngine } from "../../../src/pipeline/delivery/engine.ts";
import { createMemorySpool } from "../../../src/spool/memory-spool.ts";
import type { AppendResult, SpoolWriter } from "../../../src/spool/spool-writer.ts";
import type { Spool } from "../../../src/spool/spool.ts";
import { createMemoryStore, type MemoryStore } from "../../../src/store/memory-store.ts";
import type { PutResult } from "../../../src/store/store.ts";
import { createHandClock, type HandClock } from "../../support/hand-clock.ts";
import { countingIds, turn } from "../pipeline/pipeline-world.ts";

/** `target`, but for some of its members. */
function facade<T extends object>(target: T, over: Partial<T>): T {
  return new Proxy(target, {
    get: (_, name) => {
      const value: unknown = Reflect.get(name in over ? over : target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** A whole deployment on this thread, with spool and store in memory and time turned by hand. */
class World {
  readonly clock: HandClock = createHandClock();
  readonly store: MemoryStore = createMemoryStore();
  readonly core: DeploymentCore;
  readonly deployment: Deployment;
  /** What the next appends to the spool answer. */
  readonly appendResults: AppendResult[] = [];

  constructor(durable: boolean) {
    const { clock } = this;
    const ids = countingIds();
    const resolved = resolveDeployment(
      {
        destination: "/nowhere",
        spool: { directory: "/nowhere", durability: durable ? "group" : "memory" },
        limits: { maxFrameBytes: 4_096, maxMemoryBytes: 65_536, maxFrameRows: 50 },
        rotation: { maxAgeMs: 10_000 },
        onError: () => {},
      },
      readEnvironment({}),
    );
    const memory = createMemorySpool({ clock, ids, maxBytes: 1 << 20 });
    const writer: SpoolWriter = facade(memory.writer, {
      durable,
      append: (...args) => this.appendResults.shift() ?? memory.writer.append(...args),
    });
    const spool: Spool = { ...memory, writer, sealed: facade(memory.sealed, { durable }) };
    this.core = new DeploymentCore(resolved, {
      clock,
      ids,
      startBackend: (spec, { emit }) =>
        createEngine({
          spool,
          store: this.store,
          encoders: { parquet: createParquetEncoder(), jsonl: createJsonlEncoder() },
          clock,
          emit,
          settings: new LiveSettings(spec.config),
          fsync: "never",
          fsyncIntervalMs: 1_000,
        }),
    });
    this.deployment = {} as Deployment;
    registerCore(this.deployment, this.core);
  }

  collector(name: string): Collector {
    return new Collector({ name, deployment: this.deployment });
  }

  /** Closes while the clock stands, then turns it up to the deadline. */
  async close(): Promise<void> {
    const closed = this.core.close(1_000);
    await turn(30);
    await this.clock.advance(1_000);
    await closed;
  }
}

function expectBalance(stats: DeploymentStats): void {
  for (const unit of ["frames", "rows", "bytes"] as const) {
    const { offered, sampledOut, disabled, delivered, spooled, buffered, dropped } = stats[unit];
    const lost = Object.values(dropped).reduce<number>((sum, count) => sum + (count ?? 0), 0);
    expect(sampledOut + disabled + delivered + spooled + buffered + lost, unit).toBe(offered);
    expect(Math.min(sampledOut, disabled, delivered, spooled, buffered, lost), unit).toBeGreaterThanOrEqual(
      0,
    );
  }
}

type Step =
  | { readonly do: "collect"; readonly collection: string; readonly frame: object | null }
  | { readonly do: "turn"; readonly times: number }
  | { readonly do: "advance"; readonly ms: number }
  | { readonly do: "flush"; readonly to: "spool" | "store" }
  | { readonly do: "fail puts"; readonly result: PutResult; readonly times: number; readonly stored: boolean }
  | { readonly do: "fail reads"; readonly times: number }
  | { readonly do: "fail appends"; readonly result: AppendResult; readonly times: number }
  | { readonly do: "update"; readonly enabled: boolean; readonly samplingRate: number };

const error = new Error("made up");

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("collect" as const),
      collection: fc.constantFrom("a", "b", "B"),
      frame: fc.oneof(
        fc.array(fc.record({ x: fc.double(), s: fc.string({ unit: "binary", maxLength: 30 }) }), {
          maxLength: 8,
        }),
        fc.constantFrom(
          null,
          [],
          { x: [1, 2], s: ["a"] },
          { x: new Float64Array(60) },
          { s: ["\u20ac".repeat(1_500)] },
          { s: ["x".repeat(9_000)] },
          { big: [2n ** 70n], when: [new Date(Number.NaN)] },
        ),
      ),
    }),
  },
  fc.record({ do: fc.constant("turn" as const), times: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ do: fc.constant("advance" as const), ms: fc.constantFrom(5, 20, 1_000, 10_000, 60_000) }),
  fc.record({ do: fc.constant("flush" as const), to: fc.constantFrom("spool" as const, "store" as const) }),
  fc.record({
    do: fc.constant("fail puts" as const),
    result: fc.constantFrom<PutResult>(
      { status: "retryable", class: "transient", error },
      { status: "retryable", class: "configuration", error },
      { status: "rejected", error },
      { status: "conflict", error },
    ),
    times: fc.integer({ min: 1, max: 6 }),
    stored: fc.boolean(),
  }),
  fc.record({ do: fc.constant("fail reads" as const), times: fc.integer({ min: 1, max: 4 }) }),
  fc.record({
    do: fc.constant("fail appends" as const),
    result: fc.constantFrom<AppendResult>(
      { status: "full", reason: "spool_full" },
      { status: "full", reason: "disk_low" },
      { status: "failed", error },
    ),
    times: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    do: fc.constant("update" as const),
    enabled: fc.boolean(),
    samplingRate: fc.constantFrom(0, 0.5, 1),
  }),
);

/** Found by chance: a refusal that comes while the deployment closes set a timer that nobody took away. */
const refusedWhileClosing: Step[] = [
  {
    do: "fail puts",
    result: { status: "retryable", class: "configuration", error },
    times: 1,
    stored: false,
  },
  { do: "fail puts", result: { status: "rejected", error }, times: 3, stored: true },
  { do: "flush", to: "spool" },
  { do: "collect", collection: "a", frame: [] },
];

test.each([true, false])(
  "with a durable spool: %s, the ledger balances after every step, whatever fails, and every frame ends somewhere",
  { timeout: 60_000 },
  async (durable) => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 5, maxLength: 40 }), async (steps) => {
        const world = new World(durable);
        const collectors = new Map(["a", "b", "B"].map((name) => [name, world.collector(name)]));
        const waiting: Promise<unknown>[] = [];
        for (const step of steps) {
          switch (step.do) {
            case "collect":
              collectors.get(step.collection)?.collect(step.frame as object);
              break;
            case "turn":
              await turn(step.times);
              break;
            case "advance":
              await world.clock.advance(step.ms);
              break;
            case "flush":
              waiting.push(world.core.flush(step.to, 500).catch(() => {}));
              break;
            case "fail puts":
              world.store.failPuts(step.result, { times: step.times, stored: step.stored });
              break;
            case "fail reads":
              world.store.failReads(error, step.times);
              break;
            case "fail appends":
              for (let i = 0; i < step.times; i++) world.appendResults.push(step.result);
              break;
            case "update":
              world.core.handle.update({
                samplingRate: step.samplingRate,
                collections: { a: { enabled: step.enabled } },
              });
          }
          expectBalance(world.core.ledger.snapshot());
          for (const collector of collectors.values()) expectBalance(collector.stats());
        }
        await world.close();
        await Promise.all(waiting);
        const total = world.core.ledger.snapshot();
        expectBalance(total);
        expect(total.frames.buffered).toBe(0);
        if (!durable) expect(total.frames.spooled).toBe(0);
        const parts = [...collectors]
          .filter(([name]) => name !== "B")
          .map(([, collector]) => collector.stats());
        expect(parts.reduce((sum, { bytes }) => sum + bytes.offered, 0)).toBe(total.bytes.offered);
        expect(world.clock.timers).toBe(0);
      }),
      { numRuns: 120, examples: [[refusedWhileClosing]] },
    );
  },
);

test("with everything in order, all frames are delivered and their rows counted", async () => {
  const world = new World(true);
  onTestFinished(() => world.close());
  const collector = world.collector("a");
  for (let i = 0; i < 10; i++) collector.collect([{ x: i }, { x: -i }]);
  const flushed = world.core.flush("store", 1_000);
  await turn();
  await flushed;
  expect(collector.stats().frames).toMatchObject({ offered: 10, delivered: 10 });
  expect(collector.stats().rows).toMatchObject({ offered: 20, delivered: 20 });
});
