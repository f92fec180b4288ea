import { expect, test } from "vitest";
import { Accounting } from "../../../src/collector/accounting.ts";
import { RateLimitedListener } from "../../../src/collector/report/rate-limited-listener.ts";
import type { Drop } from "../../../src/collector/report/reporter.ts";
import { Ledger } from "../../../src/pipeline/ledger.ts";
import { createHandClock } from "../../support/hand-clock.ts";
import { Teller } from "../pipeline/pipeline-world.ts";

const counts = { frames: 2, rows: 6, bytes: 48 };

/** The accounts of one collection with two frames in memory, and what is told, in words. */
function world({ durable = true, broken = false } = {}) {
  const ledger = new Ledger();
  ledger.enter("buffered", counts.frames, counts.rows, counts.bytes);
  const told: string[] = [];
  const drops: Drop[] = [];
  const accounting = new Accounting({
    durable,
    told: ({ kind }) => void told.push(`ledger: ${kind}`),
    heard: () => {},
    ledgerOf: () => ledger,
    board: {
      delivery: ({ status }) => void told.push(`board: ${status}`),
      usage: ({ segments }) => void told.push(`board: ${segments} segment(s)`),
      recovered: (fate, { frames }) => void told.push(`board: ${frames} ${fate}`),
    },
    reporter: {
      spooled: (collection) => void told.push(`spooled ${collection}`),
      delivered: (collection, _, recovered) => void told.push(`delivered ${collection}, ${recovered}`),
      trouble: (code, reason, message) => void told.push(`${code} ${reason}: ${message()}`),
      dropped: (drop) => {
        if (broken) throw new Error("no host like this");
        drops.push(drop);
      },
    },
  });
  const engine = new Teller((event) => accounting.take(event));
  return { ledger, told, drops, accounting, engine, frames: () => ledger.snapshot().frames };
}

test("with a durable spool frames go from memory over the spool to the destination", () => {
  const { engine, told, frames } = world();
  engine.spooled("a", 1, counts);
  expect(frames()).toMatchObject({ buffered: 0, spooled: 2, delivered: 0 });
  engine.delivered("a", counts, false, [], "s");
  expect(frames()).toMatchObject({ buffered: 0, spooled: 0, delivered: 2 });
  expect(told).toEqual(["spooled a", "delivered a, false"]);
});

test("with a spool in memory frames are buffered until they are delivered or dropped", () => {
  const { engine, frames } = world({ durable: false });
  const one = { frames: 1, rows: 3, bytes: 24 };
  engine.delivered("a", one, false, [1], "s");
  engine.dropped("poison", "a", one, { from: "spool", sequences: [2], segment: "s" });
  expect(frames()).toMatchObject({ buffered: 0, spooled: 0, delivered: 1, dropped: { poison: 1 } });
});

test("what an earlier process had left is in no ledger of this one", () => {
  const { engine, told, drops, frames } = world();
  const before = frames();
  engine.delivered("b", counts, true, [], "s");
  engine.dropped("corrupt", "b", counts, { from: "recovered" });
  expect(frames()).toEqual(before);
  expect(told).toEqual(["board: 2 delivered", "delivered b, true", "board: 2 lost"]);
  expect(drops).toMatchObject([{ reason: "corrupt", collection: "b", counts, recovered: true }]);
});

test("a drop is taken from where its frames were", () => {
  const { engine, frames } = world();
  const one = { frames: 1, rows: 3, bytes: 24 };
  engine.spooled("a", 1, one);
  engine.dropped("conflict", "a", one, { from: "spool", sequences: [], segment: "s" });
  expect(frames()).toMatchObject({ buffered: 1, spooled: 0, dropped: { conflict: 1 } });
  engine.dropped("spool_full", "a", one, { from: "memory", sequences: [2] });
  expect(frames()).toMatchObject({ buffered: 0, spooled: 0, dropped: { conflict: 1, spool_full: 1 } });
});

test("why frames were dropped is said in words; at the end of the process, that this was why", () => {
  const { engine, accounting, drops } = world();
  const memory = { from: "memory", sequences: [] } as const;
  for (const reason of ["spool_full", "closed", "io_error"] as const)
    engine.dropped(reason, "a", counts, memory);
  accounting.processEnds();
  engine.dropped("closed", "a", counts, memory);
  expect(drops.map(({ detail }) => detail)).toEqual([
    expect.stringContaining("spool.maxBytes"),
    "the deployment is closed",
    "see the reports before this one",
    "the process ended before they were delivered",
  ]);
});

test("a refused frame is offered and dropped at once, and told to its collector's listener alone", () => {
  const { ledger, accounting, drops, frames } = world();
  const listener = new RateLimitedListener(createHandClock(), () => {});
  const cause = new Error("3 and 2 values");
  const refusal = { reason: "invalid", rows: 3, timeMs: 0, bytes: 0, cause, listener, quietMs: 0 } as const;
  accounting.refused({ name: "a", ledger }, refusal);
  expect(frames()).toMatchObject({ offered: 3, buffered: 2, dropped: { invalid: 1 } });
  expect(ledger.snapshot().rows.dropped).toEqual({ invalid: 3 });
  expect(drops).toMatchObject([{ reason: "invalid", detail: "3 and 2 values", cause, listener }]);
});

test("frames that no batch took are told, not counted: the batcher has", () => {
  const { ledger, accounting, drops, frames } = world();
  const before = frames();
  accounting.dropped({ name: "a", ledger }, "too_large", counts, new Error("9 MiB"));
  expect(frames()).toEqual(before);
  expect(drops).toMatchObject([{ reason: "too_large", collection: "a", counts, detail: "9 MiB" }]);
});

test("what cannot be told is counted all the same, and nothing is thrown", () => {
  const { engine, ledger, accounting, frames } = world({ broken: true });
  const listener = new RateLimitedListener(createHandClock(), () => {});
  const refusal = {
    reason: "memory",
    rows: 1,
    timeMs: 0,
    bytes: 8,
    cause: new Error("full"),
    listener,
    quietMs: 0,
  };
  accounting.refused({ name: "a", ledger }, { ...refusal, reason: "memory" });
  engine.dropped("io_error", "a", counts, { from: "memory", sequences: [1] });
  expect(frames()).toMatchObject({ offered: 3, buffered: 0, dropped: { memory: 1, io_error: 2 } });
});

test("troubles are passed on, health and usage shown; the ends of segments are nobody's business here", () => {
  const { accounting, engine, told, frames } = world();
  const before = frames();
  engine.trouble({ code: "SPOOL_FAILED", reason: "sync_failed", message: "EIO" });
  engine.usage({ bytes: 1, segments: 3, quarantined: 0, oldest: undefined });
  accounting.take({ kind: "health", health: { status: "failing", reasons: ["403"] } });
  accounting.take({ kind: "settled", segment: "s" });
  accounting.take({ kind: "encoding", sequences: [1] });
  expect(told).toEqual(["SPOOL_FAILED sync_failed: EIO", "board: 3 segment(s)", "board: failing"]);
  expect(frames()).toEqual(before);
});
