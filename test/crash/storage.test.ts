import { expect, test } from "vitest";
import { foreignFile, fullSpool, lostAnswers, outage, refusal, retryAfter } from "../faults/storage.ts";

/*
 * Each of these also searches everything that was printed, spooled and stored for the account's key and
 * signature.
 */

test.each([
  ["an outage of storage delays and loses nothing", () => outage(2_000)],
  ["a file whose answer was lost is not stored twice", () => lostAnswers(2)],
  [
    "a spool that fills up during an outage keeps within bounds and counts what it drops",
    () => fullSpool(3_000),
  ],
  [
    "a refused credential drops nothing, is reported, and heals",
    () => refusal(403, "AuthorizationFailure", 500),
  ],
  ["a file of somebody else is never overwritten, and ours is set aside", foreignFile],
  ["the pause that the service asks for is kept", () => retryAfter(429, 2)],
] as const)("%s", async (_, run) => {
  const outcome = await run();
  expect(outcome.problems, outcome.figure).toEqual([]);
});
