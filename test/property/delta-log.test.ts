import fc from "fast-check";
import { expect, test } from "vitest";
import { mulberry32 } from "../../benchmarks/mulberry32.ts";
import { DeltaTable } from "../../src/delta/delta-table.ts";
import { runCommitters } from "../support/delta/committers.ts";
import { replayLog } from "../support/delta/replay.ts";
import { table, tableBytes } from "../support/delta/table-files.ts";

const bytes = await tableBytes({ distance: "float64" }, { distance: [1, 2] });

test("whatever the order, and whoever dies or loses an answer: every file once, and no version missing", async () => {
  let troubles = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        committers: fc.integer({ min: 2, max: 8 }),
        files: fc.integer({ min: 1, max: 3 }),
        crash: fc.constantFrom(0, 20, 60),
        lost: fc.constantFrom(0, 50),
        fail: fc.constantFrom(0, 50),
        checkpointEvery: fc.constantFrom(2, 5, 100),
      }),
      fc.integer(),
      async (odds, seed) => {
        const run = await runCommitters(bytes, odds, mulberry32(seed));
        const { adds, live } = await replayLog(run.store, table);
        expect(adds).toHaveLength(run.delivered.size);
        expect(live).toEqual(run.delivered);
        const read = await new DeltaTable(run.store, table).read();
        expect(new Set(read!.files.keys())).toEqual(run.delivered);
        troubles += run.crashes + run.failures + run.lostAnswers;
      },
    ),
    { numRuns: 8 },
  );
  expect(troubles).toBeGreaterThan(0);
});

test("a thousand processes at one table: every file once, and no version missing", async () => {
  const odds = { committers: 1_000, files: 1, crash: 0.1, lost: 1, fail: 1, checkpointEvery: 100 };
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const run = await runCommitters(bytes, odds, mulberry32(seed));
      expect(Math.min(run.crashes, run.lostAnswers, run.failures)).toBeGreaterThan(0);
      expect(run.delivered.size).toBe(odds.committers);
      const { adds, live } = await replayLog(run.store, table);
      expect(adds).toHaveLength(odds.committers);
      expect(live).toEqual(run.delivered);
      const read = await new DeltaTable(run.store, table).read();
      expect(new Set(read!.files.keys())).toEqual(run.delivered);
      // Every hundredth commit brings one, and some more where a process died: not each process its own.
      const checkpoints = [...run.store.objects.keys()].filter((path) => path.includes(".checkpoint."));
      expect(checkpoints.length).toBeGreaterThan(0);
      expect(checkpoints.length).toBeLessThan(30);
    }),
    { numRuns: 1, endOnFailure: true },
  );
});
