import { Collector } from "model-data-collector";
import { fetchPayloadLogging } from "model-data-collector/http";

const inputs = new Collector({ name: "model_inputs", schema: { origin: "string", distance: "float64" } });
const outputs = new Collector({ name: "model_outputs" });

/**
 * A model behind a route handler. Request and response are logged, and what is collected in between has their
 * id. Where the platform has a `waitUntil` (Vercel), it is told to wait for the delivery, and the answer need
 * not: see docs/serverless.md. A server of `next start` delivers once a minute; what waits when it ends stays in
 * the spool, for its next start or `mdc spool drain`.
 */
export const POST = fetchPayloadLogging(async (request) => {
  const flights = await request.json().catch(() => undefined);
  if (!Array.isArray(flights))
    return Response.json({ message: "expected an array of flights" }, { status: 400 });
  inputs.collect(flights);
  const predictions = flights.map(({ distance }) => ({ late: distance > 2_000 })); // stands for your model
  outputs.collect(predictions);
  return Response.json(predictions);
});
