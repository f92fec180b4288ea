/**
 * A model behind Node's own HTTP server, as it runs in a container: settings from the environment, an answer
 * for health checks that does not depend on storage, and everything delivered when the container is stopped.
 */
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { Collector, CorrelationContext } from "model-data-collector";

const inputs = new Collector({ name: "model_inputs", schema: { origin: "string", distance: "float64" } });
const outputs = new Collector({ name: "model_outputs" });

const server = createServer((request, response) => {
  if (request.url === "/health") response.end("ok\n");
  else void score(request, response);
});

async function score(request, response) {
  try {
    const flights = await json(request);
    const context = inputs.collect(flights, CorrelationContext.fromHeaders(request.headers));
    const predictions = flights.map(({ distance }) => ({ late: distance > 2_000 })); // stands for your model
    outputs.collect(predictions, context);
    response.setHeader("content-type", "application/json").end(JSON.stringify(predictions));
  } catch {
    response.writeHead(400).end("expected an array of flights\n");
  }
}

server.listen(Number(process.env.PORT ?? 8080), () => {
  console.log(`listening on http://localhost:${server.address().port}`);
});

// The last requests are answered; then the process ends by itself, and before it does, it delivers.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
