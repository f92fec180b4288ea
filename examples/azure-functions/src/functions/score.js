/** A model behind an HTTP trigger, in version 4 of the programming model for Node. */
import { app } from "@azure/functions";
import { Collector, CorrelationContext } from "model-data-collector";

const inputs = new Collector({ name: "model_inputs", schema: { origin: "string", distance: "float64" } });
const outputs = new Collector({ name: "model_outputs" });

/** Answers when what was collected is at the destination, or a second later: see docs/serverless.md. */
export async function score(request, invocation) {
  const flights = await request.json().catch(() => undefined);
  if (!Array.isArray(flights)) return { status: 400, jsonBody: { message: "expected an array of flights" } };
  const context = inputs.collect(flights, CorrelationContext.fromHeaders(request.headers));
  const predictions = flights.map(({ distance }) => ({ late: distance > 2_000 })); // stands for your model
  outputs.collect(predictions, context);
  // What is late stays in the spool, and is tried again for as long as the instance lives.
  await outputs.flush({ deadlineMs: 1_000 }).catch((error) => invocation.warn(error.message));
  return { jsonBody: predictions, headers: context.toHeaders() };
}

app.http("score", { methods: ["POST"], authLevel: "function", handler: score });
