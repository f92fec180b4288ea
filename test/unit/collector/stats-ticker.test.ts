import { expect, test } from "vitest";
import { startStatsTicker } from "../../../src/collector/stats-ticker.ts";
import { Ledger } from "../../../src/pipeline/ledger.ts";
import { createHandClock } from "../../support/hand-clock.ts";

test("onStats is told every ten seconds, whatever it throws, and once more at the end", async () => {
  const clock = createHandClock();
  const ledger = new Ledger();
  const heard: number[] = [];
  const ticker = startStatsTicker(
    clock,
    ({ frames }) => {
      heard.push(frames.offered);
      throw new Error("from a listener");
    },
    () => ledger.snapshot(),
  );
  await clock.advance(9_999);
  expect(heard).toEqual([]);
  ledger.enter("buffered", 1, 1, 8);
  await clock.advance(10_001);
  ledger.enter("buffered", 1, 1, 8);
  expect(heard).toEqual([1, 1]);
  ticker[Symbol.dispose]();
  expect(heard).toEqual([1, 1, 2]);
  expect(clock.timers).toBe(0);
});

test("without onStats no timer is set", () => {
  const clock = createHandClock();
  const ticker = startStatsTicker(clock, undefined, () => new Ledger().snapshot());
  expect(clock.timers).toBe(0);
  ticker[Symbol.dispose]();
});
