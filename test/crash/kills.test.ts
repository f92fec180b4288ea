import { expect, test } from "vitest";
import { killsWithBlobs, killsWithFolder } from "../faults/kills.ts";

test("ten processes killed under load, durability group, lose nothing that was acknowledged and double nothing", async () => {
  expect(await killsWithFolder("group", 10)).toMatchObject({
    problems: [],
    fired: 10,
    lost: 0,
    duplicated: 0,
  });
});

test("with durability frame a kill costs at most the frame whose call never returned", async () => {
  expect(await killsWithFolder("frame", 10)).toMatchObject({
    problems: [],
    fired: 10,
    lost: 0,
    duplicated: 0,
  });
});

test("kills while uploads are cut in the middle lose nothing and double nothing", async () => {
  expect(await killsWithBlobs("group", 8)).toMatchObject({ problems: [], fired: 8, lost: 0, duplicated: 0 });
});
