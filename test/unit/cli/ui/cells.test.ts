import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { bodyCell } from "../../../../src/cli/ui/answering/readable-body.ts";
import { cellOf } from "../../../../src/cli/ui/cell.ts";
import { nastyStrings } from "../../../support/nasty-strings.ts";
import { shownText } from "../../../../src/cli/ui/answers.ts";

const room = (): { left: number } => ({ left: 1_000_000 });

test("nothing can hide in a text, and what is seen stays", () => {
  for (const text of nastyStrings) {
    const shown = shownText(text);
    expect(shown).not.toMatch(/[^\P{Cc}\t\n\r]|[\u202a-\u202e\u2066-\u2069\u200b\u2028\u2029\ufeff]|\p{Cs}/u);
    expect(shownText(shown)).toBe(shown);
  }
  expect(shownText("a\tb\nc 👩‍👩‍👧‍👦 مرحبا e\u0301")).toBe("a\tb\nc 👩‍👩‍👧‍👦 مرحبا e\u0301");
});

test("a value is told by its kind, numbers among many by the digits that are read", () => {
  expect(cellOf(0.1 + 0.2, 200, room())).toEqual({ kind: "number", text: "0.3" });
  expect(cellOf(0.1 + 0.2, 65_536, room())).toEqual({ kind: "number", text: "0.30000000000000004" });
  expect(cellOf(-0, 65_536, room())).toEqual({ kind: "number", text: "-0" });
  expect(cellOf(9_007_199_254_740_993n, 200, room())).toEqual({ kind: "number", text: "9007199254740993" });
  expect(cellOf(null, 200, room())).toEqual({ kind: "none", text: "" });
  expect(cellOf("", 200, room())).toEqual({ kind: "text", text: "" });
  expect(cellOf(' {"a":1}', 200, room()).kind).toBe("json");
  expect(cellOf(["a", null], 200, room())).toEqual({ kind: "json", text: '["a",null]' });
  expect(cellOf(new Date(0), 200, room())).toEqual({ kind: "time", text: "1970-01-01 00:00:00.000" });
  expect(cellOf(Uint8Array.of(255, 0), 200, room())).toEqual({
    ...{ kind: "bytes", text: "ff00", size: 2, read: "hex" },
  });
});

test("a long text is cut between characters, shorter when the answer is full", () => {
  const smile = cellOf("😀".repeat(200), 201, room());
  expect(smile).toEqual({ kind: "text", text: "😀".repeat(100), size: 400 });
  const full = { left: 0 };
  expect(cellOf("x".repeat(1_000), 65_536, full).text).toHaveLength(120);
});

test("a body is read as what it was compressed with, also when it was cut", () => {
  const text = JSON.stringify({ rows: Array.from({ length: 5_000 }, (_, i) => i * 7_919) });
  const bytes = new TextEncoder().encode(text);
  for (const [encoding, compress] of [
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
    ["zstd", zstdCompressSync],
  ] as const) {
    const whole = compress(bytes);
    expect(bodyCell(whole, encoding, 1e6, room()), encoding).toEqual({ kind: "json", text, read: encoding });
    const part = bodyCell(whole.subarray(0, whole.length / 2), encoding, 1e6, room());
    expect(part.kind === "json" ? text.startsWith(part.text) : part.kind === "bytes", encoding).toBe(true);
  }
  expect(bodyCell(gzipSync(bytes).subarray(0, 4_000), "gzip", 1e6, room())).toMatchObject({ kind: "json" });
});

test("a body that is no text, or far more than it seems, is shown as bytes", () => {
  const bomb = gzipSync(new Uint8Array(64 * 1024 * 1024));
  expect(bodyCell(bomb, "gzip", 1e6, room())).toMatchObject({ kind: "bytes", size: bomb.length });
  expect(bodyCell(Uint8Array.of(137, 80, 78, 71), undefined, 100, room())).toMatchObject({
    text: "89504e47",
  });
  expect(bodyCell(new TextEncoder().encode("plain é"), "nonsense", 100, room()).kind).toBe("bytes");
  expect(bodyCell(new TextEncoder().encode("plain é").subarray(0, 7), null, 100, room())).toEqual({
    ...{ kind: "text", text: "plain " },
  });
});
