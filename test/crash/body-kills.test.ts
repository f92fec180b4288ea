import { expect, test } from "vitest";
import { killsOfBodies } from "../faults/bodies/body-kills.ts";

test("a sidecar that is killed while large bodies pass leaves no row without its body, and no part of one", async () => {
  expect(await killsOfBodies(2)).toMatchObject({
    problems: [],
    fired: 2,
    lost: 0,
    duplicated: 0,
    invented: 0,
  });
});
