/**
 * Calls a user's listener. What it throws, and what a promise that it returns is rejected with, is not ours
 * to spread.
 */
export function safeCall(call: () => unknown): void {
  try {
    const returned = call();
    // Also promises of another realm, and what else has a `then`.
    if (typeof returned === "object" && returned !== null) Promise.resolve(returned).catch(() => {});
  } catch {
    // See above.
  }
}
