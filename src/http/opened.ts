import type { CorrelationContext } from "../collector/context/correlation-context.ts";
import type { Exchange } from "./exchange.ts";

/** What is to become of a request: its context in any case, and an exchange if it is recorded. */
export interface Opened {
  readonly context: CorrelationContext;
  readonly exchange: Exchange | undefined;
}

/** The same in all copies of this package. */
const key = Symbol.for("model-data-collector.exchange");

/** What became of a request that is logged already; undefined for everything else. */
export function openedOf(request: unknown): Opened | undefined {
  if (typeof request !== "object" || request === null) return undefined;
  return (request as Readonly<Record<symbol, Opened | undefined>>)[key];
}

/**
 * Notes that a request is logged: of two middlewares, and of two copies of this package, the first does it,
 * and the other tells it what not to store (`PayloadLog.limit`).
 * On the request, and not in a weak map: see `stand-in.ts`.
 */
export function noteOpened(request: object, opened: Opened): void {
  Reflect.defineProperty(request, key, { value: opened });
}
