import { writeFile } from "node:fs/promises";
import * as monitor from "../../src/monitor.ts";
import { kolmogorovTail, oneSampleTail } from "../../src/monitor/numbers/kolmogorov-tails.ts";

/*
 * Generated cases for each metric, with what ours gives, for `check_metrics.py` to compute with the libraries
 * that are its sources. Seeded: the same cases at every run.
 */

type Values = readonly (number | string)[];

interface Case {
  readonly baseline: Values;
  readonly production: Values;
  /** What ours gives, by the name of the metric in the script. */
  readonly ours: Readonly<Record<string, number>>;
}

/** Writes so many cases of each kind to a file, and says how many there are of each. */
export async function writeMetricCases(file: string, count: number): Promise<void> {
  const random = new Random(20_261_129);
  const made = <T>(make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));
  const cases = {
    numbers: made((at) => numberCase(random, at)),
    categories: made(() => categoryCase(random)),
    importances: made(() => importanceCase(random)),
    pairs: made(() => pairCase(random)),
    rankings: made(() => rankingCase(random)),
    classifications: made(() => classificationCase(random)),
    regressions: made(() => regressionCase(random)),
    estimates: made(() => estimateCase(random)),
    tails: made(() => tailCase(random)),
  };
  await writeFile(file, JSON.stringify(cases));
}

function numberCase(random: Random, at: number): Case {
  // Some large ones, of which the exact p-value takes long upstream.
  const most = at % 100 === 0 ? 3000 : 300;
  const draw = random.distribution();
  const baseline = random.list(2, most, draw);
  const [factor, shift] = random.pick([
    [1, 0] as const,
    [1, 0.3] as const,
    [1.2, 0] as const,
    [1, 5] as const,
  ]);
  const production = random.list(2, most, () => draw() * factor + shift);
  const evidently = { profile: "evidently" } as const;
  return {
    baseline,
    production,
    ours: {
      js: monitor.jensenShannonDistance(baseline, production),
      psi: monitor.populationStabilityIndex(baseline, production),
      w1: monitor.normalizedWassersteinDistance(baseline, production),
      ks_statistic: monitor.twoSampleKolmogorovSmirnovTest(baseline, production).statistic,
      ks_p: monitor.twoSampleKolmogorovSmirnovTest(baseline, production).pValue,
      hellinger: monitor.hellingerDistance(baseline, production),
      tvd: monitor.totalVariationDistance(baseline, production),
      chebyshev: monitor.chebyshevDistance(baseline, production),
      evidently_js: monitor.jensenShannonDistance(baseline, production, evidently),
      evidently_psi: monitor.populationStabilityIndex(baseline, production, evidently),
      evidently_w1: monitor.normalizedWassersteinDistance(baseline, production, evidently),
      evidently_hellinger: monitor.hellingerDistance(baseline, production, evidently),
    },
  };
}

function categoryCase(random: Random): Case {
  const names = Array.from({ length: 1 + random.whole(random.pick([2, 5, 30])) }, (_, i) => `c${i}`);
  const skew = random.pick([1, 1, 3]);
  const draw = (): string => names[Math.floor(names.length * random.next() ** skew)] as string;
  const baseline = random.list(1, 500, draw);
  const production = random.list(1, 500, random.next() < 0.1 ? () => "new" : draw);
  const evidently = { profile: "evidently" } as const;
  const two = new Set([...baseline, ...production]).size <= 2;
  return {
    baseline,
    production,
    ours: {
      js: monitor.jensenShannonDistance(baseline, production),
      psi: monitor.populationStabilityIndex(baseline, production),
      chi: monitor.pearsonsChiSquaredTest(baseline, production).pValue,
      hellinger: monitor.hellingerDistance(baseline, production),
      tvd: monitor.totalVariationDistance(baseline, production),
      chebyshev: monitor.chebyshevDistance(baseline, production),
      evidently_js: monitor.jensenShannonDistance(baseline, production, evidently),
      evidently_psi: monitor.populationStabilityIndex(baseline, production, evidently),
      evidently_hellinger: monitor.hellingerDistance(baseline, production, evidently),
      evidently_tvd: monitor.totalVariationDistance(baseline, production, evidently),
      ...(two ? { evidently_z: monitor.twoProportionZTest(baseline, production).pValue } : {}),
    },
  };
}

/** Two categories, for the test of two proportions. */
function pairCase(random: Random): Case {
  const [before, after] = [random.next(), random.next()];
  const drawOf = (share: number) => () => (random.next() < share ? "yes" : "no");
  const baseline = ["yes", "no", ...random.list(0, 500, drawOf(before))];
  const production = random.list(1, 500, drawOf(random.next() < 0.5 ? before : after));
  return {
    baseline,
    production,
    ours: {
      z: monitor.twoProportionZTest(baseline, production).pValue,
      chi: monitor.pearsonsChiSquaredTest(baseline, production).pValue,
    },
  };
}

/** Labels of two classes, and scores of which many are tied. */
function rankingCase(random: Random): object {
  const labels = [0, 1, ...random.list(0, 200, () => random.whole(2))];
  const scores = labels.map((label) => (random.whole(40) + label * random.whole(10)) / 50);
  const options = { scores, positive: 1 };
  const auc = monitor.classificationPerformance(labels, labels, options).areaUnderCurve as number;
  return { labels, scores, ours: { auc } };
}

function importanceCase(random: Random): Case {
  const size = 2 + random.whole(20);
  const draw = random.next() < 0.5 ? () => random.whole(4) : () => random.next();
  const [baseline, production] = [random.list(size, size, draw), random.list(size, size, draw)];
  return {
    baseline,
    production,
    ours: { ndcg: monitor.normalizedDiscountedCumulativeGain(baseline, production) },
  };
}

function classificationCase(random: Random): Case & { scores: readonly number[] } {
  const size = 1 + random.whole(200);
  const classes = 1 + random.whole(5);
  const baseline = random.list(size, size, () => random.whole(classes));
  const production = baseline.map((label) => (random.next() < 0.7 ? label : random.whole(classes + 1)));
  const scores = random.list(size, size, () => random.whole(50) / 50);
  const { accuracy, precision, recall, ...rest } = monitor.classificationPerformance(baseline, production, {
    scores,
    positive: 1,
  });
  const areaUnderCurve = rest.areaUnderCurve as number;
  return { baseline, production, scores, ours: { accuracy, precision, recall, auc: areaUnderCurve } };
}

function regressionCase(random: Random): Case {
  const size = 1 + random.whole(200);
  const draw = random.distribution();
  const baseline = random.list(size, size, draw);
  const production = baseline.map((value) => value + draw() / 10);
  const { rootMeanSquaredError: rmse, meanAbsoluteError: mae } = monitor.regressionPerformance(
    baseline,
    production,
  );
  return { baseline, production, ours: { rmse, mae } };
}

/** Labels and scores to learn from, and predictions and scores to estimate. */
function estimateCase(random: Random): object {
  const size = 10 + random.whole(200);
  const scores = random.list(size, size, () => random.whole(1000) / 1000);
  const labels = scores.map((score) => (random.next() < score ** 2 ? 1 : 0));
  const calibration = monitor.ProbabilityCalibration.fit(labels, scores, 1);
  // All different, for upstream takes tied scores as they come.
  const later = [...new Set(random.list(size, size, () => random.whole(100_000) / 100_000))];
  const predicted = later.map((score) => (score > 0.6 ? 1 : 0));
  const options = { positive: 1, calibration };
  const { accuracy, precision, recall, specificity, f1, areaUnderCurve } =
    monitor.estimatedClassificationPerformance(predicted, later, options);
  const calibrated = [...calibration.apply(later)];
  return {
    scores,
    labels,
    later,
    predicted,
    calibrated,
    ours: { accuracy, precision, recall, specificity, f1, auc: areaUnderCurve },
  };
}

/** The limits of the Kolmogorov-Smirnov test, of any number of rows. */
function tailCase(random: Random): object {
  const rows = 1 + random.whole(random.pick([10, 140, 1000, 5000, 200_000]));
  const x = random.next() * random.pick([0.5, 1, 2, 4]);
  const distance = Math.min(1, x / Math.sqrt(rows));
  return { rows, distance, x, ours: { kstwo: oneSampleTail(rows, distance), limit: kolmogorovTail(x) } };
}

/** Numbers of a seed (Mulberry32). */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 to 1, without 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** From 0 to `end`, without it. */
  whole(end: number): number {
    return Math.floor(this.next() * end);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.whole(choices.length)] as T;
  }

  list<T>(min: number, max: number, draw: () => T): T[] {
    return Array.from({ length: min + this.whole(max - min + 1) }, draw);
  }

  /** A distribution of some kind: smooth, skewed, of few values, of one. */
  distribution(): () => number {
    const normal = (): number =>
      Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
    return this.pick([
      normal,
      () => 50 + 15 * normal(),
      () => this.next(),
      () => Math.exp(2 * normal()),
      () => this.whole(6),
      () => this.whole(60) / 10,
      () => 1e6 + normal() / 1000,
      () => 7,
    ]);
  }
}
