import { expect, test } from "vitest";
import { deadStorage } from "../faults/exchanges/dead-storage.ts";

test("a server under load whose storage is dead answers everybody, and in the end each exchange is stored once", async () => {
  expect(await deadStorage(4_000)).toMatchObject({ problems: [], fired: 1, lost: 0, duplicated: 0 });
});
