import { told, wrongKind, wrongValue } from "../base/errors.ts";
import type { ColumnKind, GroupsDefinition } from "../layout/columns/column-groups.ts";
import { categoryOf, type CategoryCounts, isNull } from "./category.ts";
import { BaselineGroups } from "./baseline-groups.ts";
import { type ColumnProfileJson, type ColumnProfileOptions, keptBound } from "./column-profile-json.ts";
import { DistinctEstimate } from "./distinct-estimate.ts";
import { FrequentValues } from "./frequent-values.ts";
import { knownNumbers } from "./known-numbers.ts";
import { Moments } from "./moments.ts";
import { QuantileSketch } from "./quantile-sketch.ts";
import { hashNumber, hashText } from "./value-hash.ts";

/**
 * What there is to know of a column without its values, in little room, added up row by row and merged hour
 * by hour.
 *
 * Rows, nulls, `NaN`, zeros, infinite values, least and greatest value, mean, deviation, and the counts of a
 * baseline's groups are exact: the same to the digit whatever the order of rows, and however they were split
 * and merged. The number of distinct values is exact up to 512, then estimated. Frequent values are exact up
 * to 256 distinct ones. Quantiles are within {@link ColumnProfile.maxRankError}.
 *
 * @example
 * ```ts
 * import { ColumnProfile, jensenShannonDistance } from "model-data-collector/monitor";
 *
 * const groups = { edges: [0, 500, 1000, 3000] };
 * const [night, day] = [404, 712].map(() => new ColumnProfile({ kind: "numerical", groups }));
 * night?.add([404, null, 2475]);
 * day?.add(new Float64Array([404, 712, 9999]));
 * if (night?.counts && day?.counts) console.log(jensenShannonDistance(night.counts, day.counts));
 * if (night && day) night.merge(day);
 * console.log(night?.rows, night?.mean, night?.quantile(0.5), JSON.stringify(night));
 * ```
 */
export class ColumnProfile {
  /** Numbers, or categories. */
  readonly kind: ColumnKind;
  #rows = 0;
  #nulls = 0;
  #nans = 0;
  #zeros = 0;
  #infinite = 0;
  #min: number | string | null = null;
  #max: number | string | null = null;
  #distinct = new DistinctEstimate();
  #moments: Moments | undefined;
  #quantiles: QuantileSketch | undefined;
  #frequent: FrequentValues | undefined;
  #groups: BaselineGroups | undefined;

  /** @throws RangeError for groups that are not of the kind, and edges that do not rise. */
  constructor({ kind, groups, seed = 0 }: ColumnProfileOptions) {
    this.kind = kind;
    if (kind === "numerical") {
      this.#moments = new Moments();
      this.#quantiles = new QuantileSketch(seed);
    } else this.#frequent = new FrequentValues();
    if (groups === undefined) return;
    const where = "ColumnProfile groups";
    this.#groups = new BaselineGroups(groups, where);
    if (this.#groups.isNumerical !== (kind === "numerical"))
      throw wrongValue(where, kind === "numerical" ? "edges" : "categories", told("the other"));
  }

  /**
   * Adds a column's values. `where` names it in errors.
   *
   * @throws TypeError for values that are no numbers in a numerical column, or are objects. Nothing is added
   * then.
   */
  add(values: ArrayLike<unknown>, where = "ColumnProfile.add values"): void {
    if (this.kind === "numerical") this.#addNumbers(values, where);
    else this.#addCategories(values, where);
  }

  /** Adds rows that have no value. */
  addNulls(rows: number): void {
    this.#rows += rows;
    this.#nulls += rows;
  }

  /**
   * Adds what another profile of the same column has seen.
   *
   * @throws RangeError for another kind, and for other groups.
   */
  merge(other: ColumnProfile): void {
    const where = "ColumnProfile.merge";
    if (other.kind !== this.kind)
      throw wrongValue(where, `a ${this.kind} profile`, told(`a ${other.kind} one`));
    if ((other.#groups === undefined) !== (this.#groups === undefined))
      throw wrongValue(where, "profiles of the same groups", told("one without"));
    if (other.#groups !== undefined) this.#groups?.merge(other.#groups, where);
    this.#rows += other.#rows;
    this.#nulls += other.#nulls;
    this.#nans += other.#nans;
    this.#zeros += other.#zeros;
    this.#infinite += other.#infinite;
    if (other.#min !== null && other.#max !== null) this.#reach(other.#min, other.#max);
    this.#distinct.merge(other.#distinct);
    if (other.#moments !== undefined) this.#moments?.merge(other.#moments);
    if (other.#quantiles !== undefined) this.#quantiles?.merge(other.#quantiles);
    if (other.#frequent !== undefined) this.#frequent?.merge(other.#frequent);
  }

  /** A profile of the same kind and groups that has seen nothing. */
  emptied(seed: number): ColumnProfile {
    const { groups } = this;
    return new ColumnProfile({ kind: this.kind, seed, ...(groups === undefined ? {} : { groups }) });
  }

  /** All rows, also those without a value. */
  get rows(): number {
    return this.#rows;
  }

  /** Rows without a value; `NaN` is counted by itself. */
  get nulls(): number {
    return this.#nulls;
  }

  /** Rows that are `NaN`. */
  get nans(): number {
    return this.#nans;
  }

  /** Rows that are 0. */
  get zeros(): number {
    return this.#zeros;
  }

  /** Rows that are infinite: they have no part in mean, deviation and quantiles. */
  get infinite(): number {
    return this.#infinite;
  }

  /** The least value; of categories the first by name; null without values. */
  get min(): number | string | null {
    return this.#min;
  }

  /** The greatest value; of categories the last by name; null without values. */
  get max(): number | string | null {
    return this.#max;
  }

  /** The mean of finite numbers; `NaN` without any, and of categories. */
  get mean(): number {
    return this.#moments?.mean ?? Number.NaN;
  }

  /**
   * The standard deviation of finite numbers, of a sample (`n - 1`); `NaN` of fewer than two, and of
   * categories.
   */
  get standardDeviation(): number {
    return this.#moments?.standardDeviation ?? Number.NaN;
  }

  /** How many values are distinct, exact or estimated. */
  get distinct(): number {
    return this.#distinct.count;
  }

  /**
   * A value of which about this share, from 0 to 1, is no greater; `NaN` without values, and of categories.
   */
  quantile(share: number): number {
    return this.#quantiles?.quantile(share) ?? Number.NaN;
  }

  /** How far the rank of a quantile may be off, as a share of the rows, with this probability. */
  maxRankError(probability?: number): number {
    return this.#quantiles?.maxRankError(probability) ?? 0;
  }

  /** Numbers in order, each with how many it stands for: all of few, else a sketch. @internal */
  get sample(): readonly (readonly [number, number])[] {
    return this.#quantiles?.weighted ?? [];
  }

  /** The most frequent categories with their counts, 20 unless told; none of numbers. */
  frequent(most = 20): (readonly [string, number])[] {
    return this.#frequent?.top(most) ?? [];
  }

  /** By how much a count of `frequent` may be too low. */
  get maxFrequentError(): number {
    return this.#frequent?.maxError ?? 0;
  }

  /** What a baseline counts its values by; undefined without. */
  get groups(): GroupsDefinition | undefined {
    return this.#groups?.definition;
  }

  /** True when both are counted by the same groups, or by none. @internal */
  isCountedLike(other: ColumnProfile): boolean {
    return this.#groups === undefined ? other.#groups === undefined : this.#groups.isLike(other.#groups);
  }

  /** The counts of a baseline's groups, as the metrics take them; undefined without groups. */
  get counts(): CategoryCounts | undefined {
    return this.#groups?.counts;
  }

  /** What is to be kept; `fromJSON` reads it. */
  toJSON(): ColumnProfileJson {
    return {
      kind: this.kind,
      rows: this.#rows,
      nulls: this.#nulls,
      nans: this.#nans,
      zeros: this.#zeros,
      infinite: this.#infinite,
      min: keptBound(this.#min),
      max: keptBound(this.#max),
      distinct: this.#distinct.toJSON(),
      ...(this.#moments === undefined ? {} : { moments: this.#moments.toJSON() }),
      ...(this.#quantiles === undefined ? {} : { quantiles: this.#quantiles.toJSON() }),
      ...(this.#frequent === undefined ? {} : { frequent: this.#frequent.toJSON() }),
      ...(this.#groups === undefined ? {} : { groups: this.#groups.toJSON() }),
    };
  }

  /** A profile as it was kept. Throws a `RangeError` for what no profile is kept as. */
  static fromJSON(kept: ColumnProfileJson, where = "ColumnProfile.fromJSON", seed = 0): ColumnProfile {
    const { kind, rows, nulls, nans, zeros, infinite, min, max, distinct } = kept;
    if (kind !== "numerical" && kind !== "categorical")
      throw wrongValue(`${where} kind`, '"numerical" or "categorical"', kind);
    if (![rows, nulls, nans, zeros, infinite].every(Number.isSafeInteger))
      throw wrongValue(where, "whole numbers of rows", told("others"));
    const profile = new ColumnProfile({ kind, seed });
    const bound = (value: number | string | null) =>
      kind === "numerical" && value !== null ? Number(value) : value;
    [profile.#rows, profile.#nulls, profile.#nans] = [rows, nulls, nans];
    [profile.#zeros, profile.#infinite] = [zeros, infinite];
    [profile.#min, profile.#max] = [bound(min), bound(max)];
    profile.#distinct = DistinctEstimate.fromJSON(distinct, `${where} distinct`);
    if (kept.moments !== undefined) profile.#moments = Moments.fromJSON(kept.moments, `${where} moments`);
    if (kept.quantiles !== undefined)
      profile.#quantiles = QuantileSketch.fromJSON(kept.quantiles, seed, `${where} quantiles`);
    if (kept.frequent !== undefined)
      profile.#frequent = FrequentValues.fromJSON(kept.frequent, `${where} frequent`);
    if (kept.groups !== undefined) profile.#groups = BaselineGroups.fromJSON(kept.groups, `${where} groups`);
    return profile;
  }

  #addNumbers(values: ArrayLike<unknown>, where: string): void {
    const { known, nulls, nans } = knownNumbers(values, where);
    this.#rows += values.length;
    this.#nulls += nulls;
    this.#nans += nans;
    if (known.length === 0) return;
    let [least, greatest] = [Infinity, -Infinity];
    for (const value of known) {
      if (value === 0) this.#zeros++;
      if (value < least) least = value;
      if (value > greatest) greatest = value;
      this.#distinct.add(hashNumber(value));
    }
    this.#reach(least, greatest);
    this.#groups?.addNumbers(known);
    const isFinite = Number.isFinite(least) && Number.isFinite(greatest);
    const finite = isFinite ? known : known.filter(Number.isFinite);
    this.#infinite += known.length - finite.length;
    this.#moments?.add(finite);
    this.#quantiles?.add(finite);
  }

  #addCategories(values: ArrayLike<unknown>, where: string): void {
    const names: (string | undefined)[] = [];
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      const name = isNull(value) ? undefined : categoryOf(value);
      if (name === undefined && !isNull(value))
        throw wrongKind(`${where}, row ${i}`, "a text, number, boolean, date or bytes", value);
      names.push(name);
    }
    for (let i = 0; i < names.length; i++) {
      const name = names[i];
      if (name === undefined) {
        if (Number.isNaN(values[i])) this.#nans++;
        else this.#nulls++;
        continue;
      }
      if (name === "0") this.#zeros++;
      this.#reach(name, name);
      this.#distinct.add(hashText(name));
      this.#frequent?.add(name);
      this.#groups?.addCategory(name);
    }
    this.#rows += names.length;
  }

  #reach(min: number | string, max: number | string): void {
    if (this.#min === null || min < this.#min) this.#min = min;
    if (this.#max === null || max > this.#max) this.#max = max;
  }
}
