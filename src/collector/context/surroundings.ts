import { AsyncLocalStorage } from "node:async_hooks";

/**
 * Runs what it is given as if it were called here: a platform, too, knows by its own async context to which
 * request a call belongs (`waitUntil`).
 * @internal
 */
export function surroundings(): <T>(run: () => T) => T {
  const here = AsyncLocalStorage.snapshot();
  return (run) => here(run);
}
