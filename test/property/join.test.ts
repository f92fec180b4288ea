import fc from "fast-check";
import { expect, test } from "vitest";
import { compareJoin, joinCases } from "./join-world.ts";

/** `npm run test:joins` compares 5,000 of them. */
test("a join and its account are those of a look at every row, however little is in memory", async () => {
  await fc.assert(
    fc.asyncProperty(joinCases, async (given) => {
      const { said, expected } = await compareJoin(given);
      expect(said).toEqual(expected);
    }),
    { numRuns: 100 },
  );
});
