import { expect, test } from "vitest";
import { WritingTime } from "../../../src/collector/background/near/writing-time.ts";
import type { Clock } from "../../../src/base/time/clock.ts";

/** Writes that take so many milliseconds each, and come so many milliseconds apart. */
class Writes {
  nowMs = 0;
  readonly time: WritingTime;

  constructor() {
    const clock: Clock = {
      now: () => this.nowMs,
      monotonic: () => this.nowMs,
      setTimer: () => ({ [Symbol.dispose]: () => {} }),
    };
    this.time = new WritingTime(clock);
  }

  write(tookMs: number, times = 1, apartMs = 10): boolean {
    for (let i = 0; i < times; i++) {
      this.time.spend(() => void (this.nowMs += tookMs));
      this.nowMs += apartMs;
    }
    return this.time.isOver;
  }
}

test("quick writes may go on for ever", () => {
  expect(new Writes().write(0.1, 100_000)).toBe(false);
});

test("one slow write alone is the machine's, two very slow ones or three slow ones in a row are the disk's", () => {
  const writes = new Writes();
  for (let i = 0; i < 100; i++) {
    expect(writes.write(300)).toBe(false);
    expect(writes.write(0.1, 50)).toBe(false);
  }
  expect(writes.write(300)).toBe(false);
  expect(writes.write(300)).toBe(true);
  const others = new Writes();
  expect(others.write(6, 2)).toBe(false);
  expect(others.write(6)).toBe(true);
});

test("quick writes that come so fast that they take a large part of the time are too much", () => {
  const writes = new Writes();
  expect(writes.write(0.5, 1_000, 30)).toBe(false);
  expect(writes.write(0.5, 1_000, 2)).toBe(true);
});

test("it comes back after a minute, if another thread has written quickly", () => {
  const writes = new Writes();
  writes.write(300, 2);
  expect(writes.time.isBack(1_000)).toBe(false);
  writes.nowMs += 60_000;
  expect(writes.time.isBack(31)).toBe(false);
  expect(writes.time.isBack(32)).toBe(true);
  expect(writes.write(300)).toBe(false);
});
