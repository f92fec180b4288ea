import { createServer, type RequestListener, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import express, { type Express } from "express";
// @ts-expect-error Express 4 by a name of this project's, for which nobody has types.
import express4 from "express4";
import fastify from "fastify";
import { Hono } from "hono";
import Koa from "koa";
import type { Deployment } from "model-data-collector";
import {
  expressPayloadLogging,
  fastifyPayloadLogging,
  fetchPayloadLogging,
  honoPayloadLogging,
  koaPayloadLogging,
} from "model-data-collector/http";

/** What each of these servers does with `POST /users/:id`: the answer to a body that was parsed. */
export type Answer = (body: unknown, id: string) => unknown;

/** A server of one framework; the logging is installed twice, as it happens where a team's base image does. */
export interface Framework {
  readonly name: string;
  /** How it says where `POST /users/7` leads to; null if it has no routes. */
  readonly route: string | null;
  serve(deployment: Deployment, answer: Answer): Promise<Server>;
}

function expressApp(make: () => Express, json: () => RequestListener) {
  return (deployment: Deployment, answer: Answer): Promise<Server> => {
    const app = make();
    app.use(expressPayloadLogging({ deployment }));
    app.use(expressPayloadLogging({ deployment }));
    app.use(json() as never);
    app.post("/users/:id", (request, response) => {
      response.json(answer(request.body, request.params.id));
    });
    return Promise.resolve(createServer(app));
  };
}

async function fastifyServer(deployment: Deployment, answer: Answer): Promise<Server> {
  const app = fastify();
  await app.register(fastifyPayloadLogging, { deployment });
  await app.register(fastifyPayloadLogging, { deployment });
  await app.register((scope) => {
    scope.post("/users/:id", (request) => answer(request.body, (request.params as { id: string }).id));
  });
  await app.ready();
  return app.server;
}

function koaServer(deployment: Deployment, answer: Answer): Promise<Server> {
  const app = new Koa();
  app.use(koaPayloadLogging({ deployment }));
  app.use(koaPayloadLogging({ deployment }));
  app.use(async (ctx) => {
    const id = /^\/users\/([^/]+)$/.exec(ctx.path)?.[1];
    if (id === undefined) return;
    const chunks: Buffer[] = [];
    for await (const chunk of ctx.req) chunks.push(chunk as Buffer);
    ctx.body = answer(JSON.parse(Buffer.concat(chunks).toString()), id);
  });
  return Promise.resolve(createServer(app.callback() as RequestListener));
}

function honoApp(deployment: Deployment, answer: Answer): Hono {
  const app = new Hono();
  app.use(honoPayloadLogging({ deployment }));
  app.use(honoPayloadLogging({ deployment }));
  app.post("/users/:id", async (c) => c.json(answer(await c.req.json(), c.req.param("id")) as object));
  return app;
}

type FetchCallback = Parameters<typeof getRequestListener>[0];

function fetchServer(callback: FetchCallback): Promise<Server> {
  const listener = getRequestListener(callback, { overrideGlobalObjects: false });
  return Promise.resolve(createServer((request, response) => void listener(request, response)));
}

/** All of them, in the ways in which they are served. */
export const frameworks: readonly Framework[] = [
  { name: "Express 5", route: "/users/:id", serve: expressApp(express, express.json as never) },
  { name: "Express 4", route: "/users/:id", serve: expressApp(express4 as never, express4.json as never) },
  { name: "Fastify 5", route: "/users/:id", serve: fastifyServer },
  { name: "Koa 3", route: null, serve: koaServer },
  {
    name: "Hono 4 on node-server",
    route: "/users/:id",
    serve: (...given) => fetchServer(honoApp(...given).fetch as FetchCallback),
  },
  {
    name: "Hono 4 elsewhere",
    route: "/users/:id",
    serve: (...given) => {
      const app = honoApp(...given);
      return fetchServer((request) => app.fetch(request));
    },
  },
  {
    name: "a fetch handler",
    route: null,
    serve: (deployment, answer) => {
      const handler = async (request: Request): Promise<Response> => {
        const id = /\/users\/([^/?]+)/.exec(request.url)?.[1];
        if (id === undefined) return new Response("none", { status: 404 });
        return Response.json(answer(await request.json(), id));
      };
      const once = fetchPayloadLogging(handler, { deployment });
      const twice = fetchPayloadLogging(once, { deployment });
      return fetchServer((request) => twice(request));
    },
  },
];
