import { setImmediate } from "node:timers/promises";
import { DataFrame } from "danfojs-node";
import type { Deployment } from "model-data-collector";
import { createFeaturePipeline } from "./features.ts";
import { type Flight, openFlights } from "./flights.ts";
import { trainModel } from "./model.ts";
import type { Progress } from "./progress.ts";
import { createScoringService, type ScoringService } from "./service.ts";

const trainingFlights = 1_000;
const flightsPerRequest = 20;

/** A service with a freshly trained model, and flights that it has never seen. */
export async function prepareService(
  deployment: Deployment,
  count: number,
  progress: Progress,
): Promise<{ service: ScoringService; flights: Flight[] }> {
  progress("reading flights …");
  const source = await openFlights();
  const [training, rates, flights] = [
    await source.training(trainingFlights),
    await source.lateRates(),
    await source.toScore(count),
  ];
  source.close();

  progress("growing a random forest …");
  const pipeline = createFeaturePipeline(rates, training);
  const features = pipeline.scale(pipeline.derive(new DataFrame(training)));
  const model = trainModel(
    features,
    training.map(({ late }) => late),
  );
  progress();
  return { service: createScoringService(deployment, pipeline, model), flights };
}

/** What {@link scoreAll} did. */
export interface ScoredAll {
  readonly flights: number;
  readonly requests: number;
  /** The correlation id of the last request. */
  readonly lastId: string;
}

/** Sends the flights to the service, some at a time, as requests would come. */
export async function scoreAll(
  service: ScoringService,
  flights: readonly Flight[],
  progress: Progress,
): Promise<ScoredAll> {
  let requests = 0;
  let lastId = "";
  for (let start = 0; start < flights.length; start += flightsPerRequest) {
    const { context } = service.score(flights.slice(start, start + flightsPerRequest));
    lastId = context.id;
    requests++;
    if (requests % 100 === 0) progress(`scoring … ${start + flightsPerRequest} of ${flights.length} flights`);
    // As a server does after each request: back to the event loop.
    await setImmediate();
  }
  progress();
  return { flights: flights.length, requests, lastId };
}
