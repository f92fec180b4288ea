import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { wrongKind } from "../../base/errors.ts";
import { withContext } from "../../collector/context/current-context.ts";
import { PayloadLog } from "../payload-log.ts";
import { parsePayloadOptions, type PayloadOptions } from "../payload-options.ts";
import { hearingFailure } from "../handler-failure.ts";
import { openNodeExchange } from "./node-exchange.ts";

/**
 * A listener for `node:http` and `node:https` that does what the given one does, while requests and responses
 * are stored in the collections `request` and `response`. What the listener collects belongs to the same
 * request. Throws as `openDeployment` does.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { nodePayloadLogging } from "model-data-collector/http";
 *
 * const listener = nodePayloadLogging((request, response) => response.end(`{"late":false}`));
 * createServer(listener).listen(8080);
 * ```
 */
export function nodePayloadLogging(listener: RequestListener, options?: PayloadOptions): RequestListener {
  if (typeof listener !== "function")
    throw wrongKind("nodePayloadLogging argument listener", "a function", listener);
  const log = new PayloadLog(parsePayloadOptions(options, "nodePayloadLogging"));
  return function (this: unknown, request: IncomingMessage, response: ServerResponse): unknown {
    const { context, exchange } = openNodeExchange(log, request, response);
    const answer = (): unknown => Reflect.apply(listener, this, [request, response]);
    return hearingFailure(exchange, () => withContext(context, answer));
  };
}
