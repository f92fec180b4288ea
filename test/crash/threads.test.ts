import { expect, test } from "vitest";
import { lateThread } from "../faults/late-thread.ts";
import { poisonRecords } from "../faults/poison.ts";
import { clockJumps, threadDeaths, threadHangsAtClose } from "../faults/threads.ts";

test.each(["throw", "exit", "out-of-memory"] as const)(
  "a background thread that dies (%s) is replaced, and nothing is lost or doubled",
  async (kind) => {
    const { problems, fired } = await threadDeaths(kind, 2);
    expect(problems).toEqual([]);
    expect(fired).toBeGreaterThanOrEqual(2);
  },
);

test("segments that are sealed before the thread is ready reach the destination before a flush says so", async () => {
  expect(await lateThread(4)).toMatchObject({ problems: [], fired: 4, lost: 0, duplicated: 0 });
});

test("close ends in time, and loses nothing, when the background thread hangs", async () => {
  expect((await threadHangsAtClose()).problems).toEqual([]);
});

test("a clock that jumps loses nothing and puts no row in a wrong partition", async () => {
  expect((await clockJumps(4)).problems).toEqual([]);
});

test("records that cannot be decoded are set aside, and all others are delivered", async () => {
  expect(await poisonRecords()).toMatchObject({ problems: [], injected: 4, fired: 4 });
});
