import { v4, v7 } from "uuid";
import { expect, test } from "vitest";
import { uuidTime } from "../../../src/base/uuid-v7.ts";

test("a UUIDv7 tells when it was made", () => {
  // The example of RFC 9562, appendix A.6.
  expect(uuidTime("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")).toBe(Date.parse("2022-02-22T19:22:22.000Z"));
  for (const msecs of [0, 1, Date.parse("2026-11-22T05:00Z"), 2 ** 48 - 1])
    expect(uuidTime(v7({ msecs }))).toBe(msecs);
});

test("every other text tells nothing", () => {
  for (const id of [
    "",
    v4(),
    "order-7",
    `${v7()}x`,
    v7().replaceAll("-", ""),
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
  ]) {
    expect(uuidTime(id), id).toBeUndefined();
  }
});
