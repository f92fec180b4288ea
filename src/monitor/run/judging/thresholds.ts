import type { ColumnKind } from "../../../layout/columns/column-groups.ts";
import type { DriftProfile } from "../../drift/drift-options.ts";
import type { DriftMetricName } from "../feature-result.ts";
import type { CollectionMonitor, DriftThresholds } from "../monitor-options.ts";
import type { ThresholdSource } from "../verdict.ts";

/** What a feature is asked for. */
export interface FeatureThresholds {
  readonly thresholds: ReadonlyMap<DriftMetricName, number>;
  readonly source: ThresholdSource;
}

/** What numbers, and what categories can be measured by. */
const applicable: Readonly<Record<ColumnKind, ReadonlySet<DriftMetricName>>> = {
  numerical: new Set([
    ...(["NormalizedWassersteinDistance", "JensenShannonDistance", "PopulationStabilityIndex"] as const),
    ...(["TwoSampleKolmogorovSmirnovTest", "HellingerDistance"] as const),
    ...(["TotalVariationDistance", "ChebyshevDistance"] as const),
  ]),
  categorical: new Set([
    ...(["JensenShannonDistance", "PopulationStabilityIndex", "PearsonsChiSquaredTest"] as const),
    ...(["TwoProportionZTest", "HellingerDistance", "TotalVariationDistance", "ChebyshevDistance"] as const),
  ]),
};

/** Up to so many rows of the baseline Evidently takes tests, beyond distances. */
const maxTestedRows = 1000;

/**
 * The thresholds of a feature: its own, else those of its kind, else those of all, else the profile's.
 * `rows` and `distinct` are what Evidently's choice depends on.
 */
export function thresholdsOf(
  monitor: CollectionMonitor,
  feature: { readonly name: string; readonly kind: ColumnKind },
  facts: { readonly profile: DriftProfile; readonly rows: number; readonly distinct: number },
): FeatureThresholds {
  const { kind, name } = feature;
  const own = monitor.columns?.[name]?.thresholds;
  const ofKind = monitor.thresholds?.[kind];
  const layers: readonly (readonly [DriftThresholds | undefined, ThresholdSource])[] = [
    [own, "set for column"],
    [ofKind, "set for kind"],
    [monitor.thresholds?.all, "set for all"],
  ];
  for (const [given, source] of layers) {
    const fitting = (Object.entries(given ?? {}) as [DriftMetricName, number][]).filter(([metric]) =>
      applicable[kind].has(metric),
    );
    if (fitting.length > 0) return { thresholds: new Map(fitting), source };
  }
  if (facts.profile === "evidently") return evidently(kind, facts);
  const metric = kind === "numerical" ? "NormalizedWassersteinDistance" : "JensenShannonDistance";
  return { thresholds: new Map([[metric, 0.1]]), source: "azure-ai-ml SDK" };
}

function evidently(
  kind: ColumnKind,
  { rows, distinct }: { readonly rows: number; readonly distinct: number },
): FeatureThresholds {
  const isSmall = rows <= maxTestedRows;
  const categorical = isSmall
    ? distinct <= 2
      ? "TwoProportionZTest"
      : "PearsonsChiSquaredTest"
    : "JensenShannonDistance";
  const numerical = isSmall ? "TwoSampleKolmogorovSmirnovTest" : "NormalizedWassersteinDistance";
  const metric = kind === "numerical" ? numerical : categorical;
  return { thresholds: new Map([[metric, isSmall ? 0.05 : 0.1]]), source: "Evidently" };
}
