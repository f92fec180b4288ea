import { expect, test } from "vitest";
import { configChanges } from "../faults/config-changes.ts";

test("1,000 changes of the configuration under load: rows name their versions, pairs are whole, rates are kept", async () => {
  expect(await configChanges(1_000)).toMatchObject({ problems: [], lost: 0 });
});
