import { countOf } from "../../base/plural.ts";
import { isKept } from "./compare/compare-window.ts";
import { chooseFeatures } from "./features.ts";
import { judgeFeatures } from "./judging/judge.ts";
import { measureGroup } from "./measure-group.ts";
import { MeasuredWindow } from "./measured-window.ts";
import type { CollectionMonitor } from "./monitor-options.ts";
import type { CollectionResult, SliceResult, WindowResult } from "./monitor-result.ts";
import { CollectionRows } from "./rows/collection-rows.ts";
import type { MonitorSource } from "./rows/monitor-source.ts";
import type { SpanTable } from "./rows/span-table.ts";
import type { RunSettings } from "./run-settings.ts";
import { type Slicing, weightedRows } from "./rows/strata.ts";
import { StrataOfTables } from "./rows/strata-of-tables.ts";
import { runProfiles } from "./profiles/run-profiles.ts";
import { baselineUsed, lengthOf, spansOf } from "./rows/spans.ts";
import { slicingBy } from "./compare/slices.ts";
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
  const { profile, rule } = settings;
  const plan = spansOf(monitor);
  const rows = new CollectionRows(source, {
    spans: plan.spans,
    by: monitor.by ?? [],
    isFeature: featureTest(monitor),
    maxBytes: settings.maxBytes,
  });
  settings.onProgress(`reading ${monitor.collection} …`);
  const { tables, fits } = await rows.survey();
  const pairs = plan.pairs.map(([before, after]) => ({
    before: before === undefined ? undefined : (tables[before] as SpanTable),
    after: tables[after] as SpanTable,
  }));
  const { baseline } = monitor;
  const before = isKept(baseline) ? baseline : pairs.flatMap((pair) => pair.before ?? []);
  const after = pairs.map((pair) => pair.after);
  const chosen = chooseFeatures(before, after, { monitor, profile });
  const slicings = [undefined, ...(monitor.by ?? []).map((column) => slicingBy(column, after))];
  const strata = new StrataOfTables(tables, chosen.features, {
    drops: profile === "azureml" && !isKept(baseline),
  });
  const windows = plan.pairs.map(([b, a]) => new MeasuredWindow({ before: b, after: a }, slicings, strata));
  const names = [...chosen.features.map(({ name }) => name), ...chosen.mismatched];
  const groups = fits ? [names] : rows.groups(tables, names);
  for (const [i, group] of groups.entries()) {
    if (groups.length > 1)
      settings.onProgress(
        `comparing ${countOf(names.length, "column")}: group ${i + 1} of ${groups.length} …`,
      );
    const loaded = fits ? tables : await rows.load(group, tables);
    measureGroup(windows, { group, tables: loaded, strata, chosen, monitor, settings });
  }
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
    skipped: chosen.skipped,
    windows: results,
  };
}

/** System columns apart, all columns are features, or those that are named. */
function featureTest({ features }: CollectionMonitor): (name: string) => boolean {
  if (features === undefined) return (name) => !name.startsWith("mdc_");
  const wanted = new Set(features);
  return (name) => wanted.has(name);
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
      const { features, quality } = window.slice(s, i);
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
