import { expect, test } from "vitest";
import { crashPoints, killsInRecovery, stepsOfLife } from "../faults/crash-points.ts";

test.each(["group", "frame"] as const)(
  "every step that changes something on disk has a name at which a process can be killed, durability %s",
  async (durability) => {
    const { steps, unknown } = await stepsOfLife(durability);
    expect(unknown).toEqual([]);
    for (const step of [
      "record-written",
      "seal-renamed",
      "freeze-renamed",
      "put-linked",
      "recovery-sealed",
    ]) {
      expect(steps).toContain(step);
    }
  },
);

test.each([
  ["group", "seal"],
  ["frame", "release and farewell"],
  ["group", "recovery"],
] as const)(
  "a process killed at a named point loses and doubles nothing: %s, %s",
  async (durability, group) => {
    const [outcome] = await crashPoints(durability, { groups: [group], sides: ["after"] });
    expect(outcome).toMatchObject({ problems: [], lost: 0, duplicated: 0 });
    expect(outcome?.fired).toBe(outcome?.injected);
  },
);

test("heirs that die one after the other in their recovery leave everything to the last", async () => {
  expect(await killsInRecovery(1)).toMatchObject({ problems: [], lost: 0, duplicated: 0 });
});
