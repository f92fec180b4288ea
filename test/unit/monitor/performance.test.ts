import { expect, test } from "vitest";
import {
  classificationPerformance,
  estimatedClassificationPerformance,
  ProbabilityCalibration,
  regressionPerformance,
} from "../../../src/monitor.ts";

test("Azure ML's own tests: a classifier", () => {
  const { accuracy, precision, recall } = classificationPerformance([0, 1, 0], [0, 0, 1]);
  expect({ accuracy, precision, recall }).toEqual({ accuracy: 1 / 3, precision: 0.25, recall: 0.25 });
});

test("Azure ML's own tests: a regression", () => {
  const result = regressionPerformance([0.1, 0.2, 0.3], [0.1, 0.1, 0.4]);
  expect(result.rootMeanSquaredError).toBeCloseTo(0.08164965809277262, 15);
  expect(result.meanAbsoluteError).toBeCloseTo(0.06666666666666668, 15);
  expect(result).toMatchObject({ rows: 3, dropped: 0 });
});

test("a classifier, class by class", () => {
  const actual = ["a", "b", "b", "c", "b", null];
  const predicted = ["a", "b", "a", "b", "b", "a"];
  expect(classificationPerformance(actual, predicted)).toEqual({
    rows: 5,
    dropped: 1,
    accuracy: 3 / 5,
    precision: (1 / 2 + 2 / 3) / 3,
    recall: (1 + 2 / 3) / 3,
    classes: [
      { name: "a", actual: 1, predicted: 2, precision: 1 / 2, recall: 1 },
      { name: "b", actual: 3, predicted: 3, precision: 2 / 3, recall: 2 / 3 },
      { name: "c", actual: 1, predicted: 0, precision: 0, recall: 0 },
    ],
    confusionMatrix: [
      [1, 0, 0],
      [1, 2, 0],
      [0, 1, 0],
    ],
  });
});

test("the area under the curve counts ties half, and takes any positive class", () => {
  const actual = [1n, 0n, 1n, 0n];
  const area = (scores: number[], positive?: number): number | undefined =>
    classificationPerformance(actual, actual, { scores, ...(positive === undefined ? {} : { positive }) })
      .areaUnderCurve;
  expect(area([0.9, 0.1, 0.8, 0.2])).toBe(1);
  expect(area([0.9, 0.1, 0.2, 0.2])).toBe(0.875);
  expect(area([0.9, 0.1, 0.2, 0.2], 0)).toBe(0.125);
  expect(classificationPerformance([1, 1], [1, 0], { scores: [0.2, 0.3] }).areaUnderCurve).toBeNaN();
});

test("what cannot be compared is said", () => {
  expect(() => classificationPerformance([1, 2], [1])).toThrow(
    "classificationPerformance predicted: expected as many rows as actual, 2, got 1",
  );
  expect(() => regressionPerformance([1, null], [Number.NaN, 2])).toThrow(
    "regressionPerformance: expected at least one row without nulls, got none",
  );
  expect(() => regressionPerformance([1, Infinity], [1, 2])).toThrow(
    "regressionPerformance actual: expected finite numbers, got Infinity",
  );
  expect(() => regressionPerformance(["secret"], [1])).toThrow(
    "regressionPerformance actual, row 0: expected a number, got a text of 6 characters",
  );
  expect(() => classificationPerformance([1, 2, 3], [1, 2, 3], { scores: [1, 2, 3] })).toThrow(
    "classificationPerformance option positive: expected the positive class, got none, and classes: 3",
  );
});

test("an only class says whether it is the positive one, if it is one that everybody knows", () => {
  const area = (labels: unknown[]): unknown =>
    estimatedClassificationPerformance(labels, [0.2, 0.4]).expected.truePositives;
  expect(area([0, 0])).toBe(0);
  expect(area(["true", "true"])).toBeCloseTo(0.6, 15);
  expect(() => area(["late", "late"])).toThrow("option positive: expected the positive class");
});

test("performance is estimated from probabilities", () => {
  // nannyml 0.13.1: estimate_accuracy, _precision, _recall, _specificity, _f1 and _roc_auc.
  const scores = [0.1, 0.8, 0.35, 0.6, 0.95];
  const result = estimatedClassificationPerformance([0, 1, 0, 1, 1], scores);
  expect(result.accuracy).toBeCloseTo(0.78, 14);
  expect(result.precision).toBeCloseTo(0.7833333333333333, 14);
  expect(result.recall).toBeCloseTo(0.8392857142857143, 14);
  expect(result.specificity).toBeCloseTo(0.7045454545454546, 14);
  expect(result.f1).toBeCloseTo(0.8103448275862069, 14);
  expect(result.areaUnderCurve).toBeCloseTo(0.8490259740259741, 14);
  expect(() => estimatedClassificationPerformance([0, 1], [0.5, 1.5])).toThrow(
    "estimatedClassificationPerformance scores: expected probabilities from 0 to 1, or the option calibration, got 1.5",
  );
});

test("a calibration is the rising line that is nearest to the labels", () => {
  // sklearn.isotonic.IsotonicRegression(out_of_bounds="clip")
  const calibration = ProbabilityCalibration.fit(
    [0, 1, 0, 1, 0, 1, 1, null],
    [0.1, 0.2, 0.3, 0.3, 0.5, 0.7, 0.9, 1],
  );
  const expected = [0, 0, 0.25, 0.5, 0.5, 0.75, 1, 1];
  const applied = calibration.apply([-5, 0.1, 0.15, 0.2, 0.5, 0.6, 0.7, 2]);
  expected.forEach((value, i) => expect(applied[i]).toBeCloseTo(value, 12));
  const kept = JSON.stringify(calibration);
  expect(JSON.stringify(ProbabilityCalibration.fromJSON(JSON.parse(kept)))).toBe(kept);
  expect(() => ProbabilityCalibration.fromJSON({ scores: [2, 1], probabilities: [0, 1] })).toThrow(
    "rising scores",
  );
});
