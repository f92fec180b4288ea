import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { ownJson } from "../../../src/base/own-json.ts";
import { labelText, parseLabel, type SegmentLabel } from "../../../src/pipeline/segment-label.ts";

test("a document is written as JSON.stringify writes it, on one line or indented", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 1, 2), (value, indent) => {
      expect(ownJson(value, indent)).toBe(JSON.stringify(value, undefined, indent));
    }),
  );
  expect(ownJson({ a: undefined, b: [undefined] })).toBe('{"b":[null]}');
});

test("a toJSON that the host has put on built-ins changes neither it nor a segment's label", () => {
  const value = { list: ["a", 1, null, [true]], text: "é\ud800" };
  const label: SegmentLabel = {
    format: "parquet",
    rollingRate: "hour",
    endpoint: "flights",
    deployment: "blue",
    collection: "x",
    partition: 3_600_000,
  };
  const texts = [ownJson(value), labelText(label)];
  for (const { prototype } of [Array, Object, String, Number, Boolean]) {
    Object.defineProperty(prototype, "toJSON", { configurable: true, value: () => "replaced" });
    onTestFinished(() => void Reflect.deleteProperty(prototype, "toJSON"));
  }
  expect(JSON.stringify([1])).toBe('"replaced"');
  expect([ownJson(value), labelText(label)]).toEqual(texts);
  expect(parseLabel(texts[1] as string)).toEqual(label);
});

test.each([1.7e18, Number.NaN, 0.5, Number.POSITIVE_INFINITY, Date.UTC(10_000, 0)])(
  "a label of the impossible partition %d is not written",
  (partition) => {
    const names = { endpoint: "a", deployment: "b", collection: "c" };
    expect(() => labelText({ format: "parquet", rollingRate: "hour", ...names, partition })).toThrow(
      RangeError,
    );
  },
);
