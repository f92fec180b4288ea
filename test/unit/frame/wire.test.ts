import { describe, expect, test } from "vitest";
import { CollectorError } from "../../../src/base/errors.ts";
import type { Values } from "../../../src/frame/batch.ts";
import { decodeBatch } from "../../../src/frame/wire/decode.ts";
import { encodeBatch } from "../../../src/frame/wire/encode.ts";
import { BatchBuilder } from "../../../src/frame/batch-builder.ts";
import { batchOf, columnValues, finishFacts, frameFacts, snapshotOf } from "./frame-support.ts";

const frame = {
  n: [1, null, 3],
  s: ["a", "é", null],
  p: [{ a: 1 }, [1, null], ["x"]],
  i: [1n, 2n, -3n],
  t: [true, false, null],
  d: [new Date(1), null, null],
};

test("encoding what was decoded gives the same bytes", () => {
  const batch = batchOf([frame, [], frame]);
  const bytes = encodeBatch(batch);
  expect(decodeBatch(bytes)).toEqual(batch);
  expect(
    Buffer.from(encodeBatch(decodeBatch(bytes), (size) => new Uint8Array(size))).equals(Buffer.from(bytes)),
  ).toBe(true);
});

test("a batch without client request ids is in the first version, which earlier releases read, and has nulls for them", () => {
  const batch = batchOf([frame, [], frame]);
  const bytes = encodeBatch(batch);
  const view = new DataView(bytes.buffer);
  expect([view.getUint32(4, true), view.getUint32(36, true)]).toEqual([1, 8]);
  expect(Buffer.from(bytes).includes("mdc_client_request_id")).toBe(false);
  const column = decodeBatch(bytes).frames.columns.find(({ name }) => name === "mdc_client_request_id");
  expect(column && columnValues(column, 3)).toEqual([undefined, undefined, undefined]);
});

test("one with client request ids is in the second version", () => {
  const builder = new BatchBuilder({ maxStringBytes: 100 });
  for (const clientRequestId of [null, "c-1", null]) {
    builder.begin(snapshotOf([{ a: 1 }]), frameFacts({ clientRequestId }));
    builder.advance(Number.POSITIVE_INFINITY);
  }
  const bytes = builder.finish(finishFacts);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  expect([view.getUint32(4, true), view.getUint32(36, true)]).toEqual([2, 9]);
  const column = decodeBatch(bytes).frames.columns.find(({ name }) => name === "mdc_client_request_id");
  expect(column && columnValues(column, 3)).toEqual([undefined, "c-1", undefined]);
  // Neither version may have the other's columns.
  const other = new Uint8Array(bytes);
  for (const version of [0, 1, 3]) {
    other[4] = version;
    expect(() => decodeBatch(other)).toThrow(/not a batch: (version|the frame table)/);
  }
});

test("decoding copies nothing and every buffer starts at a multiple of 8", () => {
  const bytes = encodeBatch(batchOf([frame]));
  const batch = decodeBatch(bytes);
  for (const { values, validity } of [...batch.frames.columns, ...batch.columns]) {
    if (values.kind !== "list") {
      const data = values.kind === "dictionary" ? values.codes : values.data;
      expect(data.buffer).toBe(bytes.buffer);
      expect(data.byteOffset % 8).toBe(0);
    }
    if (validity !== undefined) expect(validity.byteOffset % 8).toBe(0);
  }
});

test("a batch at an odd place in a larger buffer can be read", () => {
  const bytes = encodeBatch(batchOf([frame]));
  const larger = new Uint8Array(bytes.length + 3);
  larger.set(bytes, 3);
  expect(decodeBatch(larger.subarray(3))).toEqual(decodeBatch(bytes));
});

test("names that are special in JavaScript survive", () => {
  const batch = batchOf([[JSON.parse('{"__proto__":1,"constructor":null}')]], {
    declared: new Map([["__proto__", "float64"]]),
  });
  expect(Object.entries(decodeBatch(encodeBatch(batch)).header.declared)).toEqual([["__proto__", "float64"]]);
  expect(batch.columns.map(({ name }) => name)).toEqual(["__proto__"]);
  expect(batch.header.untyped).toEqual(["constructor"]);
});

/** What a reader takes for granted of values. */
function expectWhole(values: Values): void {
  if (values.kind === "dictionary")
    for (const code of values.codes) expect(code).toBeLessThan(values.dictionary.count);
  if (values.kind === "boolean") for (const byte of values.data) expect(byte).toBeLessThan(2);
  if (values.kind === "list") {
    expect(values.lengths.reduce((sum, length) => sum + length, 0)).toBe(values.elements.total);
    expectWhole(values.elements.values);
  }
}

describe("what is no batch", () => {
  const good = Buffer.from(encodeBatch(batchOf([frame, frame])));
  const read = (bytes: Uint8Array): unknown => {
    try {
      const batch = decodeBatch(new Uint8Array(bytes));
      for (const column of [...batch.frames.columns, ...batch.columns]) expectWhole(column.values);
      return batch;
    } catch (error) {
      expect(error).toBeInstanceOf(CollectorError);
      expect((error as CollectorError).code).toBe("CORRUPT");
      return undefined;
    }
  };

  test("is refused when it is cut anywhere, or longer", () => {
    for (let length = 0; length < good.length; length++)
      expect(read(good.subarray(0, length))).toBeUndefined();
    expect(read(Buffer.concat([good, Buffer.alloc(8)]))).toBeUndefined();
  });

  test("is refused, or read as another batch, with any byte changed, and never crashes", () => {
    for (let at = 0; at < good.length; at++) {
      for (const value of [0, 1, 127, 128, 255]) {
        const bad = Buffer.from(good);
        bad[at] = value;
        read(bad);
      }
    }
  });

  test("is refused with a reason that says what is wrong", () => {
    const change = (at: number, value: number) => () => {
      const bad = new Uint8Array(good);
      bad[at] = value;
      decodeBatch(bad);
    };
    expect(change(0, 0)).toThrow(/does not start like one/);
    expect(change(4, 9)).toThrow(/version 9 is unknown/);
    expect(change(8, 1)).toThrow(/bytes instead of/);
    expect(change(28, 200)).toThrow(/not a batch/);
  });
});
