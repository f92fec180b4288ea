import { currentContext } from "model-data-collector";
import { expect, test } from "vitest";
import { frameworks } from "../../support/framework-servers.ts";
import { payloadServer } from "../../support/payload-server.ts";

test.each(frameworks)("$name: both rows, once, with the handler's id and the route", async (framework) => {
  const seen: (string | undefined)[] = [];
  const server = await payloadServer((deployment) =>
    framework.serve(deployment, (body, id) => {
      seen.push(currentContext()?.id);
      deployment.collector("model_inputs").collect([{ distance: 2475 }]);
      return { id, body };
    }),
  );
  const url = `http://127.0.0.1:${server.port}`;
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${url}/users/7?a=1`, { method: "POST", headers, body: '{"a":1.0}' });
  expect(await answer.json()).toEqual({ id: "7", body: { a: 1 } });
  const made = answer.headers.get("x-request-id");
  expect(seen).toEqual([made]);
  const lost = await fetch(`${url}/nowhere/7`, { headers: { "x-request-id": "lost" } });
  const page = await lost.text();
  expect([lost.status, lost.headers.get("x-request-id")]).toEqual([404, null]);

  const { requests, responses } = await server.stored();
  expect(byId(requests, made)).toMatchObject([
    {
      http_method: "POST",
      http_path: "/users/7",
      http_query: "a=1",
      http_route: framework.route,
      body: '{"a":1.0}',
      body_truncated: false,
    },
  ]);
  expect(byId(responses, made)).toMatchObject([
    { http_status: 200n, body: '{"id":"7","body":{"a":1}}', outcome: "complete", bytes_sent: 25n },
  ]);
  expect(byId(requests, "lost")).toMatchObject([{ http_path: "/nowhere/7", http_route: null, body: null }]);
  expect(byId(responses, "lost")).toMatchObject([{ http_status: 404n, body: page, outcome: "complete" }]);
  expect([requests.length, responses.length]).toEqual([2, 2]);
});

function byId(rows: readonly Readonly<Record<string, unknown>>[], id: string | null) {
  return rows.filter((row) => row["mdc_correlation_id"] === id);
}
