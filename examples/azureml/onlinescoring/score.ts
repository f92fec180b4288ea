/**
 * The scoring script: `init` loads the model, `run` scores a request. What goes in and what comes out is
 * collected under the request's own ids, which the server has read from its headers.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Collector } from "model-data-collector";

interface Flight {
  readonly origin: string;
  readonly distance: number;
}

interface Model {
  readonly intercept: number;
  readonly perMile: number;
  readonly lateFrom: number;
}

const inputs = new Collector({ name: "model_inputs", schema: { origin: "string", distance: "float64" } });
const outputs = new Collector({ name: "model_outputs", schema: { late: "boolean", probability: "float64" } });
let model: Model;

export async function init(): Promise<void> {
  const folder = process.env["AZUREML_MODEL_DIR"] ?? "model";
  model = JSON.parse(await readFile(join(folder, "late-arrival.json"), "utf8"));
}

export function run(flights: Flight[]): object {
  if (!Array.isArray(flights))
    return Response.json({ error: "expected an array of flights" }, { status: 400 });
  inputs.collect(flights);
  const scores = flights.map(({ distance }) => {
    const probability = 1 / (1 + Math.exp(-model.intercept - model.perMile * distance));
    return { late: probability >= model.lateFrom, probability };
  });
  outputs.collect(scores);
  return scores;
}
