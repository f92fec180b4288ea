import { expect, test } from "vitest";
import { jsonText } from "../../../src/frame/copy/json-text.ts";
import { takeSnapshot } from "../../../src/frame/snapshot.ts";

const limits = { maxFrameBytes: 4_096, maxFrameRows: 1_000, maxFrameColumns: 100 };
const take = (frame: unknown): ReturnType<typeof takeSnapshot> => takeSnapshot(frame, { limits });

/** Counts how often somebody looks at its elements. */
function watched(length: number): { readonly array: unknown[]; looks: number } {
  const watch = { array: [] as unknown[], looks: 0 };
  watch.array = new Proxy([], {
    get: (target, name) => {
      if (name === "length") return length;
      if (typeof name === "string" && /^\d+$/.test(name)) watch.looks++;
      return Reflect.get(target, name);
    },
    has: (target, name) => {
      watch.looks++;
      return Reflect.has(target, name);
    },
  });
  return watch;
}

test.each([2 ** 32 - 1, 2 ** 53 - 1, 1_001])("of an array of %d elements none is read", (length) => {
  for (const frame of [(array: unknown[]) => array, (array: unknown[]) => ({ a: array })]) {
    const watch = watched(length);
    expect(take(frame(watch.array))).toMatchObject({ status: "dropped" });
    expect(watch.looks).toBe(0);
  }
  const cell = watched(length);
  expect(take({ a: [cell.array] })).toMatchObject({ status: "dropped", reason: "too_large" });
  expect(cell.looks).toBe(0);
});

test("an array that is longer at the second look is read no further than the first said", () => {
  let looks = 0;
  const array = new Proxy([1, 2], {
    get: (target, name) => (name === "length" && looks++ > 0 ? 2 ** 32 - 1 : Reflect.get(target, name)),
  });
  expect(take({ a: array, b: [1, 2] }).status).toBe("ok");
});

test("a Set or Map is refused by its size, whatever it says of it, before anything of it is read", () => {
  const many = Array.from({ length: 5_000 }, (_, i) => i);
  const set = Object.defineProperty(new Set(many), "size", { value: 0 });
  const map = Object.defineProperty(new Map(many.map((i) => [String(i), i])), "size", { value: 0 });
  for (const value of [set, map]) {
    expect(jsonText(value, 4_096)).toEqual({ status: "too_large" });
    expect(take({ a: [value] })).toMatchObject({ status: "dropped", reason: "too_large" });
  }
});

test("of an object with more keys than there is room for, no value is read", () => {
  let reads = 0;
  const keys = Array.from({ length: 5_000 }, (_, i) => `k${i}`);
  const value = new Proxy(Object.fromEntries(keys.map((key) => [key, undefined])), {
    get: (target, name) => {
      if (typeof name === "string" && name.startsWith("k")) reads++;
      return Reflect.get(target, name);
    },
  });
  expect(jsonText(value, 4_096)).toEqual({ status: "too_large" });
  expect(reads).toBe(0);
});

test("the digits of a bigint are written while there are at most 4,096, wherever it stands", () => {
  const longest = 10n ** 4_096n - 1n;
  const reason = "a bigint of more than 4096 digits";
  for (const sign of [1n, -1n]) {
    expect(jsonText({ n: sign * longest }, 10_000)).toEqual({
      status: "ok",
      text: `{"n":${sign * longest}}`,
    });
    expect(jsonText({ n: sign * (longest + 1n) }, 10_000)).toEqual({ status: "unstorable", reason });
  }
  const cells = (value: unknown): unknown => {
    const result = take({ a: [value] });
    return result.status === "ok" ? result.snapshot.columns[0] : result;
  };
  expect(cells(longest)).toEqual([longest]);
  expect(cells(longest + 1n)).toEqual([
    { kind: "rejected", value: JSON.stringify({ mdc_reason: reason }), element: undefined },
  ]);
  expect(cells([longest + 1n])).toEqual([
    { kind: "rejected", value: JSON.stringify({ mdc_reason: reason }), element: undefined },
  ]);
});

test("a name that is too long is refused without a look at it", () => {
  expect(take({ ["x".repeat(10_000)]: [1] })).toMatchObject({
    status: "dropped",
    error: { message: expect.stringContaining("longer than 1024 bytes") as string },
  });
});

test("what a snapshot says it takes grows with what it holds on to", () => {
  const memory = (frame: unknown): number => {
    const result = takeSnapshot(frame, { limits: { ...limits, maxFrameBytes: 1 << 20 } });
    return result.status === "ok" ? result.snapshot.memory : 0;
  };
  const one = memory({ a: [1.5] });
  expect(one).toBeGreaterThan(512);
  expect(memory({ a: ["日".repeat(1_000)] })).toBeGreaterThan(one + 2_000);
  expect(memory({ a: new Uint8Array(1_000) })).toBeGreaterThan(one + 7_900);
  expect(memory({ a: [new Uint8Array(1)] })).toBeGreaterThan(one + 200);
  expect(memory({ a: [10n ** 4_000n] })).toBeGreaterThan(one + 1_700);
});
