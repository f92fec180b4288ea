import { told, wrongValue } from "../base/errors.ts";
import type { GroupsDefinition } from "../layout/columns/column-groups.ts";
import type { CategoryCounts } from "./category.ts";

/**
 * Counts of a baseline's groups as they are kept: below the first edge, each bin, above the last; or each
 * category, others.
 */
export type BaselineGroupsJson = GroupsDefinition & { readonly counts: readonly number[] };

/**
 * Exact counts of a column's values in the groups that a baseline has chosen: of numbers, bins between its
 * edges (a bin holds its lower edge, the last one both) and what is below and above; of texts, its categories
 * and all others. The same whatever the order, and however values were split and merged.
 */
export class BaselineGroups {
  readonly #edges: Float64Array | undefined;
  readonly #categories: ReadonlyMap<string, number> | undefined;
  readonly #counts: Float64Array;

  constructor(definition: GroupsDefinition, where: string) {
    if ("edges" in definition) {
      const { edges } = definition;
      const rising = edges.every(
        (edge, i) => Number.isFinite(edge) && (i === 0 || edge > (edges[i - 1] as number)),
      );
      if (edges.length < 2 || !rising) throw wrongValue(where, "two or more rising edges", told("others"));
      this.#edges = Float64Array.from(edges);
      this.#counts = new Float64Array(edges.length + 1);
    } else {
      this.#categories = new Map(definition.categories.map((name, i) => [name, i]));
      this.#counts = new Float64Array(definition.categories.length + 1);
    }
  }

  /** True when numbers are counted, and no categories. */
  get isNumerical(): boolean {
    return this.#edges !== undefined;
  }

  /** What groups they are. */
  get definition(): GroupsDefinition {
    if (this.#edges !== undefined) return { edges: [...this.#edges] };
    return { categories: [...(this.#categories?.keys() ?? [])] };
  }

  /** Counts numbers, no `NaN`. */
  addNumbers(values: Float64Array): void {
    const edges = this.#edges;
    if (edges === undefined) return;
    for (const value of values) {
      let low = 0;
      let high = edges.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((edges[middle] as number) <= value) low = middle + 1;
        else high = middle;
      }
      const isLast = value === edges.at(-1);
      this.#count(isLast ? low - 1 : low, 1);
    }
  }

  /** Counts a category. */
  addCategory(name: string): void {
    if (this.#categories !== undefined) this.#count(this.#categories.get(name) ?? this.#categories.size, 1);
  }

  /** True when another one has the same edges, or the same categories in the same order. */
  isLike(other: BaselineGroups | undefined): boolean {
    if (other === undefined) return false;
    const [a, b] = [this.#edges, other.#edges];
    if (a !== undefined && b !== undefined)
      return a.length === b.length && a.every((edge, i) => edge === b[i]);
    const [names, others] = [this.#categories?.keys(), other.#categories?.keys()];
    if (names === undefined || others === undefined) return false;
    if (this.#counts.length !== other.#counts.length) return false;
    for (const name of names) if (others.next().value !== name) return false;
    return true;
  }

  /** Adds what another one of the same groups has counted. Throws a `RangeError` for other groups. */
  merge(other: BaselineGroups, where: string): void {
    if (!this.isLike(other))
      throw wrongValue(where, "profiles with the same edges or categories", told("others"));
    other.#counts.forEach((count, i) => this.#count(i, count));
  }

  /** The counts as the metrics take them. */
  get counts(): CategoryCounts {
    return { counts: new Map(this.#names().map((name, i) => [name, this.#counts[i] as number])) };
  }

  /** What is to be kept. */
  toJSON(): BaselineGroupsJson {
    return { ...this.definition, counts: [...this.#counts] };
  }

  /** What was kept. Throws a `RangeError` for anything else. */
  static fromJSON(kept: BaselineGroupsJson, where: string): BaselineGroups {
    const groups = new BaselineGroups(kept, where);
    if (kept.counts?.length !== groups.#counts.length || !kept.counts.every(Number.isSafeInteger))
      throw wrongValue(where, `${groups.#counts.length} counts`, told("others"));
    groups.#counts.set(kept.counts);
    return groups;
  }

  #count(at: number, count: number): void {
    this.#counts[at] = (this.#counts[at] as number) + count;
  }

  #names(): string[] {
    const edges = this.#edges;
    if (edges === undefined)
      return [...[...(this.#categories?.keys() ?? [])].map((name) => `= ${name}`), "others"];
    const bins = [...edges.subarray(1)].map((edge, i) => `${edges[i]} to ${edge}`);
    return ["below", ...bins, "above"];
  }
}
