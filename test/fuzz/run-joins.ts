/**
 * Joins whatever was stored, with little in memory at once, and compares the rows and the account with what a
 * look at every row beside every other one says:
 *
 *     npm run test:joins                     5,000 cases
 *     npm run test:joins -- 500 77           500 cases, from seed 77
 */
import fc from "fast-check";
import { isDeepStrictEqual } from "node:util";
import { compareJoin, joinCases } from "../property/join-world.ts";

const [numRuns = 5_000, seed = Date.now() % 2 ** 31] = process.argv.slice(2).map(Number);
const begun = performance.now();
await fc.assert(
  fc.asyncProperty(joinCases, async (given) => {
    const { said, expected } = await compareJoin(given);
    if (!isDeepStrictEqual(said, expected)) throw new Error(JSON.stringify({ said, expected }, undefined, 1));
  }),
  { numRuns, seed },
);
const seconds = Math.round((performance.now() - begun) / 1_000);
process.stdout.write(`${numRuns} joins from seed ${seed}: all as by hand, ${seconds} s\n`);
