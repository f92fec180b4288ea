/**
 * A model behind Express 5. Requests and responses are logged as they cross the wire, and the model's own
 * inputs and outputs are collected: all under one id, that of the request.
 *
 *   node examples/express/server.js
 *   curl -H 'x-request-id: order-17' --json '[{"origin":"JFK","distance":2475}]' localhost:8080/score
 *   npx mdc trace order-17          # a minute later, or after Ctrl-C
 */
import express from "express";
import { Collector, openDeployment } from "model-data-collector";
import { expressPayloadLogging } from "model-data-collector/http";

// Destination, sampling rate and all the rest from MDC_* variables; see docs/configuration.md.
const deployment = await openDeployment({ endpoint: "flights", deployment: "express" });
const inputs = new Collector({
  name: "model_inputs",
  deployment,
  schema: { origin: "string", distance: "float64" },
});
const outputs = new Collector({ name: "model_outputs", deployment });

const app = express();
// The first of all: what is before it is not heard.
app.use(expressPayloadLogging({ deployment }));
app.use(express.json());

app.post("/score", async (request, response) => {
  if (!Array.isArray(request.body)) {
    return response.status(400).json({ message: "expected an array of flights" });
  }
  inputs.collect(request.body);
  const predictions = await predict(request.body);
  outputs.collect(predictions);
  return response.json(predictions);
});

app.get("/health", (_request, response) => response.json(deployment.status()));

const server = app.listen(Number(process.env.PORT ?? 8080), () => {
  console.log(`listening on http://localhost:${server.address().port}`);
});

// The last requests are answered first, then what they collected is delivered.
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => server.close(() => void deliver()));
}

async function deliver() {
  const { delivered, leftInSpool, dropped } = await deployment.close({ deadlineMs: 10_000 });
  console.log(`frames: ${delivered} delivered, ${leftInSpool} left in the spool, ${dropped} dropped`);
}

/** Stands for your model. */
async function predict(rows) {
  return rows.map(({ distance }) => {
    const probability = 1 / (1 + Math.exp(2 - distance / 1000));
    return { late: probability >= 0.5, probability };
  });
}
