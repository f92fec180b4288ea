import { expect, test } from "vitest";
import { dyingTarget } from "../faults/exchanges/dying-target.ts";
import { headFloods, largeBodies, slowClients, zipBombs } from "../faults/exchanges/hostile-traffic.ts";

test.each([
  ["large bodies", () => largeBodies(48)],
  ["bodies that are much larger when they are decoded", () => zipBombs(48, 2)],
  ["slow clients", () => slowClients(20, 1_000)],
  ["floods of header fields", () => headFloods(10)],
])("%s: memory keeps to its bound, others are served, and the rows say what came", async (_name, assail) => {
  for (const { fault, problems } of await assail()) expect([fault, problems]).toEqual([fault, []]);
});

test("a server that is killed behind the sidecar leaves nobody with half an answer for a whole one", async () => {
  expect(await dyingTarget(3)).toMatchObject({ problems: [], fired: 3 });
});
