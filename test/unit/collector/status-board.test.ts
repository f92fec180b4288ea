import { expect, test } from "vitest";
import { StatusBoard } from "../../../src/collector/report/status-board.ts";
import type { BackendHealth } from "../../../src/pipeline/engine-event.ts";
import { createHandClock } from "../../support/hand-clock.ts";

function boardOf() {
  const clock = createHandClock();
  const told: BackendHealth[] = [];
  return { clock, told, board: new StatusBoard(clock, (health) => void told.push(health)) };
}

test("what went wrong shows for a minute, and both its coming and its going are told, once", async () => {
  const { clock, told, board } = boardOf();
  board.note("spool_full", "the spool is full");
  for (let n = 0; n < 5; n++) board.note("spool_full", "the spool is full");
  expect(board.status(false)).toMatchObject({ status: "degraded", reasons: ["the spool is full"] });
  await clock.advance(59_999);
  expect(board.health.status).toBe("degraded");
  await clock.advance(1);
  expect(board.health).toEqual({ status: "ok", reasons: [] });
  expect(told.map(({ status }) => status)).toEqual(["degraded", "ok"]);
});

test("a trouble that goes on is not forgotten while it does", async () => {
  const { clock, told, board } = boardOf();
  for (let n = 0; n < 10; n++) {
    board.note("io_error", "the disk fails");
    await clock.advance(30_000);
  }
  expect(board.health.status).toBe("degraded");
  await clock.advance(30_000);
  expect(told.map(({ status }) => status)).toEqual(["degraded", "ok"]);
});

test("delivery that fails is worse than anything else, and its reasons come first", () => {
  const { board } = boardOf();
  board.note("background_died", "the thread died");
  board.delivery({ status: "failing", reasons: ["403"] });
  expect(board.health).toEqual({ status: "failing", reasons: ["403", "the thread died"] });
  board.delivery({ status: "ok", reasons: [] });
  expect(board.health).toEqual({ status: "degraded", reasons: ["the thread died"] });
  expect(board.status(true).status).toBe("closed");
});

test("the spool's usage is shown with its age, and a quarantine that is not empty is a reason", async () => {
  const { clock, told, board } = boardOf();
  expect(board.status(false).spool).toEqual({ bytes: 0, segments: 0, oldestAgeMs: null, quarantined: 0 });
  board.usage({ bytes: 10, segments: 2, quarantined: 1, oldest: clock.now() });
  await clock.advance(5_000);
  expect(board.status(false)).toMatchObject({
    status: "degraded",
    reasons: [expect.stringContaining("quarantine")],
    spool: { bytes: 10, segments: 2, oldestAgeMs: 5_000, quarantined: 1 },
  });
  board.usage({ bytes: 0, segments: 0, quarantined: 0, oldest: undefined });
  expect(told.map(({ status }) => status)).toEqual(["degraded", "ok"]);
});

test("ten thousand different notes do not pile up, and nothing is told after the end", async () => {
  const { clock, told, board } = boardOf();
  for (let n = 0; n < 10_000; n++) board.note(`reason ${n}`, `text ${n}`);
  expect(board.health.reasons).toHaveLength(100);
  const before = told.length;
  board[Symbol.dispose]();
  await clock.advance(120_000);
  expect(told).toHaveLength(before);
  expect(clock.timers).toBe(0);
});
