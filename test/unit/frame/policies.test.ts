import { createHash, createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { resolveRedaction, strictestRedaction } from "../../../src/frame/copy/redaction.ts";
import { snapshotCells, snapshotOf } from "./frame-support.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const hashes = (frame: unknown, more: object = {}) => {
  const snapshot = snapshotOf(frame, { policy: "hash", ...more });
  expect(snapshot.names).toEqual(["mdc_row_hash"]);
  return snapshotCells(snapshot)[0] as string[];
};

describe("policy hash", () => {
  test("keeps the digest of each row's JSON, whatever the order of its columns and the kind of frame", () => {
    const expected = [{ a: 1, b: "é" }, { a: 0.1 }].map((row) => sha256(JSON.stringify(row)));
    expect(hashes([{ b: "é", a: 1 }, { a: 0.1 }])).toEqual(expected);
    expect(hashes({ a: [1, 0.1], b: ["é", null] })).toEqual(expected);
    expect(hashes({ b: ["é", undefined], a: new Float64Array([1, 0.1]) })).toEqual(expected);
  });

  test("has a text for every kind of value", () => {
    const frame = [
      {
        ...{ i: 2n ** 60n, n: Number.NaN, z: -0, t: new Date(0), y: true, bytes: new Uint8Array([1, 2]) },
        ...{ list: [1, null], o: { k: [1, "x"] } },
      },
    ];
    expect(hashes(frame)).toEqual([
      sha256(
        '{"bytes":"AQI=","i":1152921504606846976,"list":[1,null],"n":"NaN","o":{"k":[1,"x"]},' +
          '"t":"1970-01-01T00:00:00.000Z","y":true,"z":-0}',
      ),
    ]);
  });

  test("is under a key if there is one, and of what redaction has left", () => {
    const redaction = resolveRedaction({ b: "mask", c: "drop" }, "redact");
    const expected = createHmac("sha256", "key").update('{"a":1,"b":"***"}').digest("hex");
    expect(hashes([{ a: 1, b: "x", c: "y" }], { redaction, hashKey: "key" })).toEqual([expected]);
  });
});

test("policy metadata keeps how many rows there are, and reads no value", () => {
  const unread = {
    get a(): number {
      throw new Error("read");
    },
  };
  const { names, columns, rows } = snapshotOf([unread, unread], { policy: "metadata" });
  expect([names, columns, rows]).toEqual([[], [], 2]);
  expect(snapshotOf({ a: [1, 2, 3] }, { policy: "metadata" }).rows).toBe(3);
});

describe("two redactions at once", () => {
  const both = (own: object, other: object) => (value: unknown) => {
    const redaction = strictestRedaction(
      resolveRedaction(own as never, "a"),
      resolveRedaction(other as never, "b"),
    );
    const snapshot = snapshotOf([{ x: value }], { redaction });
    return snapshot.names.length === 0 ? "dropped" : snapshotCells(snapshot)[0]?.[0];
  };
  const hmac = (text: string): string => createHmac("sha256", "k").update(text).digest("hex");

  test.each([
    ["drop over mask", "drop", "mask", "dropped"],
    ["mask over an HMAC", { hmacKey: "k" }, "mask", "***"],
    ["an HMAC over a part", { truncate: 2 }, { hmacKey: "k" }, hmac("secret")],
    ["the shorter part", { truncate: 4 }, { truncate: 2 }, "se"],
    ["a rule after a function", (value: string) => value.toUpperCase(), { truncate: 3 }, "SEC"],
    [
      "nothing of what a function threw at",
      () => {
        throw new Error("no");
      },
      { hmacKey: "k" },
      null,
    ],
    ["drop over a function", (value: string) => value, "drop", "dropped"],
  ])("%s", (_, one, other, expected) => {
    expect(both({ x: one }, { X: other })("secret")).toEqual(expected);
    if (typeof one !== "function") expect(both({ x: other }, { X: one })("secret")).toEqual(expected);
  });
});
