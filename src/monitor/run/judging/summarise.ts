import { countOf } from "../../../base/plural.ts";
import type { FeatureResult, FeatureSummary } from "../feature-result.ts";
import { worstVerdict } from "./judge.ts";
import { type JointVerdict, overWindows } from "./over-windows.ts";
import type { CollectionMonitor } from "../monitor-options.ts";
import type { SliceResult, WindowResult, WindowRule } from "../monitor-result.ts";
import type { MonitorVerdict } from "../verdict.ts";

/** The features over all windows, those that matter most first. */
export function summariseFeatures(
  windows: readonly WindowResult[],
  monitor: CollectionMonitor,
  rule: WindowRule,
): FeatureSummary[] {
  const names = new Set(
    windows.flatMap(({ slices }) => (slices[0]?.features ?? []).map((one) => one.feature)),
  );
  const summaries = [...names].map((name) => summariseFeature(name, windows, monitor, rule));
  const order: readonly MonitorVerdict[] = ["breach", "pass", "insufficient data", "skipped"];
  const weight = ({ severity, importance }: FeatureSummary): number => (severity ?? 0) * importance;
  return summaries.sort(
    (a, b) =>
      order.indexOf(a.verdict) - order.indexOf(b.verdict) ||
      weight(b) - weight(a) ||
      (a.feature < b.feature ? -1 : 1),
  );
}

function summariseFeature(
  name: string,
  windows: readonly WindowResult[],
  monitor: CollectionMonitor,
  rule: WindowRule,
): FeatureSummary {
  const results = windows.map(({ slices }) => slices[0]?.features.find(({ feature }) => feature === name));
  const { verdict, breached, judged } = overWindows(
    results.map((result) => result?.verdict),
    rule,
  );
  const recent = results.slice(-rule.of);
  const latest = results.findLast((result) => result !== undefined) as FeatureResult;
  const measured = recent.findLast((result) => result?.severity != null) ?? latest;
  const metric = measured.metrics.find(({ threshold }) => threshold !== null);
  const severities = recent.flatMap((result) => result?.severity ?? []);
  return {
    feature: name,
    kind: latest.kind,
    importance: monitor.columns?.[name]?.importance ?? 1,
    verdict,
    reason: verdict === "insufficient data" ? reasonOf(recent, breached) : null,
    breachedWindows: breached,
    judgedWindows: judged,
    severity: severities.length === 0 ? null : Math.max(...severities),
    metric: metric?.metric ?? null,
    values: results.map(
      (result) => result?.metrics.find((one) => one.metric === metric?.metric)?.value ?? null,
    ),
    threshold: metric?.threshold ?? null,
  };
}

function reasonOf(recent: readonly (FeatureResult | undefined)[], breached: number): string {
  if (breached > 0) return "too few windows with data to say that it breaches";
  return recent.findLast((result) => result?.reason != null)?.reason ?? "no window with data";
}

/** The worst of a slice's drift and quality. */
export function sliceVerdict({
  features,
  quality,
}: Pick<SliceResult, "features" | "quality">): MonitorVerdict {
  const verdicts = [...features, ...quality].map(({ verdict }) => verdict);
  return worstVerdict(verdicts) ?? "insufficient data";
}

/** The worst of a collection, and what made it so, for people. */
export function collectionVerdict(
  features: readonly FeatureSummary[],
  windows: readonly WindowResult[],
  rule: WindowRule,
): { readonly verdict: MonitorVerdict; readonly reasons: readonly string[] } {
  const quality = qualityVerdicts(windows, rule);
  const verdicts = [...features.map(({ verdict }) => verdict), ...quality.map(({ verdict }) => verdict)];
  const verdict = worstVerdict(verdicts) ?? "insufficient data";
  const reasons: string[] = [];
  for (const { feature, verdict: one, breachedWindows } of features)
    if (one === "breach") reasons.push(`${feature} drifts in ${windowsText(breachedWindows)}`);
  for (const { column, verdict: one, breached } of quality)
    if (one === "breach") reasons.push(`${column} has bad values in ${windowsText(breached)}`);
  if (verdict === "insufficient data") reasons.push(missingData(windows, features));
  return { verdict, reasons };
}

function missingData(windows: readonly WindowResult[], features: readonly FeatureSummary[]): string {
  if (windows.every(({ slices }) => (slices[0]?.rows ?? 0) === 0)) return "no rows in any window";
  return features.find(({ reason }) => reason !== null)?.reason ?? "no column that can be compared";
}

function qualityVerdicts(
  windows: readonly WindowResult[],
  rule: WindowRule,
): (JointVerdict & { readonly column: string })[] {
  const columns = new Set(
    windows.flatMap(({ slices }) => (slices[0]?.quality ?? []).map((one) => one.column)),
  );
  return [...columns].sort().map((column) => {
    const verdicts = windows.map(
      ({ slices }) => slices[0]?.quality.find((one) => one.column === column)?.verdict,
    );
    return { column, ...overWindows(verdicts, rule) };
  });
}

function windowsText(count: number): string {
  return countOf(count, "window");
}
