import { expect, test } from "vitest";
import { killsOfAgent } from "../faults/agent-kills.ts";

test("a sidecar that is killed under load has stored every frame that it answered, once", async () => {
  expect(await killsOfAgent(6)).toMatchObject({ problems: [], fired: 6, lost: 0, duplicated: 0 });
});
