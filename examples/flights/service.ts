import { DataFrame } from "danfojs-node";
import type { CorrelationContext, Deployment } from "model-data-collector";
import type { FeaturePipeline } from "./features.ts";
import type { Flight } from "./flights.ts";
import type { Model } from "./model.ts";
import { Stopwatch } from "./stopwatch.ts";

/** What a request is answered with. */
export interface Scored {
  readonly context: CorrelationContext;
  readonly predictions: DataFrame;
}

/** The scoring service: one call of {@link ScoringService.score} is one request. */
export interface ScoringService {
  /** `context` says which request it is, as a server knows from its headers; without one it is a new one. */
  score(flights: readonly Flight[], context?: CorrelationContext): Scored;
  /** Time spent collecting, a lap per request. */
  readonly collecting: Stopwatch;
  /** Time spent on features and the model, a lap per request. */
  readonly scoring: Stopwatch;
}

/**
 * The model's whole path with its data collected on the way: as it came in, as it looked after each
 * transformation, and what came out. The context that the first `collect` returns ties the four together.
 */
export function createScoringService(
  deployment: Deployment,
  pipeline: FeaturePipeline,
  model: Model,
): ScoringService {
  const inputs = deployment.collector("model_inputs");
  const derivedFeatures = deployment.collector("features_derived");
  const scaledFeatures = deployment.collector("features_scaled");
  const outputs = deployment.collector("model_outputs");

  const collecting = new Stopwatch();
  const scoring = new Stopwatch();

  function score(flights: readonly Flight[], request?: CorrelationContext): Scored {
    const frame = new DataFrame([...flights]);
    const context = collecting.time(() => inputs.collect(frame, request));

    const derived = scoring.time(() => pipeline.derive(frame));
    collecting.time(() => derivedFeatures.collect(derived, context));

    const scaled = scoring.time(() => pipeline.scale(derived));
    collecting.time(() => scaledFeatures.collect(scaled, context));

    const predictions = scoring.time(() => model.predict(scaled));
    collecting.time(() => outputs.collect(predictions, context));

    collecting.lap();
    scoring.lap();
    return { context, predictions };
  }

  return { score, collecting, scoring };
}
