/** The answer of a statistical test. */
export interface TestResult {
  /** What was measured. */
  readonly statistic: number;
  /** How probable it is that columns of one distribution differ as much or more, from 0 to 1. */
  readonly pValue: number;
  /** How the p-value was had; of some tests there is more than one way, and they differ visibly. */
  readonly method: TestMethod;
}

/** How a p-value was had. */
export type TestMethod =
  /** Kolmogorov-Smirnov: exact, also with ties as if there were none. */
  | "exact"
  /** Kolmogorov-Smirnov: the limit for infinitely many rows. */
  | "limit"
  /**
   * Kolmogorov-Smirnov: the distribution of one sample of `round(m n / (m + n))` rows, as scipy's `asymp`.
   */
  | "one-sample"
  /** Chi-squared: production against the baseline's shares, which are taken for exact. */
  | "goodness-of-fit"
  /** Z-test: the normal limit, with the pooled share. */
  | "normal";
