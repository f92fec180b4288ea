/* Handlers with the types of Azure Functions and of Next.js' kind are taken, and keep theirs. */
import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from "@azure/functions";
import { fetchPayloadLogging } from "model-data-collector/http";

async function score(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const { distance } = (await request.json()) as { distance: number };
  return { status: 201, jsonBody: { late: distance > 1000, of: context.functionName } };
}
app.http("score", { methods: ["POST"], handler: fetchPayloadLogging(score) });

export const POST: (request: Request) => Promise<Response> = fetchPayloadLogging((request: Request) =>
  Response.json({ of: request.url }),
);
// @ts-expect-error a number is no request
fetchPayloadLogging((request: number) => new Response(String(request)));
