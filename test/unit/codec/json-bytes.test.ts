import fc from "fast-check";
import { expect, test } from "vitest";
import { JsonBytes } from "../../../src/frame/conform/json-bytes.ts";
import { nastyStrings } from "../../support/nasty-strings.ts";

/** What stands between the quotes, written in pieces of so many bytes. */
function escaped(text: string, step: number): string {
  const bytes = Buffer.from(text);
  const json = new JsonBytes();
  for (let at = 0; at < bytes.length; at += step) json.escaped(bytes, at, Math.min(bytes.length, at + step));
  return Buffer.from(json.written()).toString();
}

test("texts are escaped as JSON.stringify does it, wherever they are cut", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: "binary" }),
    fc.constantFrom(...nastyStrings),
  );
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 50 }), (value, step) => {
      const wellFormed = Buffer.from(value).toString();
      expect(escaped(wellFormed, step)).toBe(JSON.stringify(wellFormed).slice(1, -1));
    }),
    { numRuns: 500 },
  );
});

test("every character of one byte is escaped as JSON.stringify does it", () => {
  const all = String.fromCharCode(...Array.from({ length: 128 }, (_, code) => code));
  expect(`"${escaped(all, 128)}"`).toBe(JSON.stringify(all));
});

test("bytes of any length become base64", () => {
  for (const length of [0, 1, 2, 3, 49_151, 49_152, 49_153, 150_000]) {
    const bytes = Buffer.from(Array.from({ length: length + 7 }, (_, i) => (i * 37) % 256));
    const json = new JsonBytes();
    json.base64(bytes, 3, length + 3);
    expect(Buffer.from(json.written()).toString()).toBe(bytes.subarray(3, length + 3).toString("base64"));
  }
});

test("JSON text has no line breaks afterwards", () => {
  const json = new JsonBytes();
  const source = Buffer.from('xx{"a":\r\n1,\n"b":"\\n"}xx');
  json.oneLine(source, 2, source.length - 2);
  expect(Buffer.from(json.written()).toString()).toBe('{"a":  1, "b":"\\n"}');
});
