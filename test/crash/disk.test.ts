import { expect, test } from "vitest";
import { fileSizeLimit, noDescriptors, spoolRemoved } from "../faults/disk.ts";
import { killsAtSystemCalls } from "../faults/syscalls.ts";

const posix = process.platform !== "win32";

test.skipIf(!posix)("a limit on the size of files costs no frame", async () => {
  expect(await fileSizeLimit()).toMatchObject({
    problems: [],
    lost: 0,
    figure: expect.stringContaining("dropped {}"),
  });
});

test.skipIf(!posix)("a process without a free descriptor goes on once there are some", async () => {
  expect((await noDescriptors()).problems).toEqual([]);
});

test.skipIf(!posix)("a spool folder that is removed is made anew", async () => {
  expect((await spoolRemoved()).problems).toEqual([]);
});

test("a process that dies at any rename of its life loses and doubles nothing", async (context) => {
  const outcomes = await killsAtSystemCalls("group", { calls: ["rename"] });
  const notRun = outcomes.find((outcome) => outcome.notRun !== undefined)?.notRun;
  if (notRun !== undefined) context.skip(notRun);
  for (const outcome of outcomes) expect(outcome.problems, outcome.fault).toEqual([]);
});
