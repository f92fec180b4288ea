/* A handler of fetch's requests, logged, under the server of the runtime that runs this. Says `ok` if clients saw all. */
import { Collector, openDeployment } from "model-data-collector";
import { fetchPayloadLogging } from "model-data-collector/http";

const deployment = await openDeployment({ destination: "./out", spool: { directory: "./spool" } });
const inputs = new Collector({ name: "model_inputs", deployment });

async function answer(request) {
  const { pathname } = new URL(request.url);
  if (pathname === "/none") return new Response(null, { status: 204 });
  if (pathname === "/throws") throw new Error("wrong");
  if (pathname === "/stream") {
    const parts = ["data: 1\n\n", "data: 2\n\n"].map((text) => new TextEncoder().encode(text));
    const pull = (to) => (parts.length === 0 ? to.close() : to.enqueue(parts.shift()));
    return new Response(new ReadableStream({ pull }), { headers: { "content-type": "text/event-stream" } });
  }
  const { distance } = await request.json();
  inputs.collect([{ distance }]);
  return Response.json({ late: distance > 1000 }, { status: 201, headers: { "set-cookie": "a=1" } });
}

const handler = fetchPayloadLogging(answer, { deployment });
const failed = () => new Response("failed", { status: 500 });
const place = { port: 0, hostname: "127.0.0.1" };

function serve() {
  if ("Bun" in globalThis) {
    const server = globalThis.Bun.serve({ ...place, fetch: handler, error: failed });
    return { port: server.port, stop: () => server.stop(true) };
  }
  const server = globalThis.Deno.serve({ ...place, onListen: () => undefined, onError: failed }, handler);
  return { port: server.addr.port, stop: () => server.shutdown() };
}

const { port, stop } = serve();
const ask = async (path, id, more = {}) => {
  const headers = { "content-type": "application/json", ...(id === undefined ? {} : { "x-request-id": id }) };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers, ...more });
  return [response.status, await response.text(), response.headers];
};
const seen = [];
const [status, text, headers] = await ask("/score?a=1", "1", { method: "POST", body: '{"distance":2475}' });
seen.push([status, text, headers.get("set-cookie")]);
seen.push((await ask("/stream", "2")).slice(0, 2));
const [none, , made] = await ask("/none");
seen.push([none, made.get("x-request-id").length]);
seen.push((await ask("/throws", "4")).slice(0, 2));
await stop();
await deployment.close();
const expected = [
  [201, '{"late":true}', "a=1"],
  [200, "data: 1\n\ndata: 2\n\n"],
  [204, 36],
  [500, "failed"],
];
console.log(JSON.stringify(seen) === JSON.stringify(expected) ? "ok" : JSON.stringify(seen));
