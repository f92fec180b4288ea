import { describe, expect, test } from "vitest";
import {
  chebyshevDistance,
  hellingerDistance,
  jensenShannonDistance,
  normalizedDiscountedCumulativeGain,
  normalizedWassersteinDistance,
  pearsonsChiSquaredTest,
  populationStabilityIndex,
  totalVariationDistance,
  twoProportionZTest,
  twoSampleKolmogorovSmirnovTest,
} from "../../../src/monitor.ts";
import { SeededNormals } from "../../support/monitor/seeded-normals.ts";

/*
 * Values that others computed: with numpy and scipy as Azure ML's monitoring component uses them, and literal ones of
 * upstream tests. 12 digits are given, 1e-10 is what must hold.
 */

function expectClose(actual: number, expected: number): void {
  const difference = Math.abs(actual - expected);
  expect(difference, `${actual}, expected ${expected}`).toBeLessThanOrEqual(1e-10 * Math.abs(expected));
}

const even = { counts: Object.fromEntries([..."abcdefgh"].map((name) => [name, 100])) };

describe("categories, compared as Azure ML compares them", () => {
  const cases = [
    {
      name: "nearly equal",
      baseline: even,
      production: { counts: { a: 97, b: 105, c: 99, d: 98, e: 101, f: 102, g: 97, h: 103 } },
      expected: { js: 0.0117225254523, psi: 0.000747092595543, chi: 0.998915918565 },
    },
    {
      name: "changed",
      baseline: even,
      production: { counts: { a: 180, b: 80, c: 70, d: 170, e: 200, f: 10, g: 130, h: 100 } },
      expected: { js: 0.257323241115, psi: 0.408753728159, chi: 7.08148298894e-50 },
    },
    {
      name: "nothing in common",
      baseline: even,
      production: { counts: { i: 1, j: 1, k: 2 } },
      expected: { js: 1, psi: 2.53814864802, chi: 0 },
    },
    {
      name: "two categories",
      baseline: { counts: { a: 100, b: 100 } },
      production: { counts: { a: 92, b: 23 } },
      expected: { js: 0.270377528526, psi: 0.399417310827, chi: 1.24057387071e-10 },
    },
    {
      name: "few rows, one category gone",
      baseline: { counts: { a: 3, b: 1, c: 4 } },
      production: { counts: { a: 2, b: 3 } },
      expected: { js: 0.610231154412, psi: 0.747660664134, chi: 0.00313017405714 },
    },
  ];
  test.each(cases)("$name", ({ baseline, production, expected }) => {
    expectClose(jensenShannonDistance(baseline, production), expected.js);
    expectClose(populationStabilityIndex(baseline, production), expected.psi);
    expectClose(pearsonsChiSquaredTest(baseline, production).pValue, expected.chi);
  });
});

describe("numbers, compared as Azure ML compares them", () => {
  const seeded = (mean: number, deviation: number, size: number): Float64Array =>
    new SeededNormals(0).normal(mean, deviation, size);
  const cases = [
    {
      name: "100,000 rows, the mean moved",
      baseline: seeded(50, 15, 1e5),
      production: seeded(53, 15, 1e5),
      expected: { js: 0.0844791909661, psi: 0.0397135200056, w1: 0.200532478992 },
    },
    {
      // Its maximum falls off the last edge, as upstream.
      name: "9,000 rows and 900",
      baseline: seeded(50, 15, 9e3),
      production: seeded(50, 15, 900),
      expected: { js: 0.0469304402113, psi: 0.00914415474113, w1: 0.0538529511494 },
      ks: { statistic: 0.0355555555556, pValue: 0.247392463652 },
    },
    {
      name: "100 rows, the mean moved",
      baseline: seeded(50, 15, 100),
      production: seeded(52, 15, 100),
      expected: { js: 0.0571013426239, psi: 0.0134714297291, w1: 0.131627471671 },
      ks: { statistic: 0.12, pValue: 0.469506448504 },
    },
    {
      name: "numbers without a generator",
      baseline: Array.from({ length: 500 }, (_, i) => ((7919 * i) % 1009) / 10),
      production: Array.from({ length: 300 }, (_, i) => (((104_729 * i) % 1009) / 10) * 0.9 + 8),
      expected: { js: 0.163300636232135, psi: 0.148043651739168, w1: 0.140166658629461 },
      ks: { statistic: 0.0966666666666667, pValue: 0.056666369753113 },
    },
  ];
  test.each(cases)("$name", ({ baseline, production, expected, ks }) => {
    expectClose(jensenShannonDistance(baseline, production), expected.js);
    expectClose(populationStabilityIndex(baseline, production), expected.psi);
    expectClose(normalizedWassersteinDistance(baseline, production), expected.w1);
    if (ks === undefined) return;
    const { statistic, pValue, method } = twoSampleKolmogorovSmirnovTest(baseline, production);
    expectClose(statistic, ks.statistic);
    expectClose(pValue, ks.pValue);
    expect(method).toBe("exact");
  });

  test("the generator is numpy's", () => {
    expect([...seeded(0, 1, 3)]).toEqual([1.764052345967664, 0.4001572083672233, 0.9787379841057392]);
  });
});

test("Evidently's own tests: a column of six categories", () => {
  const reference = { counts: [16, 18, 16, 14, 12, 12] };
  const current = { counts: [16, 16, 16, 16, 16, 8] };
  const named = ({ counts }: { counts: number[] }): { counts: Map<string, number> } => ({
    counts: new Map(counts.map((count, i) => [`c${i}`, count])),
  });
  const options = { profile: "evidently" } as const;
  const { pValue } = pearsonsChiSquaredTest(named(reference), named(current), options);
  expectClose(pValue, 0.673087600697);
  expectClose(hellingerDistance(named(reference), named(current), options), 0.0681277437098);
});

test("Azure ML's own tests: attribution", () => {
  const gain = normalizedDiscountedCumulativeGain;
  expectClose(gain([1.2, 0, 0.1, 3], [0.2, 3.7, 3, 0.1]), 0.5135443210660507);
  expect(gain([1.2, 0, 0.1, 3], [1.2, 0, 0.1, 3])).toBe(1);
  expectClose(
    gain(
      { a: 1.2, b: 0, c: 0.1, d: 3 },
      new Map([
        ["d", 0.1],
        ["c", 3],
        ["b", 3.7],
        ["a", 0.2],
      ]),
    ),
    0.5135443210660507,
  );
});

test("p-values keep their digits where they are tiny", () => {
  // scipy.stats.chi2.sf(400, 1)
  const chi = pearsonsChiSquaredTest({ counts: { a: 1e6, b: 1e6 } }, { counts: { a: 510_000, b: 490_000 } });
  expect(chi).toMatchObject({ statistic: 400, degreesOfFreedom: 1 });
  expectClose(chi.pValue, 5.507248237212467e-89);
  const apart = (from: number): number[] => Array.from({ length: 500 }, (_, i) => from + i);
  // Two ways out of C(1000, 500).
  expectClose(twoSampleKolmogorovSmirnovTest(apart(0), apart(500)).pValue, 2 / 2.702882409454366e299);
});

test("the other distances of shares", () => {
  const [p, q] = [{ counts: { a: 1, b: 3 } }, { counts: { a: 2, b: 1, c: 1 } }];
  expectClose(totalVariationDistance(p, q), 0.5);
  expectClose(chebyshevDistance(p, q), 0.5);
  expectClose(hellingerDistance(p, q), Math.sqrt(1 - Math.sqrt(0.125) - Math.sqrt(0.1875)));
  // statsmodels' proportions_ztest([30, 45], [100, 100])
  const { statistic, pValue } = twoProportionZTest(
    { counts: { yes: 30, no: 70 } },
    { counts: { yes: 45, no: 55 } },
  );
  expectClose(statistic, -2.1908902300206643);
  expectClose(pValue, 0.02845973691631066);
});

test("to Evidently, what is not there has a millionth of the least share, if that is small", () => {
  const [p, q] = [{ counts: { a: 19_999, b: 1 } }, { counts: { a: 100, c: 100 } }];
  const [a, b, c] = [19_999 / 20_000, 1 / 20_000, 1 / 20_000 / 1e6];
  const terms = [
    (0.5 - a) * Math.log(0.5 / a),
    (0.0001 - b) * Math.log(0.0001 / b),
    (0.5 - c) * Math.log(0.5 / c),
  ];
  const expected = terms.reduce((sum, term) => sum + term, 0);
  expectClose(populationStabilityIndex(p, q, { profile: "evidently" }), expected);
});
