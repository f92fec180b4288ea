import { expect, test } from "vitest";
import { fleet } from "../faults/fleet/fleet.ts";

test("eight writers of one place, killed again and again: all is stored once, and ledgers add up to it", async () => {
  const small = { writers: 8, seconds: 4, rate: 15, everyMs: 400 } as const;
  const outcome = await fleet({ ...small, store: "folder" });
  expect(outcome).toMatchObject({ problems: [], lost: 0, duplicated: 0, invented: 0 });
  expect(outcome.fired).toBeGreaterThan(2);
});
