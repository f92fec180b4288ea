import { wrongKind } from "../../base/errors.ts";
import { withWaitUntil } from "../../collector/context/handed-wait-until.ts";
import { PayloadLog } from "../payload-log.ts";
import { parsePayloadOptions, type PayloadOptions } from "../payload-options.ts";
import { waitUntilAmong } from "./handed-wait-until.ts";
import { recordFetch } from "./fetch-exchange.ts";

/** What a handler gets: fetch's `Request`, or what a platform has in its place, as Azure Functions. */
export interface FetchRequestLike {
  readonly method: string;
  readonly url: string;
  readonly headers: Pick<Headers, "get">;
}

/**
 * A handler of fetch's requests, as Next.js, Bun, Deno and Azure Functions have them; those of Azure
 * Functions may also answer with an `HttpResponseInit`.
 */
export type FetchHandler<Received extends FetchRequestLike, Rest extends unknown[], Answer = Response> = (
  request: Received,
  ...rest: Rest
) => Answer | Promise<Answer>;

/**
 * A handler that does what the given one does, while requests and responses are stored in the collections
 * `request` and `response`. What the handler collects belongs to the same request. Bodies are heard as they
 * are read; nothing is cloned, read ahead or held up. Where one of the handler's arguments has `waitUntil`,
 * as those of edge platforms have, delivery is promised to it. Throws as `openDeployment` does.
 *
 * @example
 * ```ts
 * import { fetchPayloadLogging } from "model-data-collector/http";
 *
 * export const POST = fetchPayloadLogging(async (request: Request) => {
 *   const body = await request.text();
 *   return Response.json({ late: body.length > 2 });
 * });
 * ```
 */
export function fetchPayloadLogging<Received extends FetchRequestLike, Rest extends unknown[]>(
  handler: FetchHandler<Received, Rest>,
  options?: PayloadOptions,
): (request: Received, ...rest: Rest) => Promise<Response>;
export function fetchPayloadLogging<Received extends FetchRequestLike, Rest extends unknown[], Answer>(
  handler: FetchHandler<Received, Rest, Answer>,
  options?: PayloadOptions,
): (request: Received, ...rest: Rest) => Promise<Answer>;
export function fetchPayloadLogging<Received extends FetchRequestLike, Rest extends unknown[], Answer>(
  handler: FetchHandler<Received, Rest, Answer>,
  options?: PayloadOptions,
): (request: Received, ...rest: Rest) => Promise<Answer | Response> {
  if (typeof handler !== "function")
    throw wrongKind("fetchPayloadLogging argument handler", "a function", handler);
  const log = new PayloadLog(parsePayloadOptions(options, "fetchPayloadLogging"));
  return function (this: unknown, request: Received, ...rest: Rest): Promise<Answer | Response> {
    const respond = (): Answer => Reflect.apply(handler, this, [request, ...rest]) as Answer;
    return withWaitUntil(waitUntilAmong(rest), () => recordFetch(log, request as never, respond));
  };
}
