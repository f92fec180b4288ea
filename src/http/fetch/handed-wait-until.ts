import type { WaitUntil } from "../../config/callbacks.ts";

/**
 * `waitUntil` of the first of a handler's arguments that has one: the third on edge platforms (`ctx`), the
 * second of Next.js' middleware (`event`); undefined if none has.
 */
export function waitUntilAmong(given: readonly unknown[]): WaitUntil | undefined {
  for (const one of given) {
    try {
      const context = one as { waitUntil?: WaitUntil } | null | undefined;
      if (typeof context?.waitUntil === "function") return (promise) => context.waitUntil?.(promise);
    } catch {
      // A platform's object that is asked for nothing else.
    }
  }
  return undefined;
}
