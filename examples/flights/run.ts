import { setImmediate } from "node:timers/promises";
import { DataFrame } from "danfojs-node";
import { CorrelationContext, type Deployment } from "model-data-collector";
import { createFeaturePipeline } from "./features.ts";
import { type Flight, type FlownFlight, openFlights, summer, winter } from "./flights.ts";
import { trainModel } from "./model.ts";
import type { Progress } from "./progress.ts";
import { createScoringService, type ScoringService } from "./service.ts";

const trainingFlights = 1_000;
const flightsPerRequest = 20;

/** A service with a freshly trained model, and flights of a winter and a summer that it has never seen. */
export async function prepareService(
  deployment: Deployment,
  count: number,
  progress: Progress,
): Promise<{ service: ScoringService; flights: FlownFlight[] }> {
  progress("reading flights …");
  const source = await openFlights();
  const training = await source.training(trainingFlights);
  const rates = await source.lateRates();
  // No request is of both seasons.
  const ofWinter = flightsPerRequest * Math.round((count * 0.4) / flightsPerRequest);
  const flights = [
    ...(await source.ofSeason(winter, ofWinter)),
    ...(await source.ofSeason(summer, count - ofWinter)),
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

/** A request that was answered. */
export interface ScoredRequest {
  readonly context: CorrelationContext;
  /** The flights it was about, with what became of them. */
  readonly flights: readonly FlownFlight[];
}

/**
 * Sends the flights to the service, some at a time, as requests would come: `then` when the first of them
 * departed, or `now`.
 */
export async function scoreAll(
  service: ScoringService,
  flights: readonly FlownFlight[],
  { at, progress }: { readonly at: "then" | "now"; readonly progress: Progress },
): Promise<ScoredRequest[]> {
  const requests: ScoredRequest[] = [];
  for (let start = 0; start < flights.length; start += flightsPerRequest) {
    const some = flights.slice(start, start + flightsPerRequest);
    const requestTime = at === "then" ? some[0]?.departed : undefined;
    const request = CorrelationContext.create(requestTime === undefined ? {} : { requestTime });
    const { context } = service.score(some.map(asKnown), request);
    requests.push({ context, flights: some });
    if (requests.length % 100 === 0)
      progress(`scoring … ${start + flightsPerRequest} of ${flights.length} flights`);
    // As a server does after each request: back to the event loop.
    await setImmediate();
  }
  progress();
  return requests;
}

/** A flight before it has arrived. */
function asKnown({ late: _, ...flight }: FlownFlight): Flight {
  return flight;
}
