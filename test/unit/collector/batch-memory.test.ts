import { expect, test } from "vitest";
import { createBatchMemory } from "../../../src/collector/batch-memory.ts";

const KiB = 1024;

test("memory has the size asked for and can be shared with a thread", () => {
  const memory = createBatchMemory();
  for (const size of [1, 100 * KiB, 256 * KiB + 8, 5_000 * KiB]) {
    const bytes = memory.lend(size);
    expect(bytes.byteLength).toBe(size);
    expect(bytes.byteOffset).toBe(0);
    expect(bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
  }
});

test("what was given back is lent again, also for a batch of another size; what was not, is not", () => {
  const memory = createBatchMemory();
  const [first, second] = [memory.lend(256 * KiB), memory.lend(256 * KiB)];
  expect(second.buffer).not.toBe(first.buffer);
  memory.giveBack(first);
  const third = memory.lend(250 * KiB);
  expect(third.buffer).toBe(first.buffer);
  expect(third.byteLength).toBe(250 * KiB);
  expect([first.buffer, second.buffer]).not.toContain(memory.lend(256 * KiB).buffer);
});

test("what is given back twice is lent once", () => {
  const memory = createBatchMemory();
  const bytes = memory.lend(256 * KiB);
  memory.giveBack(bytes);
  memory.giveBack(bytes);
  expect(memory.lend(256 * KiB).buffer).not.toBe(memory.lend(256 * KiB).buffer);
});

test("what was written off is never lent again, what was lent later is", () => {
  const memory = createBatchMemory();
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
  const memory = createBatchMemory();
  const foreign = new Uint8Array(new SharedArrayBuffer(256 * KiB));
  memory.giveBack(foreign);
  expect(memory.lend(256 * KiB).buffer).not.toBe(foreign.buffer);
});

test("a small batch does not get what a large one needs", () => {
  const memory = createBatchMemory();
  const large = memory.lend(900 * KiB);
  memory.giveBack(large);
  expect(memory.lend(10 * KiB).buffer).not.toBe(large.buffer);
  expect(memory.lend(800 * KiB).buffer).toBe(large.buffer);
});

test("what is kept is bounded, and the memory of single large frames is not kept", () => {
  const memory = createBatchMemory();
  const burst = Array.from({ length: 200 }, () => memory.lend(256 * KiB));
  for (const bytes of burst) memory.giveBack(bytes);
  const known = new Set(burst.map(({ buffer }) => buffer));
  let kept = 0;
  for (const _ of burst) if (known.has(memory.lend(256 * KiB).buffer)) kept++;
  expect(kept).toBeGreaterThan(10);
  expect(kept * 256 * KiB).toBeLessThanOrEqual(16 * KiB * KiB);
  const huge = memory.lend(2_000 * KiB);
  memory.giveBack(huge);
  expect(memory.lend(2_000 * KiB).buffer).not.toBe(huge.buffer);
});
