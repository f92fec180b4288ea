import type { MeasuredFeature } from "../judging/judge.ts";
import type { QualityResult } from "../monitor-result.ts";
import type { Slicing } from "../rows/strata.ts";
import type { StrataOfTables } from "../rows/strata-of-tables.ts";

/** What was measured in one slice. */
export interface MeasuredSlice {
  readonly features: MeasuredFeature[];
  readonly quality: QualityResult[];
}

/** What is measured in one window, while columns are looked at one by one. */
export class MeasuredWindow {
  /** Which table has the rows that it is compared with; undefined with a kept baseline. */
  readonly before: number | undefined;
  /** Which table has its rows. */
  readonly after: number;
  /** How rows are parted; the first part is all of them. */
  readonly slicings: readonly (Slicing | undefined)[];
  readonly #strata: StrataOfTables;
  readonly #slices = new Map<string, MeasuredSlice>();

  constructor(
    tables: { readonly before: number | undefined; readonly after: number },
    slicings: readonly (Slicing | undefined)[],
    strata: StrataOfTables,
  ) {
    this.before = tables.before;
    this.after = tables.after;
    this.slicings = slicings;
    this.#strata = strata;
  }

  /** A slice, by the place of its column and its value. */
  slice(slicing: number, value: number): MeasuredSlice {
    const key = `${slicing} ${value}`;
    let slice = this.#slices.get(key);
    if (slice === undefined) this.#slices.set(key, (slice = { features: [], quality: [] }));
    return slice;
  }

  /** Rows of a slice, nulls included; undefined of a kept baseline, whose rows are gone. */
  rowsOf(side: "before" | "after", slicing: number, value: number): number | undefined {
    const table = side === "before" ? this.before : this.after;
    if (table === undefined) return undefined;
    return this.#strata.all(table, this.slicings[slicing]).rows[value] ?? 0;
  }
}
