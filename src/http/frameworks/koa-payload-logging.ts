import type { IncomingMessage, ServerResponse } from "node:http";
import { withContext } from "../../collector/context/current-context.ts";
import { hearingFailure } from "../handler-failure.ts";
import { openNodeExchange } from "../node/node-exchange.ts";
import { PayloadLog } from "../payload-log.ts";
import { parsePayloadOptions, type PayloadOptions } from "../payload-options.ts";

/** What is needed of Koa's `ctx`. */
export interface KoaLike {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly originalUrl: string;
}

/** What `use` of Koa takes. */
export type KoaMiddleware = (ctx: KoaLike, next: () => Promise<unknown>) => Promise<unknown>;

/**
 * A middleware for Koa 3: requests and responses are stored in the collections `request` and `response`, and
 * what other middlewares collect belongs to the same request. To be used before all others. `http_route` is
 * that of `@koa/router`. Throws as `openDeployment` does.
 *
 * @example
 * ```ts
 * import Koa from "koa";
 * import { koaPayloadLogging } from "model-data-collector/http";
 *
 * const app = new Koa();
 * app.use(koaPayloadLogging());
 * app.use((ctx) => void (ctx.body = { late: false }));
 * app.listen(8080);
 * ```
 */
export function koaPayloadLogging(options?: PayloadOptions): KoaMiddleware {
  const log = new PayloadLog(parsePayloadOptions(options, "koaPayloadLogging"));
  return function payloadLogging(ctx, next) {
    const { context, exchange } = openNodeExchange(log, ctx.req, ctx.res, ctx.originalUrl);
    exchange?.routedBy(() => {
      const route = (ctx as { _matchedRoute?: unknown })._matchedRoute;
      return typeof route === "string" || route instanceof RegExp ? String(route) : null;
    });
    return hearingFailure(exchange, () => withContext(context, next));
  };
}
