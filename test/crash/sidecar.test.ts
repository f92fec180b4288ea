import { expect, test } from "vitest";
import { sidecarKills } from "../faults/sidecar-kills.ts";

test("a sidecar that is killed under load stores each exchange once or, if it was answered just before, not at all", async () => {
  expect(await sidecarKills(3)).toMatchObject({
    problems: [],
    fired: 3,
    lost: 0,
    duplicated: 0,
    invented: 0,
  });
});
