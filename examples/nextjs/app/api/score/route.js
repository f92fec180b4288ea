import { Collector, CorrelationContext } from "model-data-collector";

const inputs = new Collector({ name: "model_inputs", schema: { origin: "string", distance: "float64" } });
const outputs = new Collector({ name: "model_outputs" });

/**
 * A model behind a route handler. Where the platform has a `waitUntil` (Vercel, `next start`), it is told to
 * wait for the delivery, and the answer need not: see docs/serverless.md.
 */
export async function POST(request) {
  const flights = await request.json().catch(() => undefined);
  if (!Array.isArray(flights))
    return Response.json({ message: "expected an array of flights" }, { status: 400 });
  const context = inputs.collect(flights, CorrelationContext.fromHeaders(request.headers));
  const predictions = flights.map(({ distance }) => ({ late: distance > 2_000 })); // stands for your model
  outputs.collect(predictions, context);
  return Response.json(predictions, { headers: context.toHeaders() });
}
