import { CorrelationContext } from "../../collector/context/correlation-context.ts";
import { withContext } from "../../collector/context/current-context.ts";
import { surroundings } from "../../collector/context/surroundings.ts";
import type { BodyRecorder } from "../body/body-recorder.ts";
import type { Exchange } from "../exchange.ts";
import { isMade } from "../headers/made-id.ts";
import type { HeaderLookup } from "../headers/captured-headers.ts";
import { noteOpened, type Opened, openedOf } from "../opened.ts";
import type { PayloadLog } from "../payload-log.ts";
import type { Outcome } from "../payload-rows.ts";
import { listenToRequest } from "./listened-request.ts";
import { initLike, isResponseInit, responseOf } from "./response-init.ts";
import { listenedStream, type StreamListener } from "./streamed-body.ts";

/**
 * Has `respond` answer a request whose exchange is recorded. What it makes of the request is given back: the
 * response itself if it has no body, one like it whose body is listened to otherwise.
 */
export async function recordFetch<Answer>(
  log: PayloadLog,
  request: Request,
  respond: (opened: Opened) => Answer | Promise<Answer>,
): Promise<Answer | Response> {
  const head = { method: request.method, target: request.url, header: headerOf(request.headers) };
  const known = openedOf(request);
  if (known !== undefined) {
    log.limit(known, head);
    return respond(known);
  }
  const context = CorrelationContext.fromHeaders(request.headers);
  const opened = log.open(head, context);
  noteOpened(request, opened);
  const { exchange } = opened;
  const fate = exchange === undefined ? undefined : new FetchFate(exchange, request);
  try {
    const answer = await withContext(context, () => respond(opened));
    const send = (response: Response): Response => {
      const headers = isMade(context) ? withId(response.headers, context.id) : response.headers;
      return fate === undefined ? withHeaders(response, headers) : fate.answered(response, headers);
    };
    if (isResponse(answer)) return send(answer);
    const isChanged = fate !== undefined || isMade(context);
    if (isChanged && isResponseInit(answer)) return initLike(answer, send(responseOf(answer)));
    fate?.over("complete");
    return answer;
  } catch (error) {
    fate?.over("error");
    throw error;
  }
}

/**
 * Bodies of responses that nobody read to their end, and nobody can any more: their exchanges are over when
 * the engine finds that out. Without, they would never be.
 */
const unread = new FinalizationRegistry<Leash>(({ fate }) => fate?.over("server_aborted"));

/**
 * What holds on to the fate of a body until it is read. The registry does not let go at once of what it was
 * given, so it is given this, and not the exchange.
 */
interface Leash {
  fate: FetchFate | undefined;
}

/** What becomes of one exchange: told by its streams and the request's signal, settled once. */
class FetchFate {
  readonly #exchange: Exchange;
  readonly #request: Request;
  // Streams are read outside of the request, by the server.
  readonly #inRequest = surroundings();
  readonly #leash: Leash = { fate: this };
  #requestRead: boolean;

  constructor(exchange: Exchange, request: Request) {
    this.#exchange = exchange;
    this.#request = request;
    this.#requestRead = request.body === null;
    const read = (): void => void (this.#requestRead = true);
    listenToRequest(request, this.#listener(exchange.requestBody, { ended: read }));
    this.#signal?.addEventListener("abort", this.#aborted);
  }

  /** The handler has answered; gives what is to be sent. */
  answered(response: Response, headers: Headers): Response {
    const { status, statusText, body } = response;
    this.#exchange.respond(status, headerOf(headers));
    this.#exchange.firstByte();
    if (body === null || this.#request.method === "HEAD") {
      this.over("complete");
      return withHeaders(response, headers);
    }
    const told = this.#listener(this.#exchange.responseBody, {
      ended: () => this.over("complete"),
      failed: () => this.over("error"),
      cancelled: () => this.over("client_aborted"),
    });
    const stream = listenedStream(body, told);
    unread.register(stream, this.#leash, this.#leash);
    return responseLike(response, new Response(stream, { status, statusText, headers }));
  }

  over(outcome: Outcome): void {
    this.#leash.fate = undefined;
    unread.unregister(this.#leash);
    this.#signal?.removeEventListener("abort", this.#aborted);
    const { size } = this.#exchange.responseBody;
    this.#inRequest(() =>
      this.#exchange.end({ outcome, bytesSent: size, requestComplete: this.#requestRead }),
    );
  }

  /** Azure Functions' requests have none. */
  get #signal(): AbortSignal | undefined {
    return (this.#request as Partial<Request>).signal;
  }

  readonly #aborted = (): void => this.over("client_aborted");

  #listener(
    body: BodyRecorder,
    ends: Partial<Pick<StreamListener, "ended" | "failed" | "cancelled">>,
  ): StreamListener {
    const nothing = (): void => undefined;
    const { context } = this.#exchange;
    return {
      read: (read) => this.#inRequest(() => withContext(context, read)),
      chunk: (bytes) => body.add(bytes),
      ended: nothing,
      failed: nothing,
      cancelled: nothing,
      ...ends,
    };
  }
}

/** False for what some platforms take instead. */
function isResponse(value: unknown): value is Response {
  return typeof (value as Partial<Response> | null | undefined)?.headers?.get === "function";
}

/** `made` with what a platform's own response has besides: that of Azure Functions has `cookies`. */
function responseLike(response: Response, made: Response): Response {
  for (const [name, value] of Object.entries(response))
    Object.defineProperty(made, name, { value, configurable: true, enumerable: true });
  return made;
}

function headerOf(headers: Headers): HeaderLookup {
  return (name) => headers.get(name) ?? undefined;
}

/** The headers with the made id, unless the handler set one. */
function withId(headers: Headers, id: string): Headers {
  if (headers.has("x-request-id")) return headers;
  const copy = new Headers(headers);
  copy.set("x-request-id", id);
  return copy;
}

/** The response with other headers; itself if that can be. */
function withHeaders(response: Response, headers: Headers): Response {
  const id = headers.get("x-request-id");
  if (headers === response.headers || id === null) return response;
  try {
    response.headers.set("x-request-id", id);
    return response;
  } catch {
    // Headers of `Response.redirect` and of what `fetch` gave cannot be changed.
    const { status, statusText, body } = response;
    if (status < 200) return response;
    return responseLike(response, new Response(body, { status, statusText, headers }));
  }
}
