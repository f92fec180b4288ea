import { wrongKind } from "../../base/errors.ts";
import { withWaitUntil } from "../../collector/context/handed-wait-until.ts";
import { PayloadLog } from "../payload-log.ts";
import { parsePayloadOptions, type PayloadOptions } from "../payload-options.ts";
import { waitUntilAmong } from "./handed-wait-until.ts";
import { recordFetch } from "./fetch-exchange.ts";

/** A handler of fetch's requests, as Next.js, Bun, Deno and Azure Functions have them. */
export type FetchHandler<Received extends Request, Rest extends unknown[]> = (
  request: Received,
  ...rest: Rest
) => Response | Promise<Response>;

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
export function fetchPayloadLogging<Received extends Request, Rest extends unknown[]>(
  handler: FetchHandler<Received, Rest>,
  options?: PayloadOptions,
): (request: Received, ...rest: Rest) => Promise<Response> {
  if (typeof handler !== "function")
    throw wrongKind("fetchPayloadLogging argument handler", "a function", handler);
  const log = new PayloadLog(parsePayloadOptions(options, "fetchPayloadLogging"));
  return function (this: unknown, request: Received, ...rest: Rest): Promise<Response> {
    return withWaitUntil(waitUntilAmong(rest), () =>
      recordFetch(log, request, () => Reflect.apply(handler, this, [request, ...rest]) as Response),
    );
  };
}
