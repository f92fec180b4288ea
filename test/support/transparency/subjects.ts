import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { getRequestListener } from "@hono/node-server";
import express, { type Express } from "express";
// @ts-expect-error Express 4 by a name of this project's, for which nobody has types.
import express4 from "express4";
import fastify, { type FastifyReply } from "fastify";
import { type Context, Hono } from "hono";
import Koa, { type ParameterizedContext } from "koa";
import {
  expressPayloadLogging,
  fastifyPayloadLogging,
  fetchPayloadLogging,
  honoPayloadLogging,
  koaPayloadLogging,
  nodePayloadLogging,
  type PayloadOptions,
} from "model-data-collector/http";
import { answerRaw, bodyStream, bytesOf, headerLists, PlannedError, readRequest } from "./handler.ts";
import type { Answer } from "./plan.ts";
import { labelOf, type Lookup, type Served, served } from "./served.ts";
import { behindSidecar } from "./sidecar-subject.ts";

/** A server that answers as planned; logged if there are options. */
export interface Subject {
  readonly name: string;
  /** Handlers get a `Request`, which has no body if its method is GET or HEAD. */
  readonly isFetch?: true;
  /** What is logged is what the handler gave; headers that the platform adds are not seen, nor its error page. */
  readonly isInner?: true;
  /** Another server in between: what is for one hop alone may differ, and how bodies are cut into chunks. */
  readonly isProxy?: true;
  serve(lookup: Lookup, logging: PayloadOptions | undefined): Promise<Served>;
}

type MakeServer = (lookup: Lookup, logging: PayloadOptions | undefined) => Server | Promise<Server>;

const serving =
  (make: MakeServer): Subject["serve"] =>
  async (lookup, logging) =>
    served(await make(lookup, logging), lookup);

/** Every way in which an application can have its payloads logged. */
export const subjects: readonly Subject[] = [
  { name: "node:http", serve: serving(nodeServer) },
  { name: "Express 5", serve: serving((...given) => expressServer(express, ...given)) },
  { name: "Express 4", serve: serving((...given) => expressServer(express4 as never, ...given)) },
  { name: "Fastify 5", serve: serving(fastifyServer) },
  { name: "Koa 3", serve: serving(koaServer) },
  { name: "Hono 4", isFetch: true, serve: serving(honoServer) },
  { name: "fetch", isFetch: true, isInner: true, serve: serving(fetchServer) },
  {
    name: "mdc sidecar",
    isProxy: true,
    serve: (lookup, logging) => behindSidecar(nodeListener(lookup), lookup, logging),
  },
];

function nodeListener(lookup: Lookup): RequestListener {
  return (request, response) => {
    const answer = lookup(labelOf(request));
    if (answer.ending === "throw") response.writeHead(500).end("failed, as planned");
    else void answerRaw(request, response, answer);
  };
}

function nodeServer(lookup: Lookup, logging: PayloadOptions | undefined): Server {
  const listener = nodeListener(lookup);
  return createServer(logging === undefined ? listener : nodePayloadLogging(listener, logging));
}

function expressServer(make: () => Express, lookup: Lookup, logging: PayloadOptions | undefined): Server {
  const app = make();
  // Nothing is printed of planned errors.
  app.set("env", "test");
  if (logging !== undefined) app.use(expressPayloadLogging(logging));
  app.use((request, response, next) => {
    const answer = lookup(labelOf(request));
    const work =
      answer.native || answer.ending === "throw"
        ? native(request, response, answer)
        : answerRaw(request, response, answer);
    work.catch(next);
  });
  // Pages of errors show stacks, which tell what middlewares there are.
  app.use((error: Error, _request: unknown, _response: unknown, next: (error: Error) => void) => {
    error.stack = error.message;
    next(error);
  });
  return createServer(app);

  async function native(request: express.Request, response: express.Response, answer: Answer): Promise<void> {
    await readNative(request, answer);
    if (answer.ending === "throw") throw new PlannedError();
    response.status(answer.status);
    for (const [name, value] of headerLists(answer.headers)) response.set(name, value as string);
    const body = nativeBody(answer);
    if (body.kind === "stream")
      bodyStream(answer)
        .on("error", () => response.destroy())
        .pipe(response);
    else if (body.kind === "json") response.json(body.value);
    else if (body.kind === "none") response.end();
    else response.send(body.value);
  }
}

async function fastifyServer(lookup: Lookup, logging: PayloadOptions | undefined): Promise<Server> {
  const app = fastify();
  if (logging !== undefined) await app.register(fastifyPayloadLogging, logging);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  app.all("/*", async (request, reply) => {
    const answer = lookup(labelOf(request.raw));
    if (!answer.native && answer.ending !== "throw") {
      reply.hijack();
      return answerRaw(request.raw, reply.raw, answer);
    }
    await readNative(request.raw, answer);
    if (answer.ending === "throw") throw new PlannedError();
    return fastifyReply(reply, answer);
  });
  await app.ready();
  return app.server;
}

function fastifyReply(reply: FastifyReply, answer: Answer): FastifyReply {
  reply.code(answer.status).headers(Object.fromEntries(headerLists(answer.headers)));
  const body = nativeBody(answer);
  if (body.kind === "stream") return reply.send(bodyStream(answer));
  return reply.send(body.kind === "none" ? undefined : body.value);
}

function koaServer(lookup: Lookup, logging: PayloadOptions | undefined): Server {
  const app = new Koa();
  app.silent = true;
  if (logging !== undefined) app.use(koaPayloadLogging(logging));
  app.use(async (ctx: ParameterizedContext) => {
    const answer = lookup(labelOf(ctx.req));
    if (!answer.native && answer.ending !== "throw") {
      ctx.respond = false;
      return answerRaw(ctx.req, ctx.res, answer);
    }
    await readNative(ctx.req, answer);
    if (answer.ending === "throw") throw new PlannedError();
    ctx.status = answer.status;
    for (const [name, value] of headerLists(answer.headers)) ctx.set(name, value);
    const body = nativeBody(answer);
    ctx.body = body.kind === "stream" ? bodyStream(answer) : body.kind === "none" ? null : body.value;
  });
  return createServer(app.callback() as RequestListener);
}

function honoServer(lookup: Lookup, logging: PayloadOptions | undefined): Server {
  const app = new Hono();
  if (logging !== undefined) app.use(honoPayloadLogging(logging));
  app.onError((error, c) => c.text(error.message, 500));
  app.all("*", (c: Context) => fetchAnswer(c.req.raw, lookup(c.req.header("x-plan"))));
  return createServer(
    getRequestListener(app.fetch as never, { overrideGlobalObjects: false }) as RequestListener,
  );
}

function fetchServer(lookup: Lookup, logging: PayloadOptions | undefined): Server {
  const handler = (request: Request): Promise<Response> =>
    fetchAnswer(request, lookup(request.headers.get("x-plan")));
  const logged = logging === undefined ? handler : fetchPayloadLogging(handler, logging);
  const errorHandler = (): Response => new Response("as planned", { status: 500 });
  const listener = getRequestListener((request) => logged(request), {
    overrideGlobalObjects: false,
    errorHandler,
  });
  return createServer(listener as RequestListener);
}

async function fetchAnswer(request: Request, answer: Answer): Promise<Response> {
  await readFetch(request, answer.read);
  if (answer.ending === "throw") throw new PlannedError();
  const headers = new Headers(answer.headers as [string, string][]);
  const init = { status: answer.status, headers };
  const body = nativeBody(answer);
  if (answer.status === 204 || answer.status === 304 || body.kind === "none") return new Response(null, init);
  if (body.kind === "json") return Response.json(body.value, init);
  if (body.kind !== "stream") return new Response(body.value, init);
  const chunks = bodyStream(answer)[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(new Uint8Array(value));
    },
  });
  return new Response(stream, init);
}

async function readFetch(request: Request, how: Answer["read"]): Promise<void> {
  const ignored = (): void => {};
  if (how === "all") await request.arrayBuffer().catch(ignored);
  if (how === "as text") await request.text().catch(ignored);
  if (how === "afterwards") void request.arrayBuffer().catch(ignored);
  if (how !== "slowly" || request.body === null) return;
  const reader = request.body.getReader();
  const read = () => reader.read().catch(() => ({ done: true }));
  while (!(await read()).done) await sleep(1);
}

async function readNative(request: IncomingMessage, { read }: Answer): Promise<void> {
  const reading = readRequest(request, read);
  if (read !== "afterwards") await reading;
}

type NativeBody =
  | { readonly kind: "none" }
  | { readonly kind: "stream" }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "bytes"; readonly value: Buffer<ArrayBuffer> }
  | { readonly kind: "json"; readonly value: object };

/** What a framework is given to send. */
function nativeBody({ form, pieces, ending }: Answer): NativeBody {
  if (ending === "hang" || ending === "destroy" || form === "stream" || form === "in pieces")
    return { kind: "stream" };
  if (form === "nothing") return { kind: "none" };
  const bytes = Buffer.concat(pieces.map(bytesOf));
  if (form === "json") return { kind: "json", value: { text: bytes.toString("latin1") } };
  const [only] = pieces;
  if (pieces.length === 1 && only?.kind === "text") return { kind: "text", value: only.text };
  return { kind: "bytes", value: bytes };
}
