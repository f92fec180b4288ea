import type { CollectionResult, MonitorResult, WindowResult } from "../../monitor/run/monitor-result.ts";
import { worstVerdict } from "../../monitor/run/judging/judge.ts";
import type { PerformanceResult } from "../../monitor/run/performance-result.ts";

/**
 * A result with what was found of predictions. A collection whose latest window is not whole breaches,
 * whatever its values: nobody can rely on what they say.
 */
export function monitored(result: MonitorResult, performance: PerformanceResult | null): MonitorResult {
  const collections = result.collections.map(withSignals);
  const verdicts = collections.map(({ verdict }) => verdict);
  const all = performance === null ? verdicts : [...verdicts, performance.verdict];
  return { ...result, verdict: worstVerdict(all) ?? "insufficient data", collections, performance };
}

function withSignals(collection: CollectionResult): CollectionResult {
  const broken = brokenSignals(collection.windows.at(-1));
  if (broken.length === 0) return collection;
  return { ...collection, verdict: "breach", reasons: [...broken, ...collection.reasons] };
}

function brokenSignals(window: WindowResult | undefined): string[] {
  return (window?.signals ?? [])
    .filter(({ verdict }) => verdict === "breach")
    .map(({ signal, reasons }) => `not whole: ${signal}: ${reasons.join("; ")}`);
}
