import { Baseline } from "../../baseline/baseline.ts";
import type { BaselineColumn } from "../../baseline/baseline-column.ts";
import type { ColumnKind } from "../../../layout/columns/column-groups.ts";
import type { DriftProfile } from "../../drift/drift-options.ts";
import { type CategorySample, compareCategories } from "./compare-categories.ts";
import { compareWithKeptCategories, compareWithKeptNumbers, keptRows } from "./compare-kept.ts";
import {
  areCategoriesToEvidently,
  categoriesOfNumbers,
  compareNumbers,
  distinctNumbers,
} from "./compare-numbers.ts";
import type { Comparison } from "./comparison.ts";
import { NumberSample } from "./number-sample.ts";
import type { FeatureColumn } from "../features.ts";
import type { MeasuredFeature } from "../judging/judge.ts";
import type { CollectionMonitor } from "../monitor-options.ts";
import { categorySamples, numberSamples, type Strata } from "../rows/strata.ts";
import type { StoredColumn } from "../rows/stored-column.ts";
import { thresholdsOf } from "../judging/thresholds.ts";

/** The values of one slice of one side. */
export type Sample =
  | { readonly kind: "numerical"; readonly numbers: NumberSample }
  | { readonly kind: "categorical"; readonly categories: CategorySample };

/** The values of each slice of a column. */
export function samplesOf(column: StoredColumn, strata: Strata, kind: ColumnKind): Sample[] {
  if (column.storage === "codes" || (kind === "categorical" && column.hasNames))
    return categorySamples(column, strata).map((categories) => ({ kind: "categorical", categories }));
  return numberSamples(column, strata, kind).map((numbers) =>
    kind === "numerical" ? { kind, numbers } : { kind, categories: asCategories(numbers) },
  );
}

function asCategories(numbers: NumberSample): CategorySample {
  return {
    counts: categoriesOfNumbers(numbers),
    rows: numbers.rows,
    effectiveRows: numbers.effectiveRows,
  };
}

/** A sample without values. */
export function emptySample(kind: ColumnKind): Sample {
  if (kind === "numerical") return { kind, numbers: new NumberSample([]) };
  return { kind, categories: { counts: new Map(), rows: 0, effectiveRows: 0 } };
}

/** Values that count. */
export function sampleRows(sample: Sample): number {
  return sample.kind === "numerical" ? sample.numbers.rows : sample.categories.rows;
}

/** How many values are distinct, of both sides; as far as Evidently's choices need it. */
function distinctOf(before: Sample | BaselineColumn, after: Sample): number {
  if ("profile" in before) return before.profile.distinct;
  if (before.kind === "numerical") return distinctNumbers(before.numbers);
  const names = new Set(before.categories.counts.keys());
  if (after.kind === "categorical") for (const name of after.categories.counts.keys()) names.add(name);
  return names.size;
}

/** What one side of a feature is compared with the other by. */
export interface Pairing {
  readonly profile: DriftProfile;
  readonly monitor: CollectionMonitor;
  readonly minRows: number;
}

/** Rows of both sides of one slice, nulls included. */
interface SliceRows {
  readonly baseline: number;
  readonly production: number;
}

/** Measures a feature in one slice of one window. */
export function measureFeature(
  feature: FeatureColumn,
  before: Sample | BaselineColumn,
  after: Sample,
  rows: SliceRows,
  { profile, monitor, minRows }: Pairing,
): MeasuredFeature {
  const isKept = "profile" in before;
  const [left, right] = asEvidentlyHasThem(before, after, profile);
  const { kind } = right;
  const known = {
    baseline: isKept ? keptRows(before) : sampleRows(before),
    production: sampleRows(after),
  };
  const asked = thresholdsOf(
    monitor,
    { name: feature.name, kind },
    {
      profile,
      rows: known.baseline,
      distinct: profile === "evidently" ? distinctOf(left, right) : 0,
    },
  );
  const told = {
    feature: feature.name,
    kind,
    type: feature.type,
    rows: known,
    nullsDropped: {
      baseline: rows.baseline - known.baseline,
      production: rows.production - known.production,
    },
    asked,
    explainedBy: null,
  };
  const reason = left.kind === kind ? tooFew(known, minRows) : "values of another type than the baseline's";
  if (reason !== null) return { ...told, comparison: undefined, reason };
  const wanted = new Set(asked.thresholds.keys());
  return { ...told, comparison: compared(left, right, { profile, wanted, feature }), reason: null };
}

function compared(
  before: Sample | BaselineColumn,
  after: Sample,
  {
    profile,
    wanted,
    feature,
  }: Parameters<typeof compareWithKeptNumbers>[2] & { readonly feature: FeatureColumn },
): Comparison {
  if ("profile" in before)
    return after.kind === "numerical"
      ? compareWithKeptNumbers(before, after.numbers, { profile, wanted })
      : compareWithKeptCategories(before, after.categories, { profile, wanted });
  if (before.kind === "numerical" && after.kind === "numerical")
    return compareNumbers(before.numbers, after.numbers, {
      ...{ profile, wanted },
      integers: /^u?int/.test(feature.type),
    });
  const categories = (sample: Sample): CategorySample =>
    sample.kind === "numerical" ? asCategories(sample.numbers) : sample.categories;
  return compareCategories(categories(before), categories(after), { profile, wanted });
}

/** To Evidently, numbers of up to five distinct values are categories. */
function asEvidentlyHasThem(
  before: Sample | BaselineColumn,
  after: Sample,
  profile: DriftProfile,
): readonly [Sample | BaselineColumn, Sample] {
  if (profile !== "evidently" || "profile" in before) return [before, after];
  if (before.kind !== "numerical" || after.kind !== "numerical") return [before, after];
  if (!areCategoriesToEvidently(before.numbers, after.numbers)) return [before, after];
  const turned = ({ numbers }: { readonly numbers: NumberSample }): Sample => ({
    kind: "categorical",
    categories: asCategories(numbers),
  });
  return [turned(before), turned(after)];
}

function tooFew(known: SliceRows, minRows: number): string | null {
  const least = Math.max(1, minRows);
  if (known.baseline < least) return `${known.baseline} of the ${least} values that the baseline needs`;
  if (known.production < least) return `${known.production} of the ${least} values that a window needs`;
  return null;
}

/** Whether a baseline is one that was kept, without its rows. */
export function isKept(baseline: CollectionMonitor["baseline"]): baseline is Baseline {
  return baseline instanceof Baseline;
}
