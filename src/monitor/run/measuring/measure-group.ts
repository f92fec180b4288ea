import type { BaselineColumn } from "../../baseline/baseline-column.ts";
import type { ColumnKind } from "../../../layout/columns/column-groups.ts";
import { distinctNumbers } from "../compare/compare-numbers.ts";
import { tests } from "../compare/comparison.ts";
import { emptySample, isKept, measureFeature, type Sample, samplesOf } from "../compare/compare-window.ts";
import type { ChosenFeatures, FeatureColumn } from "../features.ts";
import type { MeasuredFeature } from "../judging/judge.ts";
import type { MeasuredWindow } from "./measured-window.ts";
import type { CollectionMonitor } from "../monitor-options.ts";
import {
  judgeQuality,
  learnQuality,
  type QualityBaseline,
  qualityOf,
  type QualityThresholds,
} from "../quality-check.ts";
import type { SpanTable } from "../rows/span-table.ts";
import { numberSamples } from "../rows/strata.ts";
import type { StrataOfTables } from "../rows/strata-of-tables.ts";
import type { RunSettings } from "../run-settings.ts";
import { explainedBy } from "../compare/slices.ts";

/** What columns are measured with. */
export interface MeasureContext {
  /** The columns whose values are in memory. */
  readonly group: readonly string[];
  /** The tables that have them. */
  readonly tables: readonly SpanTable[];
  readonly strata: StrataOfTables;
  readonly chosen: ChosenFeatures;
  readonly monitor: CollectionMonitor;
  readonly settings: RunSettings;
}

/** Measures some columns in all windows and slices. */
export function measureGroup(windows: readonly MeasuredWindow[], context: MeasureContext): void {
  const { group, chosen, settings } = context;
  const features = new Map(chosen.features.map((feature) => [feature.name, feature]));
  for (const name of group) {
    const feature = features.get(name);
    const kind =
      feature === undefined ? "categorical" : (feature.kind ?? kindOfIntegers(name, windows, context));
    if (feature !== undefined && settings.signals.includes("drift"))
      measureDrift({ ...feature, kind }, windows, context);
    if (settings.signals.includes("quality")) measureQuality(name, kind, windows, context);
  }
}

/** To Azure ML integers are categories when fewer than 5 % of the baseline's rows are distinct. */
function kindOfIntegers(
  name: string,
  windows: readonly MeasuredWindow[],
  { tables, strata, settings }: MeasureContext,
): ColumnKind {
  if (settings.profile !== "azureml") return "numerical";
  for (const { before } of windows) {
    const column = before === undefined ? undefined : tables[before]?.columns.get(name);
    if (before === undefined || column === undefined || column.rows === 0) continue;
    const [sample] = numberSamples(column, strata.all(before, undefined));
    if (sample !== undefined)
      return distinctNumbers(sample) < 0.05 * column.rows ? "categorical" : "numerical";
  }
  return "numerical";
}

function measureDrift(
  feature: FeatureColumn & { readonly kind: ColumnKind },
  windows: readonly MeasuredWindow[],
  { tables, strata, monitor, settings }: MeasureContext,
): void {
  const kept = keptColumn(monitor, feature.name);
  const slicings = windows[0]?.slicings ?? [];
  const made = new Map<number, Sample[][]>();
  const samples = (table: number): Sample[][] => {
    let all = made.get(table);
    if (all !== undefined) return all;
    const column = tables[table]?.columns.get(feature.name);
    all = slicings.map((slicing) => {
      const parts = strata.compared(table, slicing);
      return column === undefined
        ? parts.rows.map(() => emptySample(feature.kind))
        : samplesOf(column, parts, feature.kind);
    });
    made.set(table, all);
    return all;
  };
  const pairing = { profile: settings.profile, monitor, minRows: settings.minRows };
  for (const window of windows) {
    const now = samples(window.after);
    const then = window.before === undefined ? undefined : samples(window.before);
    for (const [s, ofSlices] of now.entries())
      for (const [i, after] of ofSlices.entries()) {
        const before = then?.[s]?.[i] ?? kept;
        // In a slice by its values a column says nothing of itself.
        if (before === undefined || slicings[s]?.column === feature.name) continue;
        const rows = {
          baseline: window.rowsOf("before", s, i) ?? kept?.profile.rows ?? 0,
          production: window.rowsOf("after", s, i) ?? 0,
        };
        const measured = measureFeature(feature, before, after, rows, pairing);
        const slice = window.slice(s, i);
        slice.features.push(s === 0 ? withExplanation(measured, slicings, then, now) : measured);
      }
  }
}

/** With the slice that explains most, where there is something to explain and slices to do it. */
function withExplanation(
  measured: MeasuredFeature,
  slicings: MeasuredWindow["slicings"],
  before: readonly (readonly Sample[])[] | undefined,
  after: readonly (readonly Sample[])[],
): MeasuredFeature {
  const { comparison, asked } = measured;
  if (comparison === undefined || slicings.length === 1) return measured;
  const isOver = [...asked.thresholds].some(([metric, threshold]) => {
    const value = comparison.metrics.get(metric)?.value ?? Number.NaN;
    return tests.has(metric) ? value <= threshold : value >= threshold;
  });
  if (!isOver) return measured;
  const sliced = slicings.flatMap((slicing, s) =>
    slicing === undefined || slicing.column === measured.feature
      ? []
      : [{ slicing, before: before?.[s], after: after[s] ?? [] }],
  );
  return { ...measured, explainedBy: explainedBy(comparison.histogram, sliced) };
}

function keptColumn({ baseline }: CollectionMonitor, name: string): BaselineColumn | undefined {
  return isKept(baseline) ? baseline.columns.get(name) : undefined;
}

function measureQuality(
  name: string,
  kind: ColumnKind,
  windows: readonly MeasuredWindow[],
  { tables, strata, monitor, settings }: MeasureContext,
): void {
  const learnt = new Map<number, QualityBaseline | undefined>();
  const baselineOf = ({ before }: MeasuredWindow): QualityBaseline | undefined => {
    if (before === undefined) return keptColumn(monitor, name);
    const column = tables[before]?.columns.get(name);
    if (!learnt.has(before) && column !== undefined)
      learnt.set(before, learnQuality(column, tables[before]?.typeOf(name) ?? ""));
    return learnt.get(before);
  };
  const given = monitor.quality?.[kind];
  const thresholds: QualityThresholds = {
    nullValueRate: 0,
    dataTypeErrorRate: 0,
    outOfBoundsRate: 0,
    ...given,
  };
  const source = given === undefined ? "azure-ai-ml SDK" : "set for kind";
  for (const window of windows) {
    const baseline = baselineOf(window);
    const column = tables[window.after]?.columns.get(name);
    if (baseline === undefined) continue;
    for (const [s, slicing] of window.slicings.entries()) {
      const parts = strata.all(window.after, slicing);
      const qualities =
        column === undefined ? parts.rows.map(() => null) : qualityOf(column, parts, baseline.constraints);
      for (const [i, quality] of qualities.entries())
        window.slice(s, i).quality.push(
          judgeQuality({ name, kind }, quality, baseline, {
            thresholds,
            source,
            minRows: settings.minRows,
          }),
        );
    }
  }
}
