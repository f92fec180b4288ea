import { expect, test } from "vitest";
import { crc32 } from "../../../src/base/checksum.ts";

test("the checksum of no bytes is what it was continued from, wherever they are not", () => {
  const nowhere = new Uint8Array(0);
  for (const bytes of [nowhere, nowhere.subarray(0, 0), new Uint8Array(100).subarray(7, 7)]) {
    expect(crc32(bytes, 123)).toBe(123);
    expect(crc32(bytes)).toBe(0);
  }
});

test("a checksum that is continued is that of the whole", () => {
  const bytes = new TextEncoder().encode("123456789");
  // The check value of CRC-32/ISO-HDLC.
  expect(crc32(bytes)).toBe(0xcbf43926);
  expect(crc32(bytes.subarray(4), crc32(bytes.subarray(0, 4)))).toBe(0xcbf43926);
});
