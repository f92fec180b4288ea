import fc from "fast-check";
import { expect, test } from "vitest";
import type { NumberShape } from "../../../../src/cli/ui/answers.ts";
import { ColumnTally } from "../../../../src/cli/ui/shapes/column-tally.ts";
import { TextTally } from "../../../../src/cli/ui/shapes/text-tally.ts";

function numbersOf(type: string, values: readonly unknown[], maxRows = 1_000): NumberShape {
  const tally = new ColumnTally("x", type, maxRows);
  tally.add(values, values.length);
  const { shape } = tally.shape;
  if (shape === undefined || shape.kind === "texts") throw new Error("expected numbers");
  return shape;
}

test("each number is in the bin that has it, or beside the bins", () => {
  const number = fc.oneof(
    fc.double(),
    fc.integer({ min: -50, max: 50 }),
    fc.constantFrom(Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, -0, Number.NaN, Infinity),
  );
  fc.assert(
    fc.property(fc.array(number, { minLength: 1, maxLength: 200 }), (values) => {
      const finite = values.filter(Number.isFinite);
      fc.pre(finite.length > 0);
      const shape = numbersOf("float64", values);
      expect(shape).toMatchObject({ values: finite.length, special: values.length - finite.length });
      expect([shape.min + 0, shape.max + 0]).toEqual([Math.min(...finite) + 0, Math.max(...finite) + 0]);
      const { bins, below, above, from, to } = shape;
      expect(bins.length).toBeLessThanOrEqual(42);
      expect(below + above + bins.reduce((sum, count) => sum + count, 0)).toBe(finite.length);
      expect(Number.isFinite(from) && Number.isFinite(to)).toBe(true);
      const inside = finite.filter((value) => value >= from && value <= to);
      expect(inside.length).toBeGreaterThanOrEqual(finite.length - below - above);
    }),
    { numRuns: 300 },
  );
});

test("bins have round widths: whole ones for whole numbers, units of time for times", () => {
  const whole = numbersOf("int64", [1n, 2n, 2n, 9n]);
  expect(whole).toMatchObject({ from: 1, to: 10, bins: [1, 2, 0, 0, 0, 0, 0, 0, 1], mean: 3.5, median: 2 });
  const hours = Array.from({ length: 30 }, (_, hour) => new Date(Date.UTC(2026, 10, 22, hour, 17)));
  const times = numbersOf("timestamp", hours);
  expect(times).toMatchObject({ kind: "times", from: Date.UTC(2026, 10, 22) });
  expect(times.bins).toEqual(new Array(30).fill(1));
});

test("one value far outside does not press all others into one bin", () => {
  const values = [...Array.from({ length: 99 }, (_, i) => i), 1e12];
  const { above, bins, to, max } = numbersOf("float64", values);
  expect({ above, max }).toEqual({ above: 1, max: 1e12 });
  expect(to).toBeLessThanOrEqual(100);
  expect(bins.filter((count) => count > 0).length).toBeGreaterThan(20);
});

test("rows without a value are counted, and those of files that lack the column", () => {
  const tally = new ColumnTally("x", "float64", 100);
  tally.add(undefined, 7);
  tally.add([1, null, 3], 3);
  expect(tally.shape).toMatchObject({ nulls: 8, shape: { values: 2, mean: 2 } });
  const empty = new ColumnTally("x", "string", 100);
  empty.add([null], 1);
  expect(empty.shape).toMatchObject({ nulls: 1, shape: undefined });
});

test("of bytes, JSON and lists the sizes are told", () => {
  expect(numbersOf("binary", [new Uint8Array(3), new Uint8Array(0)])).toMatchObject({
    kind: "sizes",
    max: 3,
  });
  expect(numbersOf("list<string>", [["a", "b"], []])).toMatchObject({ kind: "sizes", max: 2 });
  expect(numbersOf("json", ['{"a":1}'])).toMatchObject({ kind: "sizes", max: 7 });
});

test("texts are counted, the most frequent first, and so many that it is no use are bounded", () => {
  const tally = new TextTally();
  for (const text of ["b", "a", "b", "", "x".repeat(500), true]) tally.add(text);
  expect(tally.shape).toMatchObject({ values: 6, distinct: 5, isMore: false });
  expect(tally.shape?.top[0]).toEqual({ text: "b", count: 2 });
  expect(tally.shape?.top.map(({ text }) => text.length)).toContain(200);
  const many = new TextTally();
  for (let i = 0; i < 30_000; i++) many.add(`id-${i}`);
  expect(many.shape).toMatchObject({ values: 30_000, distinct: 20_000, isMore: true });
  expect(many.shape?.top).toHaveLength(20);
});
