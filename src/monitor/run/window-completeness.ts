import type { WindowCompleteness } from "./monitor-result.ts";
import type { MonitorSource, SourceHour, TimeSpan } from "./rows/monitor-source.ts";

const worstFirst = ["short", "unknown", "waiting", "purged", "complete"] as const;

/** Whether the data of each window is whole, of one collection; null where no ledger says. */
export async function completenessOf(
  source: MonitorSource,
  collection: string,
  windows: readonly TimeSpan[],
): Promise<(WindowCompleteness | null)[]> {
  const [first, last] = [windows[0], windows.at(-1)];
  if (source.completeness === undefined || first === undefined || last === undefined)
    return windows.map(() => null);
  const hours = await source.completeness({ from: first.from, to: last.to });
  const own = hours.filter(
    (hour) => hour.hasLedger !== false && hour.collection.toLowerCase() === collection.toLowerCase(),
  );
  return windows.map(({ from, to }) => summed(own.filter(({ hour }) => hour >= from && hour < to)));
}

function summed(hours: readonly SourceHour[]): WindowCompleteness | null {
  if (hours.length === 0) return null;
  const sum = (of: (hour: SourceHour) => number): number => hours.reduce((all, hour) => all + of(hour), 0);
  return {
    verdict: worstFirst.find((verdict) => hours.some((hour) => hour.verdict === verdict)) ?? "unknown",
    offered: sum(({ offered }) => offered),
    sampledOut: sum(({ sampledOut }) => sampledOut),
    disabled: sum(({ disabled }) => disabled),
    dropped: sum(({ dropped }) => Object.values(dropped).reduce((all, count) => all + count, 0)),
    stored: sum(({ stored }) => stored),
    pending: sum(({ pending }) => pending),
    unaccounted: sum(({ unaccounted }) => unaccounted),
    reasons: [...new Set(hours.flatMap(({ reasons }) => reasons))],
  };
}
