/*
 * Functions of Azure, model 4, logged: `@azure/functions` makes the requests that they get, and turns what they
 * give into what the host sends. The worker's part (`@azure/functions-core`) is played by `functions-core.cjs`.
 * Says `ok` if the host got all.
 */
import { createRequire } from "node:module";
import { Readable } from "node:stream";
import { Collector, openDeployment } from "model-data-collector";
import { fetchPayloadLogging } from "model-data-collector/http";
import functionsOfAzure from "@azure/functions";

const { app, HttpResponse } = functionsOfAzure;
const deployment = await openDeployment({ destination: "./out", spool: { directory: "./spool" } });
const inputs = new Collector({ name: "model_inputs", deployment });
const cookies = [{ name: "a", value: "1" }];

const handlers = {
  score: async (request, context) => {
    const { distance } = await request.json();
    inputs.collect([{ distance }]);
    return { status: 201, jsonBody: { late: distance > 1000, of: context.functionName }, cookies };
  },
  text: () => ({ body: "late", headers: { "x-model": "m" } }),
  stream: () => ({ body: Readable.from(["la", "te"].map((part) => Buffer.from(part))) }),
  response: () => new HttpResponse({ status: 202, body: "late", cookies }),
  none: () => ({ status: 204 }),
  throws: () => {
    throw new Error("wrong");
  },
};
for (const [name, handler] of Object.entries(handlers))
  app.http(name, { methods: ["POST"], handler: fetchPayloadLogging(handler, { deployment }) });

const { model, functions } = createRequire(import.meta.url)("@azure/functions-core").registered;
let invocations = 0;

/** What the host does for each request: tells the worker, and sends what that gives back. */
async function ask(name, id) {
  const { metadata, callback } = functions.get(name);
  const [trigger] = Object.values(metadata.bindings).filter(({ type }) => type === "httpTrigger");
  const http = {
    method: "POST",
    url: `http://localhost:7071/api/${name}`,
    headers: { "content-type": "application/json", ...(id === undefined ? {} : { "x-request-id": id }) },
    body: { string: '{"distance":2475}' },
  };
  const invocationId = `i-${++invocations}`;
  const request = { invocationId, inputData: [{ name: trigger.name, data: { http } }], triggerMetadata: {} };
  const invocation = model.getInvocationModel({ invocationId, request, metadata, log: () => undefined });
  const { context, inputs: given } = await invocation.getArguments();
  try {
    const { returnValue } = await invocation.getResponse(
      context,
      await invocation.invokeFunction(context, given, callback),
    );
    const { statusCode, headers, body, cookies: set } = returnValue.http;
    const text = Buffer.from(body?.bytes ?? body?.string ?? "").toString();
    return [
      statusCode,
      headers["content-type"] ?? null,
      text,
      set.length,
      headers["x-request-id"]?.length ?? 0,
    ];
  } catch (error) {
    return [error.message];
  }
}

const seen = [];
for (const name of Object.keys(handlers)) seen.push(await ask(name, name === "none" ? undefined : name));
await deployment.close();
const expected = [
  ["201", "application/json", '{"late":true,"of":"score"}', 1, 0],
  ["200", "text/plain;charset=UTF-8", "late", 0, 0],
  ["200", null, "late", 0, 0],
  ["202", "text/plain;charset=UTF-8", "late", 1, 0],
  ["204", null, "", 0, 36],
  ["wrong"],
];
console.log(JSON.stringify(seen) === JSON.stringify(expected) ? "ok" : JSON.stringify(seen));
