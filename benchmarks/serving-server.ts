/**
 * A scoring service: Fastify, a random forest on flights, and a sink that keeps what goes in and comes out.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DataFrame } from "danfojs-node";
import fastify from "fastify";
import { createFeaturePipeline } from "../examples/flights/features.ts";
import { type Flight, openFlights } from "../examples/flights/flights.ts";
import { trainModel } from "../examples/flights/model.ts";
import { serve } from "./child.ts";
import { type Row, rowsFrame } from "./frames.ts";
import { meterProcess, type ProcessUse } from "./meters.ts";
import { collectorSink, expectAllKept, openIn } from "./sinks/ours.ts";
import type { Sink } from "./sinks/sink.ts";
import { openSink } from "./sinks/sinks.ts";

/**
 * `start` answers with the port; `meter` begins to watch the process; `use` answers with what it used since.
 */
export type ServerRequest =
  | {
      readonly kind: "start";
      readonly sink: string;
      readonly folder: string;
      readonly trainingFlights: number;
    }
  | { readonly kind: "meter" | "use" };

/** What the body of `POST /score` holds; times are ISO 8601. */
export interface ScoreBody {
  readonly flights: readonly (Omit<Flight, "departed"> & { readonly departed: string })[];
}

let meter: (() => ProcessUse) | undefined;
let stop = async (): Promise<void> => {};

serve(
  async (request: ServerRequest): Promise<number | ProcessUse | null> => {
    if (request.kind === "start") return start(request.sink, request.folder, request.trainingFlights);
    if (request.kind === "use") return meter?.() ?? null;
    globalThis.gc?.();
    meter = meterProcess();
    return null;
  },
  () => stop(),
);

async function start(sinkName: string, folder: string, trainingFlights: number): Promise<number> {
  const score = await loadModel(trainingFlights);
  const { inputs, outputs } = await openSinks(sinkName, folder);
  const app = fastify();
  app.post<{ Body: ScoreBody }>("/score", async ({ body }) => {
    const flights = body.flights.map((flight) => ({ ...flight, departed: new Date(flight.departed) }));
    inputs.collect(rowsFrame(flights));
    const predictions = score(flights);
    outputs.collect(rowsFrame(predictions));
    return { predictions };
  });
  stop = async () => {
    await app.close();
    for (const sink of [inputs, outputs]) {
      await sink.close();
      expectAllKept(sink);
    }
  };
  await app.listen({ host: "127.0.0.1", port: 0 });
  const address = app.server.address();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

/** Trains the model of the examples; the same in every process. */
async function loadModel(trainingFlights: number): Promise<(flights: readonly Flight[]) => Row[]> {
  const source = await openFlights();
  const [training, rates] = [await source.training(trainingFlights), await source.lateRates()];
  source.close();
  const pipeline = createFeaturePipeline(rates, training);
  const features = pipeline.scale(pipeline.derive(new DataFrame(training)));
  const model = trainModel(
    features,
    training.map(({ late }) => late),
  );
  return (flights) => {
    const predictions = model.predict(pipeline.scale(pipeline.derive(new DataFrame([...flights]))));
    const probability = predictions.column("late_probability").values as number[];
    const late = predictions.column("late").values as unknown[];
    return probability.map((late_probability, row) => ({
      late_probability,
      late: late[row] === true || late[row] === 1,
    }));
  };
}

async function openSinks(name: string, folder: string): Promise<{ inputs: Sink; outputs: Sink }> {
  if (name === "ours") {
    const deployment = await openIn(folder);
    return {
      inputs: collectorSink(deployment, "model_inputs", "rows"),
      outputs: collectorSink(deployment, "model_outputs", "rows"),
    };
  }
  const open = async (part: string): Promise<Sink> => {
    await mkdir(join(folder, part), { recursive: true });
    return openSink(name, join(folder, part));
  };
  return { inputs: await open("inputs"), outputs: await open("outputs") };
}
