import type { ColumnKind, GroupsDefinition } from "../layout/columns/column-groups.ts";
import type { BaselineGroupsJson } from "./baseline-groups.ts";
import type { DistinctEstimateJson } from "./distinct-estimate.ts";
import type { FrequentValuesJson } from "./frequent-values.ts";
import type { MomentsJson } from "./moments.ts";
import type { QuantileSketchJson } from "./quantile-sketch.ts";

/** A `ColumnProfile` as it is kept. */
export interface ColumnProfileJson {
  readonly kind: ColumnKind;
  readonly rows: number;
  readonly nulls: number;
  readonly nans: number;
  readonly zeros: number;
  readonly infinite: number;
  /** Infinite ones as text. */
  readonly min: number | string | null;
  readonly max: number | string | null;
  readonly distinct: DistinctEstimateJson;
  readonly moments?: MomentsJson;
  readonly quantiles?: QuantileSketchJson;
  readonly frequent?: FrequentValuesJson;
  readonly groups?: BaselineGroupsJson;
}

/** How a column is profiled. */
export interface ColumnProfileOptions {
  /** Numbers, or categories: then numbers are categories by their text. */
  readonly kind: ColumnKind;
  /** What a baseline counts its values by. */
  readonly groups?: GroupsDefinition;
  /**
   * Makes sketches of the same values differ, so that errors do not add up: a hash of hour and column.
   * Default 0.
   */
  readonly seed?: number;
}

/** A bound as JSON has it, which has no infinite numbers. */
export function keptBound(value: number | string | null): number | string | null {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}
