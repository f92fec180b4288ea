import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { subjects } from "../../support/transparency/subjects.ts";
import { transparency } from "../../support/transparency/transparency.ts";

/*
 * Generated exchanges against the same server with payload logging and without. All of them, some thousands
 * for each, are the rows `transparency` of `npm run test:faults`.
 */

/** Fixed, so that what fails fails again. */
const seeds = [7, 2];

// What runs fetch handlers under Node prints the errors of their streams.
beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => {}));
afterEach(() => void vi.restoreAllMocks());

test.each(subjects)(
  "$name: the wire is the same with payload logging, and what is stored crossed it",
  async (subject) => {
    for (const seed of seeds) {
      const { exchanges, aborted, rows, problems } = await transparency(subject, { seed, exchanges: 100 });
      expect(problems).toEqual([]);
      expect(exchanges).toBeGreaterThanOrEqual(100);
      expect(aborted).toBeGreaterThan(10);
      expect(rows).toBeGreaterThan(75);
    }
  },
);
