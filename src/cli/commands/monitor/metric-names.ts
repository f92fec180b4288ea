import { wrongKind, wrongValue } from "../../../base/errors.ts";
import { fileName, nameText, type Parser, plainObject } from "../../../base/fields.ts";
import { told } from "../../../base/errors.ts";
import { nearest } from "../../../base/nearest.ts";
import { unquotedNumber } from "../../../config/file/azure-values.ts";
import type { DriftMetricName } from "../../../monitor/run/feature-result.ts";

/** The metrics that can have a threshold. */
export const metricNames: readonly DriftMetricName[] = [
  "JensenShannonDistance",
  "PopulationStabilityIndex",
  "NormalizedWassersteinDistance",
  "TwoSampleKolmogorovSmirnovTest",
  "PearsonsChiSquaredTest",
  "TwoProportionZTest",
  "HellingerDistance",
  "TotalVariationDistance",
  "ChebyshevDistance",
];

/** The metric of a name, as Azure ML's results (`JensenShannonDistance`) or files (`jensen_…`) spell it. */
export function metricOf(name: string): DriftMetricName | undefined {
  return metricNames.find((metric) => metric === name || inFiles(metric) === name);
}

/** How files spell a metric. */
export function inFiles(metric: DriftMetricName): string {
  return fileName(metric).slice(1);
}

/** Thresholds by metric. */
export const parseThresholds: Parser<Partial<Record<DriftMetricName, number>>> = (value, where) => {
  const thresholds: Partial<Record<DriftMetricName, number>> = {};
  for (const [name, given] of Object.entries(plainObject(value, where))) {
    const metric = metricOf(name);
    if (metric === undefined) {
      const near = nearest(name, metricNames.map(inFiles));
      const hint = near === undefined ? metricNames.map(inFiles).join(", ") : `did you mean "${near}"?`;
      throw wrongValue(where, `names of metrics (${hint})`, told(nameText(name)));
    }
    thresholds[metric] = parseThreshold(given, `${where}.${name}`);
  }
  return thresholds;
};

/** A number from 0 on, in quotes or not. */
export const parseThreshold: Parser<number> = (given, where) => {
  const value = unquotedNumber(given);
  const expected = "a number from 0 on";
  if (typeof value !== "number") throw wrongKind(where, expected, value);
  if (!(value >= 0 && value < Infinity)) throw wrongValue(where, expected, value);
  return value + 0;
};
