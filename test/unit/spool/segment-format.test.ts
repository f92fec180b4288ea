import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import {
  decodeRecordHeader,
  decodeSegmentHeader,
  encodeRecordHeader,
  encodeSegmentHeader,
  recordHeaderBytes,
  recordSeed,
  viewOf,
} from "../../../src/spool/segment/segment-format.ts";

const facts = {
  id: "0".repeat(31) + "1",
  instance: "a".repeat(32),
  label: "prédiction",
  createdAt: 1_700_000_000_123,
};
const totals = { frames: 2 ** 53 - 1, rows: 4_294_967_296, bytes: 5, records: 6 };

function recordHeader(offset: number): Uint8Array {
  const bytes = new Uint8Array(recordHeaderBytes);
  const { header } = encodeSegmentHeader(facts);
  const counts = { frames: 1, rows: 2, bytes: 3 };
  const seed = recordSeed(offset, header);
  encodeRecordHeader(
    { bytes, view: viewOf(bytes) },
    "data",
    new Uint8Array(9),
    2 ** 53 - 1,
    counts,
    totals,
    seed,
  );
  return bytes;
}

test("a segment header says what was put in, at the documented places", () => {
  const { bytes, header } = encodeSegmentHeader(facts);
  expect(decodeSegmentHeader(bytes)).toEqual(header);
  expect(header).toMatchObject(facts);
  expect(Buffer.from(bytes.subarray(0, 8)).toString()).toBe("MCSPOOL1");
  const view = viewOf(bytes);
  expect([view.getUint16(8, true), view.getUint16(10, true)]).toEqual([1, 11]);
  expect(Buffer.from(bytes.subarray(16, 32)).toString("hex")).toBe(facts.id);
  expect(Number(view.getBigUint64(48, true))).toBe(facts.createdAt);
  expect(view.getUint32(60, true)).toBe(crc32(bytes.subarray(64, 75), crc32(bytes.subarray(0, 60))));
  expect(bytes).toHaveLength(80);
});

test("a record header says what was put in, up to the greatest exact numbers", () => {
  const { header } = encodeSegmentHeader(facts);
  expect(decodeRecordHeader(recordHeader(144), recordSeed(144, header))).toEqual({
    kind: "data",
    length: 9,
    payloadCrc: crc32(new Uint8Array(9), recordSeed(144, header)),
    sequence: 2 ** 53 - 1,
    counts: { frames: 1, rows: 2, bytes: 3 },
    before: totals,
  });
});

test("a record header is good at its own offset of its own segment only", () => {
  const { header } = encodeSegmentHeader(facts);
  const bytes = recordHeader(144);
  for (const offset of [0, 136, 152, 144 + 2 ** 32]) {
    expect(decodeRecordHeader(bytes, recordSeed(offset, header))).toBeUndefined();
  }
  const other = encodeSegmentHeader({ ...facts, createdAt: facts.createdAt + 1 }).header;
  expect(decodeRecordHeader(bytes, recordSeed(144, other))).toBeUndefined();
});
