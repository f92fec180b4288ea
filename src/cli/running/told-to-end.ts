import { exitCode } from "../exit-code.ts";

/** Resolves at the first signal to end; the next one ends the process at once. */
export async function toldToEnd(): Promise<void> {
  const signals = ["SIGTERM", "SIGINT"] as const;
  await new Promise<void>((resolve) => {
    for (const signal of signals) process.once(signal, () => resolve());
  });
  for (const signal of signals) {
    process.removeAllListeners(signal);
    process.once(signal, () => process.exit(exitCode.ok));
  }
}
