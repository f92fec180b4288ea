import type { Clock } from "../base/time/clock.ts";
import type { DeploymentStats, StatsListener } from "../config/callbacks.ts";
import { safeCall } from "./report/safe-call.ts";

const intervalMs = 10_000;

/**
 * Tells a user's `onStats` every ten seconds what the ledger says, and once more when disposed; without one,
 * does nothing.
 */
export function startStatsTicker(
  clock: Clock,
  onStats: StatsListener | undefined,
  stats: () => DeploymentStats,
): Disposable {
  let timer: Disposable | undefined;
  const tell = (): void => safeCall(() => onStats?.(stats()));
  const arm = (): void => {
    if (onStats === undefined) return;
    timer = clock.setTimer(() => {
      tell();
      arm();
    }, intervalMs);
  };
  arm();
  return {
    [Symbol.dispose]() {
      timer?.[Symbol.dispose]();
      tell();
    },
  };
}
