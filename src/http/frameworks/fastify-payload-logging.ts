import type { IncomingMessage, ServerResponse } from "node:http";
import { withContext } from "../../collector/context/current-context.ts";
import { openNodeExchange } from "../node/node-exchange.ts";
import { PayloadLog } from "../payload-log.ts";
import { parsePayloadOptions, type PayloadOptions } from "../payload-options.ts";

/** What is needed of Fastify's request. */
export interface FastifyRequestLike {
  readonly raw: IncomingMessage;
  readonly originalUrl: string;
  readonly is404: boolean;
  readonly routeOptions: { readonly url?: string | undefined };
}

/** What is needed of a Fastify instance. */
export interface FastifyLike {
  /** Has each request go through a function first. */
  addHook(
    name: "onRequest",
    hook: (request: FastifyRequestLike, reply: { readonly raw: ServerResponse }, done: () => void) => void,
  ): unknown;
}

/** What `register` of Fastify 5 takes. */
export type FastifyPlugin = (
  instance: FastifyLike,
  options: PayloadOptions,
  done: (error?: Error) => void,
) => void;

/**
 * A plugin for Fastify 5: requests and responses of all routes, and of none (404), are stored in the
 * collections `request` and `response`, and what handlers collect belongs to the same request. To be
 * registered before plugins that answer in `onRequest`. Wrong options reject `register`, as `openDeployment`
 * does.
 *
 * @example
 * ```ts
 * import fastify from "fastify";
 * import { fastifyPayloadLogging } from "model-data-collector/http";
 *
 * const app = fastify();
 * await app.register(fastifyPayloadLogging, { captureHeaders: ["user-agent"] });
 * app.post("/score", () => ({ late: false }));
 * await app.listen({ port: 8080 });
 * ```
 */
export const fastifyPayloadLogging: FastifyPlugin = Object.assign(plugin, {
  // What the package fastify-plugin sets: the hook is the instance's, not that of a scope of its own.
  [Symbol.for("skip-override")]: true,
  [Symbol.for("fastify.display-name")]: "model-data-collector",
  [Symbol.for("plugin-meta")]: { name: "model-data-collector", fastify: "5.x" },
});

function plugin(instance: FastifyLike, options: PayloadOptions, done: (error?: Error) => void): void {
  let log: PayloadLog;
  try {
    log = new PayloadLog(parsePayloadOptions(ownOptions(options), "fastifyPayloadLogging"));
  } catch (error) {
    done(error as Error);
    return;
  }
  instance.addHook("onRequest", (request, reply, next) => {
    const { context, exchange } = openNodeExchange(log, request.raw, reply.raw, request.originalUrl);
    exchange?.routedBy(() => (request.is404 ? null : (request.routeOptions.url ?? null)));
    withContext(context, next);
  });
  done();
}

/** Without what is Fastify's among the options of `register`. */
function ownOptions(options: PayloadOptions): PayloadOptions {
  const { prefix, logLevel, logSerializers, ...own } = options as Record<string, unknown>;
  return own as PayloadOptions;
}
