/**
 * A model behind Fastify. Requests and responses are logged as they cross the wire, and the model's own
 * inputs and outputs are collected: all under one id, that of the request.
 *
 *   node examples/fastify/server.ts
 *   curl -H 'x-request-id: order-17' --json '[{"origin":"JFK","distance":2475}]' localhost:8080/score
 *   npx mdc trace order-17          # a minute later, or after Ctrl-C
 */
import Fastify from "fastify";
import { Collector, openDeployment } from "model-data-collector";
import { fastifyPayloadLogging } from "model-data-collector/http";

interface Flight {
  readonly origin: string;
  readonly distance: number;
}

// Destination, sampling rate and all the rest from MDC_* variables; see docs/configuration.md.
const deployment = await openDeployment({ endpoint: "flights", deployment: "fastify" });
const inputs = new Collector({
  name: "model_inputs",
  deployment,
  schema: { origin: "string", distance: "float64" },
});
const outputs = new Collector({ name: "model_outputs", deployment });

const app = Fastify();
await app.register(fastifyPayloadLogging, { deployment });

const flights = {
  type: "array",
  items: {
    type: "object",
    required: ["origin", "distance"],
    properties: { origin: { type: "string" }, distance: { type: "number" } },
  },
};
app.post<{ Body: Flight[] }>("/score", { schema: { body: flights } }, async ({ body }) => {
  inputs.collect(body);
  const predictions = await predict(body);
  outputs.collect(predictions);
  return predictions;
});

app.get("/health", () => deployment.status());

// The last requests are answered first, then what they collected is delivered.
app.addHook("onClose", async () => {
  const { delivered, leftInSpool, dropped } = await deployment.close({ deadlineMs: 10_000 });
  console.log(`frames: ${delivered} delivered, ${leftInSpool} left in the spool, ${dropped} dropped`);
});
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void app.close());

console.log(`listening on ${await app.listen({ port: Number(process.env["PORT"] ?? 8080) })}`);

/** Stands for your model. */
async function predict(rows: readonly Flight[]): Promise<{ late: boolean; probability: number }[]> {
  return rows.map(({ distance }) => {
    const probability = 1 / (1 + Math.exp(2 - distance / 1000));
    return { late: probability >= 0.5, probability };
  });
}
