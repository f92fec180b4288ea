import { expect, test } from "vitest";
import { ExactSum } from "../../../src/profile/exact-sum.ts";

function sumOf(...values: number[]): ExactSum {
  const sum = new ExactSum();
  sum.add(Float64Array.from(values));
  return sum;
}

test("nothing is lost beside something large", () => {
  expect(sumOf(1e308, 1, -1e308).value).toBe(1);
  expect(sumOf(5e-324, 1e300, 5e-324, -1e300).value).toBe(1e-323);
  expect(sumOf(...new Array<number>(10).fill(0.1)).value).toBe(1);
  expect(sumOf(1e308, 1e308).value).toBe(Infinity);
  expect(sumOf(0.1, 0.2).value).toBe(0.30000000000000004);
  // Half-way between two doubles, and a little more.
  expect(sumOf(2 ** 53, 1).value).toBe(2 ** 53);
  expect(sumOf(2 ** 53, 1, 2 ** -1000).value).toBe(2 ** 53 + 2);
});

test("squares are exact also where they are no doubles", () => {
  const squares = (...values: number[]): number => {
    const sum = new ExactSum();
    sum.addSquares(Float64Array.from(values));
    return sum.value;
  };
  expect(squares(3, -4)).toBe(25);
  expect(squares(1e200)).toBe(Infinity);
  const tiny = 2 ** -600;
  expect(squares(1, tiny)).toBe(1);
  const both = new ExactSum();
  both.addSquares(Float64Array.of(1, tiny));
  both.add(Float64Array.of(-1));
  expect(both.toJSON()).toBe("0x1p-1200");
});

test("a sum is one text, which reads back", () => {
  expect(sumOf(-3.375).toJSON()).toBe("-0x1bp-3");
  expect(sumOf(1, 2, 3, -6).toJSON()).toBe("0x0p0");
  expect(sumOf(2 ** 70, -(2 ** 70), 0.5).toJSON()).toBe("0x1p-1");
  expect(ExactSum.parse("-0x1bp-3")?.value).toBe(-3.375);
  expect(ExactSum.parse("1.5")).toBeUndefined();
});
