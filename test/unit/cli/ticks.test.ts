import { expect, test } from "vitest";
import { ticks } from "../../../src/cli/monitoring/ticks.ts";
import { createHandClock } from "../../support/hand-clock.ts";

const hour = 3_600_000;
const noon = Date.UTC(2026, 10, 29, 12);

function hourly(now: number) {
  const clock = createHandClock(now);
  const end = new AbortController();
  const all = ticks({ everyMs: hour, delayMs: 900_000, clock, signal: end.signal });
  return { clock, end, next: async () => (await all.next()).value as number | undefined };
}

test("the last time that is past comes first, then one after another, each a little later", async () => {
  const { clock, next } = hourly(noon + 1_200_000);
  expect(await next()).toBe(noon);
  let got: number | undefined;
  void next().then((tick) => (got = tick));
  await clock.advance(54 * 60_000);
  expect(got).toBeUndefined();
  await clock.advance(60_000);
  expect(got).toBe(noon + hour);
});

test("times that pass while one is being done are not made up for, and none comes twice", async () => {
  const { clock, next } = hourly(noon + 900_000);
  expect(await next()).toBe(noon);
  await clock.advance(3.5 * hour);
  expect(await next()).toBe(noon + 3 * hour);
  let got: number | undefined;
  void next().then((tick) => (got = tick));
  await clock.advance(29 * 60_000);
  expect(got).toBeUndefined();
  await clock.advance(60_000);
  expect(got).toBe(noon + 4 * hour);
});

test("waiting ends at once when it is told to, and a clock that goes back gives no time again", async () => {
  const { clock, end, next } = hourly(noon + 900_000);
  expect(await next()).toBe(noon);
  const waiting = next();
  await clock.advance(1_000);
  end.abort();
  expect(await waiting).toBeUndefined();
  expect(clock.timers).toBe(0);
});
