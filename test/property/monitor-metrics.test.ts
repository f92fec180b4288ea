import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  chebyshevDistance,
  classificationPerformance,
  hellingerDistance,
  jensenShannonDistance,
  type MetricColumn,
  normalizedDiscountedCumulativeGain,
  normalizedWassersteinDistance,
  pearsonsChiSquaredTest,
  populationStabilityIndex,
  regressionPerformance,
  totalVariationDistance,
  twoProportionZTest,
  twoSampleKolmogorovSmirnovTest,
} from "../../src/monitor.ts";
import { ExactSum } from "../../src/profile/exact-sum.ts";

/** What holds of metrics whatever the columns. */

const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e150, max: 1e150 });
const number = fc.oneof(finite, fc.integer({ min: -5, max: 5 }), fc.constantFrom(0, -0, 5e-324, 0.1));
const numbers = fc.array(number, { minLength: 1, maxLength: 60 });
const texts = fc.array(fc.constantFrom("a", "b", "c", "d", "", "__proto__", "constructor"), {
  minLength: 1,
  maxLength: 60,
});
const columns: fc.Arbitrary<readonly [MetricColumn & unknown[], MetricColumn & unknown[]]> = fc.oneof(
  fc.tuple(numbers, numbers),
  fc.tuple(texts, texts),
);
const profile = fc.constantFrom("azureml" as const, "evidently" as const);
/** Where rows go in another order: by the numbers beside them. */
const order = fc.array(fc.double({ noNaN: true }), { minLength: 61, maxLength: 61 });

function reordered<T>(values: readonly T[], by: readonly number[]): T[] {
  return values
    .map((value, i) => ({ value, at: by[i] as number }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}

const distances = {
  jensenShannonDistance,
  hellingerDistance,
  totalVariationDistance,
  chebyshevDistance,
};

describe.each(Object.entries(distances))("%s", (_, distance) => {
  test("is from 0 to 1, 0 for equal columns, and symmetric to the digit", () => {
    fc.assert(
      fc.property(columns, profile, ([a, b], profile) => {
        const between = distance(a, b, { profile });
        expect(between).toBeGreaterThanOrEqual(0);
        expect(between).toBeLessThanOrEqual(1 + 1e-15);
        expect(distance(a, a, { profile })).toBe(0);
        // To Evidently the reference's distinct values decide about bins.
        if (profile === "azureml") expect(distance(b, a, { profile })).toBe(between);
      }),
    );
  });
});

describe.each(Object.entries({ ...distances, populationStabilityIndex, pearsonsChiSquaredTest }))(
  "%s",
  (_, metric) => {
    test("is the same to the digit whatever the order of rows, as counts, and with nulls among them", () => {
      fc.assert(
        fc.property(columns, profile, order, ([a, b], profile, by) => {
          const between = metric(a, b, { profile });
          expect(metric(reordered(a, by), reordered(b, by), { profile })).toEqual(between);
          expect(metric([null, ...a, Number.NaN], [...b, undefined], { profile })).toEqual(between);
          const counted = (values: readonly unknown[]): MetricColumn => {
            const counts = new Map<string, number>();
            for (const value of values) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
            return { counts };
          };
          const kind = "categorical" as const;
          expect(metric(counted(reordered(a, by)), counted(b), { profile })).toEqual(
            metric(a, b, { profile, kind }),
          );
        }),
      );
    });
  },
);

test("the stability index is 0 for equal columns, and symmetric for as many rows", () => {
  fc.assert(
    fc.property(columns, ([a, b]) => {
      expect(populationStabilityIndex(a, a)).toBe(0);
      expect(populationStabilityIndex(a, b)).toBeGreaterThanOrEqual(0);
      const rows = Math.min(a.length, b.length);
      const [x, y] = [a.slice(0, rows), b.slice(0, rows)];
      expect(populationStabilityIndex(x, y)).toBeCloseTo(populationStabilityIndex(y, x), 12);
    }),
  );
});

test("the Wasserstein distance is a distance, and scales and moves with the values", () => {
  const grid = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 40 });
  fc.assert(
    fc.property(grid, grid, grid, profile, order, (a, b, c, profile, by) => {
      const options = { profile };
      const between = normalizedWassersteinDistance(a, b, options);
      expect(normalizedWassersteinDistance(a, a, options)).toBe(0);
      expect(normalizedWassersteinDistance(reordered(a, by), reordered(b, by), options)).toBe(between);
      if (new Set(a).size === 1) return;
      // Unit: deviations of the baseline, so the triangle has one baseline.
      const unit = (x: readonly number[], y: readonly number[]): number =>
        normalizedWassersteinDistance([...x], [...y], options) * deviation(x);
      const deviation = (x: readonly number[]): number =>
        1 /
        normalizedWassersteinDistance(
          [...x],
          x.map((value) => value + 1),
          options,
        );
      if (new Set(b).size > 1) expect(unit(a, c)).toBeLessThanOrEqual(unit(a, b) + unit(b, c) + 1e-9);
      const bigger = (x: readonly number[]): number[] => x.map((value) => value * 4 + 64);
      expect(normalizedWassersteinDistance(bigger(a), bigger(b), options)).toBeCloseTo(between, 9);
    }),
  );
});

test("the Kolmogorov-Smirnov test asks for the order of values only", () => {
  fc.assert(
    fc.property(numbers, numbers, order, (a, b, by) => {
      const result = twoSampleKolmogorovSmirnovTest(a, b);
      expect(result.statistic).toBeGreaterThanOrEqual(0);
      expect(result.statistic).toBeLessThanOrEqual(1);
      expect(result.pValue).toBeGreaterThanOrEqual(0);
      expect(result.pValue).toBeLessThanOrEqual(1 + 1e-12);
      expect(twoSampleKolmogorovSmirnovTest(reordered(a, by), reordered(b, by))).toEqual(result);
      expect(twoSampleKolmogorovSmirnovTest(b, a).statistic).toBe(result.statistic);
      const ranks = [...new Set([...a, ...b].map((value) => value + 0))].sort((x, y) => x - y);
      const ranked = (x: readonly number[]): number[] => x.map((value) => ranks.indexOf(value + 0));
      expect(twoSampleKolmogorovSmirnovTest(ranked(a), ranked(b))).toEqual(result);
    }),
  );
});

test("the exact p-value is the share of all ways to split the rows that differ as much", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { minLength: 2, maxLength: 9 }),
      fc.nat(6),
      (values, at) => {
        const m = 1 + (at % (values.length - 1));
        const { statistic, pValue } = twoSampleKolmogorovSmirnovTest(values.slice(0, m), values.slice(m));
        const ways = subsets(values.length).filter((mask) => bits(mask) === m);
        const far = ways.filter((mask) => {
          const one = values.filter((_, i) => mask & (1 << i));
          const other = values.filter((_, i) => !(mask & (1 << i)));
          return twoSampleKolmogorovSmirnovTest(one, other).statistic >= statistic - 1e-12;
        });
        expect(pValue).toBeCloseTo(far.length / ways.length, 12);
      },
    ),
    { numRuns: 40 },
  );
});

test("p-values of shares are probabilities", () => {
  const count = fc.nat(2000);
  const pair = fc.record({ no: count, yes: count }).filter(({ no, yes }) => no + yes > 0);
  fc.assert(
    fc.property(pair, pair, (a, b) => {
      for (const { pValue } of [
        pearsonsChiSquaredTest({ counts: a }, { counts: b }),
        twoProportionZTest({ counts: a }, { counts: b }),
      ]) {
        if (Number.isNaN(pValue)) continue;
        expect(pValue).toBeGreaterThanOrEqual(0);
        expect(pValue).toBeLessThanOrEqual(1);
      }
    }),
  );
});

test("the gain is from 0 to 1, and 1 when production ranks as the baseline", () => {
  const importances = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(importances, importances, order, (a, b, by) => {
      const rows = Math.min(a.length, b.length);
      const [x, y] = [a.slice(0, rows), b.slice(0, rows)];
      const gain = normalizedDiscountedCumulativeGain(x, y);
      expect(gain).toBeGreaterThanOrEqual(0);
      expect(gain).toBeLessThanOrEqual(1 + 1e-12);
      expect(normalizedDiscountedCumulativeGain(reordered(x, by), reordered(y, by))).toBe(gain);
      if (x.some((value) => value > 1e-300))
        expect(normalizedDiscountedCumulativeGain(x, x)).toBeCloseTo(1, 12);
    }),
  );
});

test("performance is the same to the digit whatever the order of rows", () => {
  const row = fc.record({ actual: number, predicted: number, label: fc.boolean(), guess: fc.boolean() });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 60 }), order, (rows, by) => {
      const measured = (of: typeof rows) => ({
        ...regressionPerformance(
          of.map((one) => one.actual),
          of.map((one) => one.predicted),
        ),
        ...classificationPerformance(
          of.map((one) => one.label),
          of.map((one) => one.guess),
          {
            scores: of.map((one) => one.predicted),
          },
        ),
      });
      expect(measured(reordered(rows, by))).toEqual(measured(rows));
    }),
  );
});

test("sums are those of whole numbers, however values are split", () => {
  const any = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 40 }), fc.nat(40), order, (values, at, by) => {
      const whole = new ExactSum();
      whole.add(Float64Array.from(values));
      whole.addSquares(Float64Array.from(values));
      const mixed = reordered(values, by);
      const parts = [mixed.slice(0, at), mixed.slice(at)].map((part) => {
        const sum = new ExactSum();
        for (const value of part) sum.addSquares(Float64Array.of(value));
        sum.add(Float64Array.from(part));
        return sum;
      });
      parts[1]?.merge(parts[0] as ExactSum);
      expect(parts[1]?.toJSON()).toBe(whole.toJSON());
      expect(ExactSum.parse(whole.toJSON())?.toJSON()).toBe(whole.toJSON());
      const units = (value: number): bigint => {
        let [scaled, shift] = [value, 1074];
        while (!Number.isInteger(scaled)) [scaled, shift] = [scaled * 2, shift - 1];
        return BigInt(scaled) << BigInt(shift);
      };
      const expected = values.reduce((sum, value) => sum + (units(value) << 1074n) + units(value) ** 2n, 0n);
      const [, sign, digits = "", exponent] = /^(-?)(\w+)p(.+)$/.exec(whole.toJSON()) ?? [];
      const told = BigInt(digits) << BigInt(Number(exponent) + 2148);
      expect(sign === "-" ? -told : told).toBe(expected);
    }),
  );
});

function subsets(size: number): number[] {
  return Array.from({ length: 2 ** size }, (_, mask) => mask);
}

function bits(mask: number): number {
  return mask === 0 ? 0 : (mask & 1) + bits(mask >>> 1);
}
