import { ColumnProfile } from "./column-profile.ts";

/**
 * Two profiles of the same column as one, which may be either of them, changed. They need not have been made
 * alike: what one process took for numbers and another for categories are numbers, and the rest has no value;
 * and what was not counted by the same groups is counted by none.
 */
export function joinedColumns(one: ColumnProfile, other: ColumnProfile): ColumnProfile {
  if (one.kind !== other.kind) {
    const [numbers, categories] = one.kind === "numerical" ? [one, other] : [other, one];
    numbers.addNulls(categories.rows);
    return numbers;
  }
  if (one.isCountedLike(other)) {
    one.merge(other);
    return one;
  }
  const joined = withoutGroups(one);
  joined.merge(withoutGroups(other));
  return joined;
}

function withoutGroups(profile: ColumnProfile): ColumnProfile {
  const { groups: _, ...kept } = profile.toJSON();
  return ColumnProfile.fromJSON(kept);
}
