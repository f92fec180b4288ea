import { told, wrongValue } from "../../../base/errors.ts";
import type { CollectionProfile } from "../../../profile/collection-profile.ts";
import type { WindowFacts } from "../../../layout/monitoring/window-facts.ts";
import { isKept } from "../compare/compare-window.ts";
import { judgeFeatures } from "../judging/judge.ts";
import { collectionVerdict, sliceVerdict, summariseFeatures } from "../judging/summarise.ts";
import type { CollectionMonitor } from "../monitor-options.ts";
import type { CollectionResult, WindowResult } from "../monitor-result.ts";
import type { WantedSpan } from "../rows/collection-rows.ts";
import type { MonitorSource, TimeSpan } from "../rows/monitor-source.ts";
import type { RunSettings } from "../run-settings.ts";
import { baselineUsed, lengthOf, spansOf } from "../rows/spans.ts";
import { completenessOf } from "../window-completeness.ts";
import { signalsOf } from "../window-signals.ts";
import {
  chooseColumns,
  measureProfile,
  measureProfileQuality,
  type ProfiledPair,
} from "./measure-profiles.ts";

/** Looks at one collection by its stored profiles: no row is read. */
export async function runProfiles(
  source: MonitorSource,
  monitor: CollectionMonitor,
  settings: RunSettings,
): Promise<CollectionResult> {
  const { collection, baseline, windows } = monitor;
  const where = `monitor of ${collection}`;
  if (source.windowProfiles === undefined)
    throw wrongValue(where, "a source that has profiles", told("one of rows alone"));
  if ((monitor.by ?? []).length > 0)
    throw wrongValue(`${where} by`, "rows to be read: profiles know no slices", told("profiles"));
  settings.onProgress(`reading profiles of ${collection} …`);
  const plan = spansOf(monitor);
  const profiles = await profilesOf(source, plan.spans, monitor.features);
  const pairs = plan.pairs.map(
    ([before, after]): ProfiledPair => ({
      before: before === undefined ? undefined : profiles[before],
      after: profiles[after] as CollectionProfile,
    }),
  );
  const { names, skipped } = chooseColumns(pairs, monitor);
  const completeness = await completenessOf(source, collection, windows);
  const signals = await signalsOf(withRows(source, profiles), monitor, settings);
  const results = pairs.map((pair, i): WindowResult => {
    const { before, after } = pair;
    const isAsked = (signal: "drift" | "quality"): boolean => settings.signals.includes(signal);
    const measured = names.flatMap((name) => measureProfile(name, pair, monitor, settings) ?? []);
    const features = isAsked("drift") ? judgeFeatures(measured, settings) : [];
    const quality = isAsked("quality")
      ? names.flatMap((name) => measureProfileQuality(name, pair, monitor, settings) ?? [])
      : [];
    const verdict = sliceVerdict({ features, quality });
    const baselineRows = isKept(baseline) ? baseline.rows : (before?.rows ?? 0);
    const rows = { rows: after.rows, weightedRows: after.rows, baselineRows };
    return {
      start: after.from.toISOString(),
      end: after.to.toISOString(),
      comparedWith:
        before === undefined ? null : { start: before.from.toISOString(), end: before.to.toISOString() },
      completeness: completeness[i] ?? null,
      ...(signals?.[i] === undefined ? {} : { signals: signals[i] }),
      verdict,
      slices: [{ slice: null, ...rows, verdict, features, quality }],
    };
  });
  const features = summariseFeatures(results, monitor, settings.rule);
  return {
    collection,
    read: "profiles",
    baseline: baselineUsed(monitor, profiles[0]?.rows ?? 0),
    windowMs: lengthOf(windows),
    ...collectionVerdict(features, results, settings.rule),
    ...{ features, skipped, windows: results },
  };
}

/** One for each span; those of one collection are read at once. */
async function profilesOf(
  source: MonitorSource,
  spans: readonly WantedSpan[],
  columns: readonly string[] | undefined,
): Promise<readonly CollectionProfile[]> {
  const found = new Map<WantedSpan, CollectionProfile>();
  for (const collection of new Set(spans.map((span) => span.collection))) {
    const own = spans.filter((span) => span.collection === collection);
    const asked = { collection, windows: own, ...(columns === undefined ? {} : { columns }) };
    const profiles = (await source.windowProfiles?.(asked)) ?? [];
    for (const [i, span] of own.entries()) found.set(span, profiles[i] as CollectionProfile);
  }
  return spans.map((span) => found.get(span) as CollectionProfile);
}

/** What there is of a window, with as many rows as its profile has seen, and not as are in files. */
function withRows(source: MonitorSource, profiles: readonly CollectionProfile[]): MonitorSource {
  if (source.windowFacts === undefined) return source;
  const factsOf = source.windowFacts.bind(source);
  return {
    root: source.root,
    table: (name, options) => source.table(name, options),
    windowFacts: async (options) => {
      const facts = await factsOf(options).catch((thrown: unknown) => {
        // Where all is sampled out, or another program keeps the rows, profiles alone know the collection.
        const isKnown = profiles.some(
          ({ collection, rows }) => collection === options.collection && rows > 0,
        );
        if (thrown instanceof RangeError && isKnown)
          return options.windows.map((one) => noFiles(options, one));
        throw thrown;
      });
      return facts.map((one) => {
        const profile = profiles.find(
          ({ collection, from, to }) =>
            collection === one.collection && +from === +one.from && +to === +one.to,
        );
        return profile === undefined ? one : { ...one, rows: profile.rows };
      });
    },
  };
}

function noFiles({ collection }: { readonly collection: string }, { from, to }: TimeSpan): WindowFacts {
  const nothing = { rows: 0, newest: null, columns: {}, rejectedRows: 0, unreadableFiles: 0, ledger: null };
  return { collection, from, to, ...nothing };
}
