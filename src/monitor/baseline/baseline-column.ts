import { told, wrongValue } from "../../base/errors.ts";
import { kindOfColumn } from "../columns/column-kind.ts";
import { categoriesOf, type MetricColumn, valuesOf } from "../columns/metric-column.ts";
import type { ColumnKind, GroupsDefinition } from "../../layout/columns/column-groups.ts";
import { isNull } from "../../profile/category.ts";
import { azuremlEdges } from "../drift/bins.ts";
import { countBelow, countUpTo, stepsOf } from "../numbers/rank-steps.ts";
import { ColumnProfile } from "../../profile/column-profile.ts";
import type { ColumnProfileJson } from "../../profile/column-profile-json.ts";
import {
  type DataQuality,
  dataQuality,
  type QualityConstraints,
  qualityConstraints,
} from "../quality/data-quality.ts";

/** What a baseline knows of a column. */
export interface BaselineColumn {
  /** How it is compared. */
  readonly kind: ColumnKind;
  /** What its values must be. Of more than 10,000 distinct texts none are kept, and there are no bounds. */
  readonly constraints: QualityConstraints;
  /** What is wrong with the baseline itself: Azure ML's thresholds are relative to these rates. */
  readonly quality: DataQuality;
  /** What its values are, also counted by the groups by which production will be. */
  readonly profile: ColumnProfile;
  /** Of numbers: how many lie below and up to some of them, from which distances are told within a bound. */
  readonly steps?: RankCounts;
}

/** How many values lie below, and up to, each of some rising numbers: quantiles, and parts of the range. */
export interface RankCounts {
  readonly at: readonly number[];
  readonly below: readonly number[];
  readonly upTo: readonly number[];
}

/** A {@link BaselineColumn} as it is kept. */
export interface BaselineColumnJson {
  readonly kind: ColumnKind;
  readonly constraints: QualityConstraints;
  readonly quality: DataQuality;
  readonly profile: ColumnProfileJson;
  readonly steps?: RankCounts;
}

/** So many categories are counted by themselves, the most frequent ones. */
const maxCategories = 1000;
/** So many texts are kept as the set of those that there may be. */
const maxTexts = 10_000;

/** Learns what there is to know of a column. `where` names it in errors. */
export function learnColumn(
  column: MetricColumn,
  { kind: given, where }: { readonly kind: ColumnKind | undefined; readonly where: string },
): BaselineColumn {
  const values = valuesOf(column, where);
  const kind = given ?? kindOfColumn(values, { integers: "by share", where });
  const learnt = qualityConstraints(values);
  const { values: texts, ...rest } = learnt;
  const constraints = texts === undefined || texts.length <= maxTexts ? learnt : rest;
  const sorted = kind === "numerical" ? finiteOf(values, where) : undefined;
  const groups = sorted === undefined ? categoryNamesOf(values, where) : edgesOf(sorted);
  const profile = new ColumnProfile({ kind, groups });
  profile.add(values, where);
  const steps = sorted === undefined ? {} : { steps: rankCountsOf(sorted) };
  return { kind, constraints, quality: dataQuality(constraints, values), profile, ...steps };
}

/** A column as it was kept. Throws a `RangeError` for what no column is kept as. */
export function columnFromJSON(kept: BaselineColumnJson, where: string): BaselineColumn {
  const { kind, quality } = kept;
  if (typeof kept.constraints?.type !== "string")
    throw wrongValue(where, "constraints with a type", told("others"));
  const constraints = withBounds(kept.constraints);
  const rates = [quality?.rows, quality?.nullValueRate, quality?.dataTypeErrorRate];
  if (!rates.every(Number.isFinite)) throw wrongValue(where, "quality with its rates", told("others"));
  const profile = ColumnProfile.fromJSON(kept.profile, `${where} profile`);
  if (profile.kind !== kind) throw wrongValue(where, `a ${profile.kind} column`, told("another kind"));
  if (kind === "categorical") return { kind, constraints, quality, profile };
  const { steps = { at: [], below: [], upTo: [] } } = kept;
  const lists = [steps.at, steps.below, steps.upTo];
  const isRising = (list: readonly number[]): boolean =>
    list.every((value, i) => Number.isFinite(value) && (i === 0 || value >= (list[i - 1] as number)));
  const fits = lists.every((list) => Array.isArray(list) && list.length === steps.at.length);
  if (!fits || steps.at.length === 0 || !lists.every(isRising))
    throw wrongValue(`${where} steps`, "three rising lists of one length", told("others"));
  return { kind, constraints, quality, profile, steps };
}

/** An infinite number, which JSON does not have, was kept as null. */
function withBounds(kept: QualityConstraints): QualityConstraints {
  const { min, max } = kept;
  return min === null || max === null ? { ...kept, min: min ?? -Infinity, max: max ?? Infinity } : kept;
}

/** The finite numbers, sorted. */
function finiteOf(values: ArrayLike<unknown>, where: string): Float64Array {
  const numbers: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const number = typeof values[i] === "bigint" ? Number(values[i]) : values[i];
    if (typeof number === "number" && Number.isFinite(number)) numbers.push(number);
  }
  if (numbers.length === 0) throw wrongValue(where, "at least one finite number", told("none"));
  return Float64Array.from(numbers).sort();
}

function rankCountsOf(sorted: Float64Array): RankCounts {
  const at = stepsOf(sorted);
  return {
    at,
    below: at.map((value) => countBelow(sorted, value)),
    upTo: at.map((value) => countUpTo(sorted, value)),
  };
}

/** Bins of one width over the range, as many as Azure ML would take of as many rows. */
function edgesOf(sorted: Float64Array): GroupsDefinition {
  const edges = azuremlEdges(sorted, sorted);
  const greatest = sorted.at(-1) as number;
  if (sorted[0] !== greatest) edges[edges.length - 1] = greatest;
  // Of a range of a few doubles, some edges may be one.
  return { edges: [...new Set(edges)].sort((a, b) => a - b) };
}

function categoryNamesOf(values: ArrayLike<unknown>, where: string): GroupsDefinition {
  const counts = [...categoriesOf(values, where)].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return {
    categories: counts
      .slice(0, maxCategories)
      .map(([name]) => name)
      .sort(),
  };
}

/** Why a column cannot be compared, or undefined. */
export function reasonToSkip(column: ArrayLike<unknown>): SkipReason | undefined {
  let known = false;
  for (let i = 0; i < column.length; i++) {
    const value = column[i];
    if (isNull(value)) continue;
    known = true;
    if (typeof value === "object" && !(value instanceof Date) && !(value instanceof Uint8Array))
      return "no scalars";
  }
  return known ? undefined : "only nulls";
}

/** Why a column is not in a baseline. */
export type SkipReason =
  /** It has lists or objects. */
  | "no scalars"
  /** It has no value. */
  | "only nulls";
