import type { ColumnProfile } from "../../../profile/column-profile.ts";
import type { DataQuality, QualityConstraints } from "../../quality/data-quality.ts";
import type { QualityBaseline } from "../quality-check.ts";
import { ProfileNumbers } from "./profile-numbers.ts";

/**
 * What is wrong with the values of a profile, in the order of `dataQuality`; null of one without rows, and of
 * one whose values are of another kind than the baseline's, of which nobody knows what they could be cast to.
 * The rate out of bounds is exact where the values were counted by the baseline; of texts that were not, and
 * of which there are too many to be known, there is none.
 */
export function profileQuality(profile: ColumnProfile, constraints: QualityConstraints): DataQuality | null {
  const { rows, kind } = profile;
  const { type } = constraints;
  const isNumber = type === "float64" || type === "int64";
  if (rows === 0 || isNumber !== (kind === "numerical")) return null;
  const nulls = profile.nulls + profile.nans;
  const isFilled = (isNumber || type === "string") && nulls < rows;
  const out = isNumber ? numbersOut(profile, nulls, constraints) : textsOut(profile, nulls, constraints);
  const rate = (count: number): number => Number((count / rows).toFixed(5));
  return {
    rows,
    nullValueRate: rate(nulls),
    dataTypeErrorRate: rate(isFilled ? 0 : nulls),
    outOfBoundsRate: out === null ? null : rate(out),
  };
}

/** What a profile says that values must be, and what is wrong with itself. */
export function learnProfileQuality(profile: ColumnProfile): QualityBaseline | undefined {
  const constraints = constraintsOf(profile);
  const quality = profileQuality(profile, constraints);
  return quality === null ? undefined : { constraints, quality };
}

function constraintsOf(profile: ColumnProfile): QualityConstraints {
  const { kind, min, max } = profile;
  if (kind === "numerical")
    return typeof min === "number" && typeof max === "number"
      ? { type: "float64", min, max }
      : { type: "float64" };
  const names = profile.frequent(Infinity).map(([name]) => name);
  const isWhole = names.length > 0 && profile.maxFrequentError === 0;
  return isWhole ? { type: "string", values: names.sort() } : { type: "string" };
}

/** Numbers below the least or above the greatest of the baseline, and nulls, if what fills them is. */
function numbersOut(
  profile: ColumnProfile,
  nulls: number,
  { min = -Infinity, max = Infinity }: QualityConstraints,
): number {
  const known = profile.rows - nulls;
  const numbers = new ProfileNumbers(profile);
  const [below, above] = numbers.effectiveRows > 0 ? numbers.outside(min, max) : [0, 0];
  // Nulls are filled with the lower median, of which only the side matters.
  const middle = Math.ceil(known / 2);
  const isFillingOut = known > 0 && (below >= middle || known - above < middle);
  return below + above + profile.infinite + (isFillingOut ? nulls : 0);
}

/** Texts that the baseline does not have, and nulls, if the most frequent text is one; null if unknown. */
function textsOut(profile: ColumnProfile, nulls: number, { values }: QualityConstraints): number | null {
  if (values === undefined) return null;
  const known = new Set(values);
  const frequent = profile.frequent(Infinity);
  const { groups, counts } = profile;
  const names = groups !== undefined && "categories" in groups ? groups.categories : [];
  const [usual] = frequent[0] ?? [];
  const filled = usual !== undefined && !known.has(usual) ? nulls : 0;
  if (counts?.counts instanceof Map && names.length === known.size && names.every((name) => known.has(name)))
    return ([...(counts.counts as ReadonlyMap<string, number>).values()].at(-1) ?? 0) + filled;
  if (profile.maxFrequentError > 0 || (frequent.length === 0 && nulls < profile.rows)) return null;
  return frequent.reduce((sum, [name, count]) => sum + (known.has(name) ? 0 : count), 0) + filled;
}
