import type { Exchange } from "./exchange.ts";

/**
 * Calls a handler, and tells its exchange if that throws or its promise rejects. Whoever called it gets what
 * it threw all the same; a promise is given on as one like it, so that a rejection is heard of once.
 */
export function hearingFailure<T>(exchange: Exchange | undefined, handle: () => T): T {
  if (exchange === undefined) return handle();
  const failed = (error: unknown): never => {
    exchange.failed();
    throw error;
  };
  try {
    const result = handle();
    return result instanceof Promise ? (result.then(undefined, failed) as T) : result;
  } catch (error) {
    return failed(error);
  }
}
