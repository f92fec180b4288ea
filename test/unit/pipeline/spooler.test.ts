import { expect, test } from "vitest";
import { LiveSettings } from "../../../src/pipeline/live-settings.ts";
import { Spooler } from "../../../src/pipeline/delivery/spooler.ts";
import type { SealedSegment } from "../../../src/spool/sealed-segments.ts";
import type { AppendResult, SpoolWriter, SyncResult } from "../../../src/spool/spool-writer.ts";
import { createHandClock, type HandClock } from "../../support/hand-clock.ts";
import { batchOf, settings, Told } from "./pipeline-world.ts";

class World {
  readonly clock: HandClock = createHandClock();
  readonly told = new Told();
  readonly sealed: SealedSegment[] = [];
  readonly calls: string[] = [];
  appendResult: AppendResult = { status: "appended" };
  syncResult: SyncResult = { status: "synced" };
  readonly spooler: Spooler;
  #open = 0;

  constructor(fsync: "never" | "interval" | "batch", fsyncIntervalMs = 1_000) {
    const writer: Partial<SpoolWriter> = {
      durable: true,
      append: () => {
        this.calls.push("append");
        if (this.appendResult.status === "appended") this.#open = 1;
        return this.appendResult;
      },
      sync: () => {
        this.calls.push("sync");
        return this.syncResult;
      },
      open: () =>
        this.#open === 0
          ? []
          : [
              {
                id: "1",
                label: "",
                createdAt: this.clock.now(),
                appendedAt: 0,
                size: 1,
                counts: { frames: 1, rows: 1, bytes: 1 },
              },
            ],
      seal: () => {
        this.#open = 0;
        return [];
      },
    };
    const current = new LiveSettings(settings);
    this.spooler = new Spooler({
      writer: writer as SpoolWriter,
      clock: this.clock,
      emit: this.told.emit,
      settings: current,
      fsync,
      fsyncIntervalMs,
      onSealed: (segment) => this.sealed.push(segment),
    });
  }

  append(sequence = 1): void {
    this.spooler.append(batchOf([{ a: 1 }], sequence, this.clock.now()));
  }
}

test("a batch that is in the spool is told at once", () => {
  const world = new World("never");
  world.append(7);
  expect(world.told.spooledFrames).toEqual([7]);
});

test.each(["spool_full", "disk_low"] as const)("a spool without room drops the newest as %s", (reason) => {
  const world = new World("never");
  world.appendResult = { status: "full", reason };
  world.append(7);
  expect(world.told.drops).toMatchObject([
    { reason, collection: "model_inputs", counts: { frames: 1 }, origin: { from: "memory", sequences: [7] } },
  ]);
  expect(world.told.spooledFrames).toEqual([]);
});

test("a batch that is larger than a record of the spool can be is dropped as too_large", () => {
  const world = new World("never");
  world.appendResult = { status: "too_large" };
  world.spooler.append(batchOf([{ a: 1 }], 1, 0));
  expect(world.told.droppedFrames).toEqual({ too_large: 1 });
  expect(world.told.troubles).toEqual([]);
});

test("a spool that cannot be written drops as io_error and says what the disk said", () => {
  const world = new World("never");
  world.appendResult = { status: "failed", error: new Error("EROFS: read-only file system") };
  world.append();
  expect(world.told.droppedFrames).toEqual({ io_error: 1 });
  expect(world.told.troubles).toMatchObject([
    { code: "SPOOL_FAILED", message: "the spool could not be written: EROFS: read-only file system" },
  ]);
});

test("fsync batch: synced before it is told", () => {
  const world = new World("batch");
  world.append();
  expect(world.calls).toEqual(["append", "sync"]);
});

test("fsync never: never synced, not even by a flush", async () => {
  const world = new World("never");
  world.append();
  await world.clock.advance(10_000);
  world.spooler.sync();
  expect(world.calls).toEqual(["append"]);
});

test("fsync interval: synced within the interval, and only after new appends", async () => {
  const world = new World("interval", 1_000);
  await world.clock.advance(5_000);
  world.append();
  await world.clock.advance(1_000);
  expect(world.calls).toEqual(["append", "sync"]);
  await world.clock.advance(5_000);
  expect(world.calls).toEqual(["append", "sync"]);
});

test("a sync that fails is told, and tried again", async () => {
  const world = new World("interval", 1_000);
  world.syncResult = { status: "failed", error: new Error("EIO: i/o error") };
  world.append();
  world.spooler.sync();
  expect(world.told.troubles).toMatchObject([
    { code: "SPOOL_FAILED", reason: "sync_failed", message: expect.stringContaining("EIO: i/o error") },
  ]);
  world.syncResult = { status: "synced" };
  world.spooler.sync();
  world.spooler.sync();
  expect(world.calls).toEqual(["append", "sync", "sync"]);
});

test("a closed spooler refuses what comes, as a counted drop, and sets no timer", () => {
  const world = new World("interval");
  world.append();
  world.spooler.close();
  world.append();
  expect(world.told.droppedFrames).toEqual({ closed: 1 });
  expect(world.clock.timers).toBe(0);
});

test("a batch under a label that nobody can read is one drop, and the next batch goes on", () => {
  const world = new World("never");
  for (const label of ["", "[1]", '["parquet","hour","a","b","c",1.7e18]', '"[parquet]"']) {
    const { calls } = world;
    calls.length = 0;
    world.spooler.append({ ...batchOf([{ a: 1 }], 1, 0), label });
    expect(calls).toEqual([]);
  }
  world.spooler.append(batchOf([{ a: 1 }], 2, 0));
  expect(world.calls).toEqual(["append"]);
  expect(world.told.drops).toHaveLength(4);
  expect(world.told.drops[0]).toMatchObject({ reason: "invalid", collection: "(unknown)" });
});
