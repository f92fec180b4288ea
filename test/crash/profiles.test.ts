import { expect, test } from "vitest";
import { profilesAfterKills } from "../faults/profiles.ts";

test("after eight kills profiles count each acknowledged row once, sampled out ones too", async () => {
  expect(await profilesAfterKills(8)).toMatchObject([
    { problems: [], fired: 4 },
    { problems: [], fired: 4 },
  ]);
});
