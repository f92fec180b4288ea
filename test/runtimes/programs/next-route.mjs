/* A route handler of Next.js, logged, that collects. */
import { Collector } from "model-data-collector";
import { fetchPayloadLogging } from "model-data-collector/http";

const inputs = new Collector({ name: "model_inputs" });

export const POST = fetchPayloadLogging(async (request) => {
  const { distance } = await request.json();
  inputs.collect([{ distance }]);
  return Response.json({ late: distance > 1000 }, { status: 201 });
});
