import { expect, test } from "vitest";
import { clusterKills, endings, stoppedProcess } from "../faults/endings.ts";

const posix = process.platform !== "win32";

test.skipIf(!posix)(
  "however a process ends, it keeps what it must, and its exit code or signal",
  async () => {
    for (const outcome of await endings(2)) expect(outcome.problems, outcome.fault).toEqual([]);
  },
);

test.skipIf(!posix)("nothing is taken from a process that is stopped", async () => {
  expect(await stoppedProcess(3_000)).toMatchObject({ problems: [], lost: 0 });
});

test.skipIf(!posix)(
  "workers of a cluster that share a spool and are killed lose and double nothing",
  async () => {
    expect(await clusterKills(4)).toMatchObject({ problems: [], fired: 12 });
  },
);
