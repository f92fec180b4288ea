import { AsyncLocalStorage } from "node:async_hooks";
import type { WaitUntil } from "../../config/callbacks.ts";

const handed = new AsyncLocalStorage<WaitUntil>();

/**
 * Calls `run`, in which `waitUntil` is that of the request: of a platform that hands it to its handlers.
 * @internal
 */
export function withWaitUntil<T>(waitUntil: WaitUntil | undefined, run: () => T): T {
  return waitUntil === undefined ? run() : handed.run(waitUntil, run);
}

/** What was handed to the request that this call belongs to; undefined if nothing was. */
export function handedWaitUntil(): WaitUntil | undefined {
  return handed.getStore();
}
