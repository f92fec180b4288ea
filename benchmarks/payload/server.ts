/**
 * What stands between a model and its clients, and logs payloads or not: `server.ts <kind> <logger>
 * <folder> [target port]`. Prints the port that it listens on; ours, at `SIGUSR2`, when all is delivered.
 */
import {
  Agent,
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import express from "express";
import fastify from "fastify";
import httpProxy from "http-proxy";
import { openDeployment } from "model-data-collector";
import { expressPayloadLogging, fastifyPayloadLogging, nodePayloadLogging } from "model-data-collector/http";
import morgan from "morgan";
import { destination, pino } from "pino";
import { pinoHttp } from "pino-http";

const [kind = "", logger = "", folder = "", targetPort = ""] = process.argv.slice(2);
type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

const chunks = 4;
const padding = "x".repeat(200);

/**
 * A model that streams: reads its input, and tells with each chunk when it went out; with the second, when
 * the first was written.
 */
const model: RequestListener = (request, response) => {
  const input: Buffer[] = [];
  request.on("data", (chunk: Buffer) => input.push(chunk));
  request.on("end", () => {
    JSON.parse(Buffer.concat(input).toString());
    response.writeHead(200, { "content-type": "text/event-stream" });
    let sent = 0;
    let begun = "";
    const next = (): void => {
      response.write(`data: ${process.hrtime.bigint()} ${begun}${padding}\n\n`);
      begun = sent === 0 ? `begun ${process.hrtime.bigint()} ` : "";
      if (++sent === chunks) response.end();
      else setImmediate(next);
    };
    next();
  });
};

const file = (): ReturnType<typeof destination> =>
  destination({ dest: join(folder, "access.log"), mkdir: true, sync: false, minLength: 4096 });

/** What is kept of bodies, on the request itself. */
const bodies = Symbol("bodies");

/**
 * Both bodies in one line, as the recipes for pino and http-proxy do it; but without what makes exchanges
 * survive, which is no fault of theirs: see `src/http/node/stand-in.ts`.
 */
function logBodies(): Middleware {
  const log = pinoHttp({
    logger: pino(file()),
    customProps: (request) => (request as { [bodies]?: object })[bodies] ?? {},
  });
  return (request, response, next) => {
    const known = { requestBody: "", responseBody: "" };
    Object.assign(request, { [bodies]: known });
    const push = request.push.bind(request);
    const write = response.write.bind(response) as (...args: unknown[]) => boolean;
    const heard = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
      if (chunk !== null) known.requestBody += chunk.toString();
      return push(chunk, encoding);
    };
    const written = (...args: unknown[]): boolean => {
      known.responseBody += String(args[0]);
      return write(...args);
    };
    request.push = heard;
    response.write = written as never;
    log(request, response);
    next();
  };
}

function middleware(): Middleware | undefined {
  if (logger === "morgan") {
    const out = file();
    return morgan("combined", { stream: { write: (line) => void out.write(line) } }) as Middleware;
  }
  return logger === "pino-http with bodies" || logger === "with a body log" ? logBodies() : undefined;
}

async function ownOptions() {
  const deployment = await openDeployment({
    destination: join(folder, "data"),
    spool: { directory: join(folder, "spool") },
  });
  process.on("SIGUSR2", () => void deployment.flush().then(() => console.log("delivered")));
  return { deployment };
}

async function nodeServer(listener: RequestListener): Promise<Server> {
  if (logger === "ours") return createServer(nodePayloadLogging(listener, await ownOptions()));
  const before = middleware();
  if (before === undefined) return createServer(listener);
  return createServer((request, response) => before(request, response, () => listener(request, response)));
}

async function expressServer(): Promise<Server> {
  const app = express();
  if (logger === "ours") app.use(expressPayloadLogging(await ownOptions()));
  const before = middleware();
  if (before !== undefined) app.use(before);
  app.post("/score", model);
  return createServer(app);
}

async function fastifyServer(): Promise<Server> {
  const app = fastify();
  if (logger === "ours") await app.register(fastifyPayloadLogging, await ownOptions());
  const before = middleware();
  if (before !== undefined)
    app.addHook("onRequest", (request, reply, done) => before(request.raw, reply.raw, done));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  app.post("/score", (request, reply) => {
    reply.hijack();
    model(request.raw, reply.raw);
  });
  await app.ready();
  return app.server;
}

function proxyServer(): Promise<Server> {
  // Kept connections, as the sidecar has them: without an agent http-proxy closes each.
  const agent = new Agent({ keepAlive: true });
  const proxy = httpProxy.createProxyServer({ target: `http://127.0.0.1:${targetPort}`, agent });
  return nodeServer((request, response) => proxy.web(request, response));
}

const makers = {
  "node:http": () => nodeServer(model),
  Express: expressServer,
  Fastify: fastifyServer,
  "http-proxy": proxyServer,
};
const server = await (makers[kind as keyof typeof makers] ?? makers["node:http"])();
server.listen(0, "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
