import { expect, test } from "vitest";
import {
  classificationPerformance,
  estimatedClassificationPerformance,
  PerformanceWindows,
  type PerformanceWindowsOptions,
  type PredictionRow,
  ProbabilityCalibration,
} from "../../../src/monitor.ts";

const day = 86_400_000;
const start = Date.parse("2026-11-23T00:00:00Z");
const windows = [0, 1, 2].map((i) => ({
  ...{ from: new Date(start + i * day), to: new Date(start + (i + 1) * day) },
}));

/** Predictions of a day: a score rises from 0 to 1, and what is above a half is said to be late. */
function rowsOf(index: number, count: number, labelled: number): PredictionRow[] {
  return Array.from({ length: count }, (_, i) => {
    const score = ((i * 37) % count) / count;
    const truth = ((i * 53) % count) / count < score ? "late" : "early";
    return {
      ...{ at: start + index * day + i, predicted: score > 0.5 ? "late" : "early", score },
      ...(i < labelled ? { actual: truth } : {}),
      slice: i % 4 === 0 ? "JFK" : "SEA",
    };
  });
}

const all = [rowsOf(0, 400, 400), rowsOf(1, 400, 30), rowsOf(2, 50, 0)];

function resultOf(rows: readonly PredictionRow[], options: Partial<PerformanceWindowsOptions> = {}) {
  const performance = new PerformanceWindows({ windows, ...options });
  for (const row of rows) performance.add(row);
  return performance.result();
}

test("a window with labels is measured; one whose labels have not come is estimated, and says so", () => {
  const { rows, task, verdict } = resultOf(all.flat());
  expect(task).toBe("classification");
  expect(
    rows.map(({ start: from, rows: count, labelCoverage, estimated, verdict: one, reason }) => ({
      ...{ from, count, labelCoverage, estimated, one, reason },
    })),
  ).toEqual([
    {
      ...{ from: "2026-11-23T00:00:00.000Z", count: 400, labelCoverage: 1 },
      ...{ estimated: false, one: "breach", reason: null },
    },
    {
      ...{
        from: "2026-11-24T00:00:00.000Z",
        count: 400,
        labelCoverage: 0.075,
        estimated: true,
        one: "breach",
      },
      reason: "estimated: 30 rows with labels, and 100 needed",
    },
    {
      ...{ from: "2026-11-25T00:00:00.000Z", count: 0, labelCoverage: 0, estimated: false },
      ...{ one: "insufficient data", reason: "0 rows with labels, and 100 needed" },
    },
  ]);
  expect(verdict).toBe("breach");
  const labelled = all.flat().filter(({ actual }) => actual !== undefined);
  const column = (of: readonly PredictionRow[], name: keyof PredictionRow): unknown[] =>
    of.map((row) => row[name]);
  const [first = [], second = []] = all;
  const measured = classificationPerformance(column(first, "actual"), column(first, "predicted"), {
    scores: column(first, "score"),
  });
  const valueOf = (index: number, name: string): number | null | undefined =>
    rows[index]?.metrics.find(({ metric }) => metric === name)?.value;
  expect(valueOf(0, "Accuracy")).toBe(measured.accuracy);
  expect(valueOf(0, "Precision")).toBe(measured.precision);
  expect(valueOf(0, "AreaUnderCurve")).toBe(measured.areaUnderCurve);
  expect(rows[0]?.confusion).toEqual({ classes: ["early", "late"], counts: measured.confusionMatrix });
  const calibration = ProbabilityCalibration.fit(column(labelled, "actual"), column(labelled, "score"));
  const expected = estimatedClassificationPerformance(column(second, "predicted"), column(second, "score"), {
    calibration,
  });
  expect(valueOf(1, "Accuracy")).toBe(expected.accuracy);
  expect(rows[1]?.confusion).toBeNull();
  // The labels of the second day come: what was expected was not far off.
  const [, later] = resultOf([all[0] ?? [], rowsOf(1, 400, 400)].flat()).rows;
  expect(later?.estimated).toBe(false);
  expect(later?.metrics[0]?.value).toBeCloseTo(expected.accuracy, 1);
});

test("the order of rows changes no digit", () => {
  const rows = all.flat();
  const mixed = rows.map((_, i) => rows[(i * 389) % rows.length] as PredictionRow);
  expect(new Set(mixed).size).toBe(rows.length);
  expect(resultOf(mixed, { by: "origin" })).toEqual(resultOf(rows, { by: "origin" }));
});

test("slices are told behind all rows, the largest first, each with its own labels", () => {
  const { rows } = resultOf(all[0] ?? [], { by: "origin" });
  expect(rows.slice(0, 3).map(({ slice, rows: count }) => [slice?.value, count])).toEqual([
    [undefined, 400],
    ["SEA", 300],
    ["JFK", 100],
  ]);
  const without = resultOf([{ at: start, predicted: 1, actual: 1 }], { by: "origin", minRows: 1 });
  expect(without.rows[1]).toMatchObject({ slice: { column: "origin", value: null }, rows: 1 });
});

test("numbers are a regression, held against the thresholds that were set", () => {
  const rule = { need: 1, of: 3 };
  const rows = Array.from({ length: 100 }, (_, i) => ({ at: start, predicted: i + 2, actual: i }));
  const {
    task,
    rows: [first],
    verdict,
  } = resultOf(rows, { thresholds: { MeanAbsoluteError: 1.5 }, rule });
  expect(task).toBe("regression");
  expect(first?.metrics).toEqual([
    { metric: "RootMeanSquaredError", value: 2, threshold: null, thresholdSource: null, breached: false },
    { metric: "MeanAbsoluteError", value: 2, threshold: 1.5, thresholdSource: "set for all", breached: true },
    { metric: "MeanError", value: 2, threshold: null, thresholdSource: null, breached: false },
  ]);
  expect(verdict).toBe("breach");
  expect(resultOf(rows, { thresholds: { MeanAbsoluteError: 2, MeanError: 2 }, rule }).verdict).toBe("pass");
  expect(resultOf(rows, { thresholds: { MeanError: 1.9 }, rule }).verdict).toBe("breach");
  expect(resultOf(rows, { task: "classification" }).rows[0]?.metrics[0]).toMatchObject({
    ...{ metric: "Accuracy", value: 0, threshold: 0.9, thresholdSource: "azure-ai-ml SDK", breached: true },
  });
});

test("one window beyond its threshold is no breach: it takes as many of the last ones as the rule says", () => {
  const verdictOf = (
    wrong: readonly (number | null)[],
    options: Partial<PerformanceWindowsOptions> = {},
  ): string =>
    resultOf(
      wrong.flatMap((by, window) =>
        Array.from({ length: by === null ? 10 : 100 }, (_, i) => ({
          ...{ at: start + window * day + i, predicted: i + (by ?? 0), actual: i, slice: "JFK" },
        })),
      ),
      {
        thresholds: { MeanAbsoluteError: 1 },
        windows: wrong.map((_, i) => ({
          ...{ from: new Date(start + i * day), to: new Date(start + (i + 1) * day) },
        })),
        by: "origin",
        ...options,
      },
    ).verdict;
  expect(verdictOf([2])).toBe("breach");
  expect(verdictOf([0, 2])).toBe("pass");
  expect(verdictOf([2, 0, 2])).toBe("breach");
  expect(verdictOf([2, 2, 0, 0, 2])).toBe("pass");
  expect(verdictOf([2, 2, 0, 0, 2], { rule: { need: 3, of: 5 } })).toBe("breach");
  expect(verdictOf([0, 0, 2], { rule: { need: 1, of: 1 } })).toBe("breach");
  // What the window without data holds may make it one.
  expect(verdictOf([0, 2, null])).toBe("insufficient data");
  expect(verdictOf([null, 0, 0])).toBe("pass");
  expect(verdictOf([], {})).toBe("skipped");
  for (const rule of [
    { need: 0, of: 3 },
    { need: 3, of: 2 },
    { need: 1.5, of: 3 },
  ])
    expect(() => verdictOf([], { rule })).toThrow("a need from 1 on, of at least as many windows");
});

test("many classes are not estimated, and rows without a score do not leave the other measures", () => {
  const classes = ["a", "b", "c"];
  const rows = Array.from({ length: 300 }, (_, i) => ({
    ...{ at: start + (i >= 150 ? day : 0), predicted: classes[i % 3], score: 0.5 },
    ...(i < 150 ? { actual: classes[i % 3] } : {}),
  }));
  const [first, second] = resultOf(rows).rows;
  expect(first?.metrics.map(({ metric }) => metric)).toEqual(["Accuracy", "Precision", "Recall", "F1"]);
  expect(second).toMatchObject({ estimated: false, verdict: "insufficient data" });
  const [some = []] = all;
  const scoreless = resultOf(some.map(({ score, ...row }, i) => (i === 7 ? row : { ...row, score }))).rows[0];
  expect(scoreless).toMatchObject({ rows: 400 });
  expect(scoreless?.metrics.map(({ metric }) => metric)).not.toContain("AreaUnderCurve");
});

test("what is no window, threshold or class is said", () => {
  expect(() => new PerformanceWindows({ windows: [{ from: new Date(1), to: new Date(0) }] })).toThrow(
    "PerformanceWindows option windows: expected windows from one Date to a later one, got others",
  );
  expect(() => new PerformanceWindows({ windows, thresholds: { accuracy: 0.9 } as never })).toThrow(
    "Accuracy",
  );
  expect(() => resultOf([{ at: start, predicted: {}, actual: "a" }], { minRows: 1 })).toThrow(
    "classificationPerformance predicted, row 0: expected a class",
  );
});

test("rows go to all windows that they are in, in order, nested or apart", () => {
  const at = (hour: number): Date => new Date(Date.UTC(2026, 10, 23, hour));
  const spans = [
    [0, 12],
    [3, 6],
    [6, 9],
    [20, 22],
    [3, 6],
  ] as const;
  const windows = spans.map(([from, to]) => ({ from: at(from), to: at(to) }));
  const performance = new PerformanceWindows({ windows, minRows: 1 });
  for (const hour of [0, 3, 5, 6, 11, 12, 15, 20, 21, 22])
    performance.add({ at: at(hour), predicted: 1, actual: 1 });
  expect(performance.result().rows.map(({ rows }) => rows)).toEqual([5, 2, 1, 2, 2]);
});
