/**
 * Payload logging: the requests and responses of a model's server, with no change to the model.
 *
 * @module model-data-collector/http
 */
import "./base/host/node-version.ts";

export { fetchPayloadLogging } from "./http/fetch/fetch-payload-logging.ts";
export { expressPayloadLogging } from "./http/frameworks/express-payload-logging.ts";
export { fastifyPayloadLogging } from "./http/frameworks/fastify-payload-logging.ts";
export { honoPayloadLogging } from "./http/frameworks/hono-payload-logging.ts";
export { koaPayloadLogging } from "./http/frameworks/koa-payload-logging.ts";
export { nodePayloadLogging } from "./http/node/node-payload-logging.ts";

export type { FetchHandler, FetchRequestLike } from "./http/fetch/fetch-payload-logging.ts";
export type { ExpressMiddleware } from "./http/frameworks/express-payload-logging.ts";
export type {
  FastifyLike,
  FastifyPlugin,
  FastifyRequestLike,
} from "./http/frameworks/fastify-payload-logging.ts";
export type { HonoLike, HonoMiddleware } from "./http/frameworks/hono-payload-logging.ts";
export type { KoaLike, KoaMiddleware } from "./http/frameworks/koa-payload-logging.ts";
export type {
  BodyRedactionOptions,
  BodyRedactionRule,
  BodyRedactionRules,
} from "./http/body/redaction/redaction-options.ts";
export type { Outcome } from "./http/payload-rows.ts";
export type {
  PayloadOptions,
  PayloadPolicy,
  PayloadRequest,
  RoutePattern,
  TabularOptions,
} from "./http/payload-options.ts";
