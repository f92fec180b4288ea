import type { IncomingMessage, ServerResponse } from "node:http";
import { withContext } from "../../collector/context/current-context.ts";
import type { Exchange } from "../exchange.ts";
import { recordFetch } from "../fetch/fetch-exchange.ts";
import { openNodeExchange } from "../node/node-exchange.ts";
import { PayloadLog } from "../payload-log.ts";
import { parsePayloadOptions, type PayloadOptions } from "../payload-options.ts";

/** What is needed of Hono's context. */
export interface HonoLike {
  readonly env: unknown;
  readonly req: { readonly raw: Request };
  res: Response;
}

/** What `use` of Hono takes. */
export type HonoMiddleware = (context: HonoLike, next: () => Promise<void>) => Promise<void>;

/**
 * A middleware for Hono 4, on `@hono/node-server` and elsewhere: requests and responses are stored in the
 * collections `request` and `response`, and what handlers collect belongs to the same request. To be used
 * before all others. Throws as `openDeployment` does.
 *
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import { honoPayloadLogging } from "model-data-collector/http";
 *
 * const app = new Hono();
 * app.use(honoPayloadLogging());
 * app.post("/score", (c) => c.json({ late: false }));
 * export default app;
 * ```
 */
export function honoPayloadLogging(options?: PayloadOptions): HonoMiddleware {
  const log = new PayloadLog(parsePayloadOptions(options, "honoPayloadLogging"));
  return async function payloadLogging(c, next) {
    const { incoming, outgoing } = (c.env ?? {}) as { incoming?: IncomingMessage; outgoing?: ServerResponse };
    if (incoming !== undefined && outgoing !== undefined) {
      const { context, exchange } = openNodeExchange(log, incoming, outgoing);
      tellRoute(exchange, c);
      await withContext(context, next);
      return;
    }
    const response = await recordFetch(log, c.req.raw, async ({ exchange }) => {
      tellRoute(exchange, c);
      await next();
      return c.res;
    });
    if (response === c.res) return;
    // One that is there would give its headers to the new one.
    (c as { res: Response | undefined }).res = undefined;
    c.res = response;
  };
}

interface HonoRoute {
  readonly path: string;
  readonly handler: ((...args: never) => unknown) & {
    readonly __COMPOSED_HANDLER?: (...args: never) => unknown;
  };
}

/** The route is that of the last handler that was called, if it takes no `next` that it could hand on to. */
function tellRoute(exchange: Exchange | undefined, { req }: HonoLike): void {
  exchange?.routedBy(() => {
    const { matchedRoutes, routeIndex } = req as { matchedRoutes?: HonoRoute[]; routeIndex?: number };
    const route = matchedRoutes?.[routeIndex ?? 0];
    if (route === undefined) return null;
    const handler = route.handler.__COMPOSED_HANDLER ?? route.handler;
    return handler.length < 2 ? route.path : null;
  });
}
