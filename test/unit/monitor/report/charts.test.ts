import { describe, expect, test } from "vitest";
import { pairMarks } from "../../../../src/monitor/report/charts/histogram-pair.ts";
import { shiftText } from "../../../../src/monitor/report/charts/shares.ts";
import { lineMarks, lineText, thinned } from "../../../../src/monitor/report/charts/time-line.ts";
import { figureText, instantText, shareText } from "../../../../src/monitor/report/markup/figures.ts";
import { metricWords } from "../../../../src/monitor/report/markup/words.ts";

describe("a histogram pair", () => {
  test("is as high as the shares are", () => {
    const { text } = pairMarks({ baseline: [0.25, 0.75, 0], production: [0.25, 0.25, 0.5] }, false);
    expect(text).toBe('<path class=q d="M0 50V33h100V17h50V50"/><path class=p d="M0 50V33h50V0h50V50h50"/>');
  });

  test("shows groups that have hardly a row, and parts categories", () => {
    const { text } = pairMarks({ baseline: [0.000001, 0.999999], production: [1, 0] }, true);
    expect(text).toBe('<path class=q d="M0 50V0h62V50h88"/><path class=p d="M0 50V49h62V50h13V0h62V50h13"/>');
  });

  test("says where rows went", () => {
    const labels = ["0 to 1", "1 to 2", "2 to 3"];
    expect(shiftText({ labels, baseline: [8, 1, 1], production: [1, 1, 2] })).toBe(
      "more: 2 to 3 10 % to 50 %; less: 0 to 1 80 % to 25 %",
    );
    expect(shiftText({ labels, baseline: [2, 4, 2], production: [1, 2, 1] })).toBe(
      "the same shares on both sides",
    );
  });
});

describe("a time line", () => {
  const points = [0.02, null, 0.2, 0.05].map((value) => ({ value, breached: (value ?? 0) > 0.1 }));

  test("is interrupted where there is no value, and marks a breach by another shape", () => {
    const { text } = lineMarks({ points, threshold: 0.1 });
    expect(text).toContain('class=n d="M19 42h0M94 4L131 36"');
    expect(text).toContain('class=s d="M94 4h0"');
    expect(text).toContain('class=t d="M0 25h150"');
  });

  test("says its range, its last value and how often it was breached", () => {
    expect(lineText({ points, threshold: 0.1 })).toBe("0.02 to 0.2 in 4 windows, breached in 1");
    expect(lineText({ points: [{ value: null, breached: false }], threshold: null })).toBe(
      "no value in 1 window",
    );
  });

  test("that is too long keeps every breach that a mark stands for", () => {
    const long = Array.from({ length: 365 }, (_, i) => ({
      value: i % 90 === 7 ? 0.3 : 0.05,
      breached: i % 90 === 7,
    }));
    const { points: kept } = thinned({ points: long, threshold: 0.1 }, 40);
    expect(kept.length).toBeLessThanOrEqual(40);
    expect(kept.filter(({ breached }) => breached)).toHaveLength(4);
  });
});

test("figures are short, and the same in every locale", () => {
  expect([0, 0.1234567, -2.5, 1234.5, 12_345_678, 0.00001234, Number.NaN].map(figureText)).toEqual([
    "0",
    "0.123",
    "-2.5",
    "1,235",
    "1.2e7",
    "1.2e-5",
    "none",
  ]);
  expect([0, 0.0001, 0.0123, 0.5, 0.9999, 1].map(shareText)).toEqual([
    "0 %",
    "< 0.1 %",
    "1.2 %",
    "50 %",
    "> 99.9 %",
    "100 %",
  ]);
  expect(
    ["2026-11-22T00:00:00Z", "2026-11-22T05:30:00Z", "2026-11-22T05:30:12.5Z"].map((text) =>
      instantText(new Date(text)),
    ),
  ).toEqual(["2026-11-22", "2026-11-22 05:30", "2026-11-22 05:30:12"]);
  expect(
    ["NormalizedWassersteinDistance", "PearsonsChiSquaredTest", "TwoSampleKolmogorovSmirnovTest"].map(
      metricWords,
    ),
  ).toEqual([
    "normalized Wasserstein distance",
    "Pearson's chi squared test",
    "two sample Kolmogorov Smirnov test",
  ]);
});
