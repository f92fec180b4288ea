import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { mapConcurrent } from "../../../src/reader/map-concurrent.ts";

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all = [];
  for await (const item of items) all.push(item);
  return all;
}

test("results keep the items' order, whichever ends first, and only so many run at once", async () => {
  let running = 0;
  let most = 0;
  const results = mapConcurrent([5, 1, 4, 2, 3, 0, 6], 3, async (turns) => {
    most = Math.max(most, ++running);
    for (let i = 0; i < turns; i++) await setImmediate();
    running--;
    return turns * 10;
  });
  expect(await collect(results)).toEqual([50, 10, 40, 20, 30, 0, 60]);
  expect(most).toBe(3);
});

test("a failure comes out at its item's place, and other failures beside it are not left unhandled", async () => {
  const seen: number[] = [];
  const read = async () => {
    for await (const item of mapConcurrent([1, 2, 3], 3, async (n) =>
      n > 1 ? Promise.reject(new Error(`no ${n}`)) : n,
    )) {
      seen.push(item);
    }
  };
  await expect(read()).rejects.toThrow("no 2");
  expect(seen).toEqual([1]);
  await setImmediate();
});

test("nothing more is started when the consumer stops", async () => {
  let started = 0;
  for await (const _ of mapConcurrent([1, 2, 3, 4, 5, 6], 2, async () => ++started)) break;
  await setImmediate();
  expect(started).toBe(2);
});
