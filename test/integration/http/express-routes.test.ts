import { createServer } from "node:http";
import express, { Router } from "express";
import { expressPayloadLogging } from "model-data-collector/http";
import { expect, test } from "vitest";
import { payloadServer } from "../../support/payload-server.ts";

test("a route is its pattern: below mounted routers, when it fails, and not when it hands on", async () => {
  const server = await payloadServer((deployment) => {
    const app = express();
    app.use(expressPayloadLogging({ deployment }));
    const orders = Router({ mergeParams: true });
    orders.get("/", (_request, response) => void response.send("all"));
    orders.get("/:order", (request, response, next) => {
      if (request.params.order === "none") next();
      else if (request.params.order === "bad") throw Object.assign(new Error("bad"), { status: 500 });
      else if (request.params.order === "gone") response.status(404).send("gone");
      else response.send("one");
    });
    app.use("/users/:user/orders", orders);
    app.get(/^\/any/, (_request, response) => void response.send("any"));
    app.use((request, response, next) => {
      if (request.path === "/plain") response.send("plain");
      else next();
    });
    app.use((_error: unknown, _request: unknown, response: express.Response, _next: unknown) => {
      response.status(500).send("failed");
    });
    return createServer(app);
  });
  const paths = ["one", "none", "bad", "gone", ""].map((order) => `/users/a%20b/orders/${order}`);
  for (const [i, path] of [...paths, "/anything", "/plain"].entries()) {
    const headers = { "x-request-id": `r${i}` };
    await (await fetch(`http://127.0.0.1:${server.port}${path}`, { headers })).text();
  }
  const { requests, responses } = await server.stored();
  const statuses = new Map(responses.map((row) => [row["mdc_correlation_id"], row["http_status"]]));
  const routes = requests.map((row) => {
    const id = String(row["mdc_correlation_id"]);
    return [id, statuses.get(id), row["http_route"]] as const;
  });
  routes.sort(([a], [b]) => (a < b ? -1 : 1));
  expect(routes).toEqual([
    ["r0", 200n, "/users/:user/orders/:order"],
    ["r1", 404n, null],
    ["r2", 500n, "/users/:user/orders/:order"],
    ["r3", 404n, "/users/:user/orders/:order"],
    ["r4", 200n, "/users/:user/orders"],
    ["r5", 200n, "/^\\/any/"],
    ["r6", 200n, null],
  ]);
});
