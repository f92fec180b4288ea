import { isKept } from "./compare/compare-window.ts";
import { judgeFeatures } from "./judging/judge.ts";
import { measureCollection } from "./measuring/measure-collection.ts";
import type { MeasuredWindow } from "./measuring/measured-window.ts";
import type { CollectionMonitor } from "./monitor-options.ts";
import type { CollectionResult, SliceResult, WindowResult } from "./monitor-result.ts";
import { CollectionRows } from "./rows/collection-rows.ts";
import type { MonitorSource } from "./rows/monitor-source.ts";
import type { SpanTable } from "./rows/span-table.ts";
import type { RunSettings } from "./run-settings.ts";
import { type Slicing, weightedRows } from "./rows/strata.ts";
import { runProfiles } from "./profiles/run-profiles.ts";
import { baselineUsed, lengthOf, spansOf } from "./rows/spans.ts";
import { collectionVerdict, sliceVerdict, summariseFeatures } from "./judging/summarise.ts";
import { completenessOf } from "./window-completeness.ts";
import { signalsOf } from "./window-signals.ts";

/** Looks at one collection. */
export async function runCollection(
  source: MonitorSource,
  monitor: CollectionMonitor,
  settings: RunSettings,
): Promise<CollectionResult> {
  if (monitor.read === "profiles") return await runProfiles(source, monitor, settings);
  const { rule } = settings;
  const { baseline } = monitor;
  const { spans, pairs } = spansOf(monitor);
  const rows = new CollectionRows(source, {
    spans,
    by: monitor.by ?? [],
    isFeature: featureTest(monitor),
    isCategory: (name) => isCategory(name, monitor),
    maxBytes: settings.maxBytes,
  });
  settings.onProgress(`reading ${monitor.collection} …`);
  const { windows, skipped, tables } = await measureCollection({ rows, pairs, monitor, settings });
  const completeness = await completenessOf(source, monitor.collection, monitor.windows);
  const signals = await signalsOf(source, monitor, settings);
  const keptRows = isKept(baseline) ? baseline.rows : 0;
  const results = windows.map((window, i) =>
    windowResult(
      window,
      tables,
      {
        completeness: completeness[i] ?? null,
        ...(signals?.[i] === undefined ? {} : { signals: signals[i] }),
      },
      { ...settings, keptRows },
    ),
  );
  const features = summariseFeatures(results, monitor, rule);
  return {
    collection: monitor.collection,
    baseline: baselineUsed(monitor, tables[0]?.rows ?? 0),
    windowMs: lengthOf(monitor.windows),
    ...collectionVerdict(features, results, rule),
    features,
    skipped,
    windows: results,
  };
}

/** System columns apart, all columns are features, or those that are named. */
function featureTest({ features }: CollectionMonitor): (name: string) => boolean {
  if (features === undefined) return (name) => !name.startsWith("mdc_");
  const wanted = new Set(features);
  return (name) => wanted.has(name);
}

/** What a column is said to be, or was when the baseline was made. */
function isCategory(name: string, { columns, baseline }: CollectionMonitor): boolean {
  const kept = isKept(baseline) ? baseline.columns.get(name)?.kind : undefined;
  return (columns?.[name]?.kind ?? kept) === "categorical";
}

function windowResult(
  window: MeasuredWindow,
  tables: readonly SpanTable[],
  whole: Pick<WindowResult, "completeness" | "signals">,
  { profile, minEffect, keptRows }: RunSettings & { readonly keptRows: number },
): WindowResult {
  const before = window.before === undefined ? undefined : tables[window.before];
  const after = tables[window.after] as SpanTable;
  const slices = window.slicings.flatMap((slicing, s): SliceResult[] => {
    const values: Slicing["values"] = slicing?.values ?? [null];
    const weighted = weightedRows(after, slicing);
    return values.map((value, i) => {
      const { features, quality: measured } = window.slice(s, i);
      const quality = measured.toSorted((a, b) => (a.column < b.column ? -1 : 1));
      const judged = judgeFeatures(features, { profile, minEffect });
      return {
        slice: slicing === undefined ? null : { column: slicing.column, value },
        rows: window.rowsOf("after", s, i) ?? 0,
        weightedRows: weighted[i] as number,
        baselineRows: window.rowsOf("before", s, i) ?? keptRows,
        verdict: sliceVerdict({ features: judged, quality }),
        features: judged,
        quality,
      };
    });
  });
  return {
    start: after.from.toISOString(),
    end: after.to.toISOString(),
    comparedWith:
      before === undefined ? null : { start: before.from.toISOString(), end: before.to.toISOString() },
    ...whole,
    verdict: slices[0]?.verdict ?? "insufficient data",
    slices,
  };
}
