import type { IncomingMessage, ServerResponse } from "node:http";
import { withContext } from "../../collector/context/current-context.ts";
import { openNodeExchange } from "../node/node-exchange.ts";
import { PayloadLog } from "../payload-log.ts";
import { parsePayloadOptions, type PayloadOptions } from "../payload-options.ts";
import { expressRoutes } from "./express-route.ts";

/** What Express calls: it fits `app.use` of Express 5 and 4. */
export type ExpressMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * A middleware for Express 5 and 4: requests and responses are stored in the collections `request` and
 * `response`, and what handlers collect belongs to the same request. To be used before all others: what one
 * before it answers is not seen. Throws as `openDeployment` does.
 *
 * @example
 * ```ts
 * import express from "express";
 * import { expressPayloadLogging } from "model-data-collector/http";
 *
 * const app = express();
 * app.use(expressPayloadLogging());
 * app.post("/score", express.json(), (request, response) => void response.json({ late: false }));
 * app.listen(8080);
 * ```
 */
export function expressPayloadLogging(options?: PayloadOptions): ExpressMiddleware {
  const log = new PayloadLog(parsePayloadOptions(options, "expressPayloadLogging"));
  return function payloadLogging(request, response, next) {
    // `url` is without the path of the router that this is used in.
    const { originalUrl } = request as { originalUrl?: string };
    const { context, exchange } = openNodeExchange(log, request, response, originalUrl);
    if (exchange?.isRouted === false) exchange.routedBy(expressRoutes(request));
    withContext(context, next);
  };
}
