import { oneOf, optionsOf, parseFields } from "../../base/fields.ts";
import type { ColumnKind } from "../../layout/columns/column-groups.ts";

/** Whose choices of bins, logarithms and deviations a metric follows. */
export type DriftProfile =
  /** Azure Machine Learning's model monitoring. The default. */
  | "azureml"
  /** Evidently's defaults. */
  | "evidently";

/** How two columns are compared. */
export interface DriftOptions {
  /** Whose choices are followed. Default `"azureml"`. */
  readonly profile?: DriftProfile;
  /**
   * Whether the columns are numbers or categories. By default decided on the baseline: texts, booleans,
   * dates, bytes and counts are categories, numbers are numerical; integers (`bigint`, typed arrays of
   * integers) with fewer distinct values than 5 % of the rows are categories to Azure ML.
   */
  readonly kind?: ColumnKind;
}

/** Options with their defaults, read by name. Throws for unknown names and values. */
export function driftOptions(
  options: DriftOptions | undefined,
  callee: string,
): { readonly profile: DriftProfile; readonly kind: ColumnKind | undefined } {
  const { profile = "azureml", kind } = parseFields<DriftOptions>(options ?? {}, optionsOf(callee), {
    profile: oneOf("azureml", "evidently"),
    kind: oneOf("numerical", "categorical"),
  });
  return { profile, kind };
}
