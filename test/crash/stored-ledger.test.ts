import { expect, test } from "vitest";
import { ledgerAfterKills } from "../faults/ledger.ts";

test("after six kills the ledger names all who were killed, and tells to the frame what is stored", async () => {
  expect(await ledgerAfterKills(2)).toMatchObject({ problems: [], fired: 6 });
});
