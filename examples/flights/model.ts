import { DataFrame } from "danfojs-node";
import { RandomForestClassifier } from "ml-random-forest";

/** Says how likely each flight arrives late. */
export interface Model {
  /** Scaled features in; columns `late_probability` (the share of trees that say so) and `late` out. */
  predict(features: DataFrame): DataFrame;
}

/** Grows a random forest. Its time grows with the square of the number of flights. */
export function trainModel(features: DataFrame, late: readonly boolean[]): Model {
  const forest = new RandomForestClassifier({
    nEstimators: 20,
    maxFeatures: 0.8,
    replacement: false,
    seed: 42,
    noOOB: true,
    treeOptions: { maxDepth: 6, minNumSamples: 10 },
  });
  forest.train(
    features.values as number[][],
    late.map((isLate) => (isLate ? 1 : 0)),
  );
  return {
    predict(rows) {
      const probability = forest.predictProbability(rows.values as number[][], 1);
      return new DataFrame({ late_probability: probability, late: probability.map((share) => share >= 0.5) });
    },
  };
}
