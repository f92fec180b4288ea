import type { IncomingMessage, ServerResponse } from "node:http";
import { CorrelationContext } from "../../collector/context/correlation-context.ts";
import type { HeaderLookup } from "../headers/captured-headers.ts";
import { isMade } from "../headers/made-id.ts";
import { noteOpened, type Opened, openedOf } from "../opened.ts";
import type { PayloadLog } from "../payload-log.ts";
import { emitInContext, tapExchange } from "./node-tap.ts";
import { standIn } from "./stand-in.ts";
import { headersIn, withHeader, type WrittenHeaders } from "./written-headers.ts";

/**
 * The exchange of a request that has just come: from here on all of it is listened to, and its events happen
 * in its context.
 *
 * @param target the request's own target, where a framework changes `request.url`.
 */
export function openNodeExchange(
  log: PayloadLog,
  request: IncomingMessage,
  response: ServerResponse,
  target: string = request.url ?? "/",
): Opened {
  const head = { method: request.method ?? "GET", target, header: headerOf(request) };
  const known = openedOf(request);
  if (known !== undefined) {
    log.limit(known, head);
    return known;
  }
  const context = CorrelationContext.fromHeaders(request.rawHeaders);
  const opened = log.open(head, context);
  noteOpened(request, opened);
  if (isMade(context)) echoId(context, response);
  emitInContext(context, request, response);
  if (opened.exchange !== undefined) tapExchange(opened.exchange, request, response);
  return opened;
}

/** Asks for the headers of a request. */
export function headerOf({ headers }: IncomingMessage): HeaderLookup {
  return (name) => {
    const value = headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  };
}

/**
 * Tells the caller the id that was made, as `x-request-id`, unless the handler sets one. When the head is
 * written: what is set before, an error page may throw away. Where no header was set before, it goes with
 * those that `writeHead` is given: with one that is set, Node sends them in another order, and takes no
 * pairs.
 */
function echoId({ id }: CorrelationContext, response: ServerResponse): void {
  const writeHead = response.writeHead;
  const echoing = function (this: ServerResponse, ...args: Parameters<typeof writeHead>) {
    if (response.headersSent || response.hasHeader("x-request-id"))
      return Reflect.apply(writeHead, this, args) as ServerResponse;
    const at = args.findIndex((arg) => typeof arg === "object" && arg !== null);
    const given = args[at] as WrittenHeaders | undefined;
    if (given === undefined || response.getHeaderNames().length > 0) {
      if (headersIn(given)("x-request-id") === undefined) response.setHeader("x-request-id", id);
      return Reflect.apply(writeHead, this, args) as ServerResponse;
    }
    return Reflect.apply(
      writeHead,
      this,
      args.toSpliced(at, 1, withHeader(given, "x-request-id", id) as never),
    ) as ServerResponse;
  };
  standIn(response, "writeHead", echoing as typeof writeHead);
}
