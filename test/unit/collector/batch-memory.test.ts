import { expect, test } from "vitest";
import { BatchMemory } from "../../../src/collector/background/batch-memory.ts";
import { createHandClock } from "../../support/hand-clock.ts";

const KiB = 1024;

test("memory has the size asked for and can be shared with a thread", () => {
  const memory = new BatchMemory(createHandClock());
  for (const size of [1, 100 * KiB, 256 * KiB + 8, 5_000 * KiB]) {
    const bytes = memory.lend(size);
    expect(bytes.byteLength).toBe(size);
    expect(bytes.byteOffset).toBe(0);
    expect(bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
  }
});

test("what was given back is lent again, also for a batch of another size; what was not, is not", () => {
  const memory = new BatchMemory(createHandClock());
  const [first, second] = [memory.lend(256 * KiB), memory.lend(256 * KiB)];
  expect(second.buffer).not.toBe(first.buffer);
  memory.giveBack(first);
  const third = memory.lend(250 * KiB);
  expect(third.buffer).toBe(first.buffer);
  expect(third.byteLength).toBe(250 * KiB);
  expect([first.buffer, second.buffer]).not.toContain(memory.lend(256 * KiB).buffer);
});

test("what is given back twice is lent once", () => {
  const memory = new BatchMemory(createHandClock());
  const bytes = memory.lend(256 * KiB);
  memory.giveBack(bytes);
  memory.giveBack(bytes);
  expect(memory.lend(256 * KiB).buffer).not.toBe(memory.lend(256 * KiB).buffer);
});

test("what was written off is never lent again, what was lent later is", () => {
  const memory = new BatchMemory(createHandClock());
  const read = memory.lend(256 * KiB);
  memory.writeOff();
  const later = memory.lend(256 * KiB);
  memory.giveBack(read);
  memory.giveBack(later);
  const lent = [memory.lend(256 * KiB), memory.lend(256 * KiB)].map(({ buffer }) => buffer);
  expect(lent).toContain(later.buffer);
  expect(lent).not.toContain(read.buffer);
});

test("memory from elsewhere is not lent", () => {
  const memory = new BatchMemory(createHandClock());
  const foreign = new Uint8Array(new SharedArrayBuffer(256 * KiB));
  memory.giveBack(foreign);
  expect(memory.lend(256 * KiB).buffer).not.toBe(foreign.buffer);
});

test("a small batch does not get what a large one needs", () => {
  const memory = new BatchMemory(createHandClock());
  const large = memory.lend(900 * KiB);
  memory.giveBack(large);
  expect(memory.lend(10 * KiB).buffer).not.toBe(large.buffer);
  expect(memory.lend(800 * KiB).buffer).toBe(large.buffer);
});

test("the memory of large frames is lent again, too", () => {
  const memory = new BatchMemory(createHandClock());
  const large = memory.lend(20_000 * KiB);
  memory.giveBack(large);
  expect(memory.lend(19_000 * KiB).buffer).toBe(large.buffer);
});

test("what is kept after a burst is bounded", () => {
  const memory = new BatchMemory(createHandClock());
  const burst = Array.from({ length: 400 }, () => memory.lend(256 * KiB));
  for (const bytes of burst) memory.giveBack(bytes);
  expect(lentAgain(memory, burst)).toBe(256);
});

test("what nobody needed for ten seconds is let go, and no timer is left when nothing is kept", async () => {
  const clock = createHandClock();
  const memory = new BatchMemory(clock);
  const burst = Array.from({ length: 100 }, () => memory.lend(256 * KiB));
  for (const bytes of burst) memory.giveBack(bytes);
  await clock.advance(15_000);
  const needed = Array.from({ length: 10 }, () => memory.lend(256 * KiB));
  expect(new Set(needed.map(({ buffer }) => buffer)).size).toBe(10);
  for (const bytes of needed) memory.giveBack(bytes);
  await clock.advance(5_000);
  expect(lentAgain(memory, burst)).toBe(10);
  await clock.advance(60_000);
  expect(clock.timers).toBe(0);
  expect(lentAgain(memory, burst)).toBe(0);
});

/** How many of these buffers it lends when it is asked for as many. */
function lentAgain(memory: BatchMemory, earlier: readonly Uint8Array[]): number {
  const known = new Set(earlier.map(({ buffer }) => buffer));
  return earlier.filter(({ byteLength }) => known.has(memory.lend(byteLength).buffer)).length;
}
