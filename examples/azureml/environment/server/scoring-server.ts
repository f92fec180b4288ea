import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CorrelationContext, runWithContext } from "model-data-collector";
import { Refusal, readInput } from "./request-input.ts";
import type { Run, ScoringScript } from "./scoring-script.ts";

/**
 * Milliseconds. Connections are kept for longer than those in front of this server keep theirs: a request
 * that is sent on one which is just being closed fails.
 */
const timeouts = { keepAliveTimeout: 125_000, requestTimeout: 60_000 };

/**
 * Answers what the platform asks: `/` whether this server lives, `/startup` and `/ready` whether the script
 * is ready, `/score` for scores. No probe asks for storage: collecting keeps nobody from scoring.
 */
export function createScoringServer(script: ScoringScript): Server {
  const server = createServer(timeouts, (request, response) => {
    const context = CorrelationContext.fromHeaders(request.headers);
    const { "x-request-id": id = "", "x-ms-client-request-id": clientId = "" } = context.toHeaders();
    response.setHeader("x-request-id", id).setHeader("x-ms-client-request-id", clientId);
    runWithContext(context, () => answerTo(request, response, script))
      .catch((error: unknown) => {
        if (error instanceof Refusal) return error.toResponse();
        console.error(`request ${context.id} failed:`, error);
        return new Refusal(500, "the scoring script failed; the container's log says why").toResponse();
      })
      .then((answer) => {
        // Nothing more can come over it, or shall, since the server is stopping.
        if (!request.complete || !server.listening) response.setHeader("connection", "close");
        return send(answer, response);
      })
      .catch(() => response.destroy());
  });
  return server;
}

async function answerTo(
  request: IncomingMessage,
  response: ServerResponse,
  script: ScoringScript,
): Promise<Response> {
  switch (request.url?.split("?", 1)[0]) {
    case "/":
      return Response.json({ status: "alive" });
    case "/startup":
    case "/ready":
      runOf(script);
      return Response.json({ status: "ready" });
    case "/score":
      if (request.method !== "POST") throw new Refusal(405, `expected POST, got ${request.method}`);
      return score(request, response, script);
    default:
      throw new Refusal(404, "there are /, /startup, /ready and /score");
  }
}

async function score(
  request: IncomingMessage,
  response: ServerResponse,
  script: ScoringScript,
): Promise<Response> {
  const run = runOf(script);
  const input = await readInput(request);
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const result = await run(input, { headers: request.headers, signal: gone.signal });
  if (result instanceof Response) return result;
  if (result instanceof Uint8Array) {
    return new Response(Buffer.from(result), { headers: { "content-type": "application/octet-stream" } });
  }
  return Response.json(result ?? null);
}

/** The script's `run`; refuses while there is none. */
function runOf({ state }: ScoringScript): Run {
  if (state.kind === "ready") return state.run;
  throw new Refusal(503, state.kind === "failed" ? state.reason : "the scoring script is starting");
}

async function send(answer: Response, response: ServerResponse): Promise<void> {
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  if (answer.body === null) response.end();
  else await pipeline(Readable.fromWeb(answer.body), response);
}
