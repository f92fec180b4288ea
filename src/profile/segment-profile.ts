import type { Batch, BatchColumn } from "../frame/batch.ts";
import type { ColumnGroups } from "../layout/columns/column-groups.ts";
import { categoriesOf, numbersOf } from "./batch-values.ts";
import { ColumnProfile } from "./column-profile.ts";
import type { ColumnProfileJson } from "./column-profile-json.ts";
import { profileLine, type ProfilePlace } from "./stored-profiles.ts";
import { hashText } from "./value-hash.ts";

/** Numbers that are added at once: sums without rounding cost something for each time. */
const atOnce = 1_024;
/** A text of lines is complete at this length: it is a record of the spool. */
const maxTextLength = 256 * 1024;
const none: ColumnGroups = new Map();

/**
 * The profiles of the columns of batches as they lie in the spool, and of what a baseline counts them by. A
 * column has one kind: the baseline's, else that of its first value. A number in a column of categories is
 * one by its text; any other value in a column of numbers is no value, as it is none in its file.
 */
export class SegmentProfile {
  readonly #groups: ColumnGroups;
  readonly #seed: string;
  readonly #columns = new Map<string, Gathered>();
  readonly #withoutValues = new Set<string>();
  #rows = 0;

  /** `seed` tells it from other profiles of the same columns. */
  constructor({
    groups = none,
    seed,
  }: {
    readonly groups: ColumnGroups | undefined;
    readonly seed: string;
  }) {
    this.#groups = groups;
    this.#seed = seed;
  }

  /**
   * Adds a batch. Of columns that `redacted` has, in lower case, no value is kept: nothing but counts, sums
   * and the hashes of distinct ones.
   */
  add(batch: Batch, redacted: ReadonlySet<string>): void {
    for (const column of batch.columns) {
      const { name } = column;
      if (name.startsWith("mdc_") || column.count === 0) continue;
      if (redacted.has(name.toLowerCase())) this.#withoutValues.add(name);
      const numbers = numbersOf(column);
      let gathered = this.#columns.get(name);
      if (gathered === undefined) {
        if (numbers === undefined && categoriesOf(column) === undefined) continue;
        gathered = this.#begin(name, numbers === undefined ? "categorical" : "numerical");
      }
      gathered.add(column, numbers);
    }
    this.#rows += batch.header.rows;
    for (const gathered of this.#columns.values()) gathered.fill(this.#rows);
  }

  /** All of it as lines of the stored profiles, many in a text. */
  *texts(place: ProfilePlace): Generator<string, void, undefined> {
    const rows = this.#rows;
    let text = profileLine({ kind: "rows", ...place, rows });
    for (const [column, gathered] of this.#columns) {
      const whole = gathered.finish().toJSON();
      const profile = this.#withoutValues.has(column) ? withoutValues(whole) : whole;
      text += profileLine({ kind: "column", ...place, rows, column, profile });
      if (text.length < maxTextLength) continue;
      yield text;
      text = "";
    }
    if (text !== "") yield text;
  }

  #begin(name: string, kind: ColumnProfile["kind"]): Gathered {
    const known = this.#groups.get(name) ?? { kind };
    const gathered = new Gathered(new ColumnProfile({ ...known, seed: hashText(`${this.#seed} ${name}`) }));
    this.#columns.set(name, gathered);
    gathered.fill(this.#rows);
    return gathered;
  }
}

/** A profile, and numbers that are still to be added. */
class Gathered {
  readonly #profile: ColumnProfile;
  readonly #numbers: Float64Array | undefined;
  #waiting = 0;

  constructor(profile: ColumnProfile) {
    this.#profile = profile;
    this.#numbers = profile.kind === "numerical" ? new Float64Array(atOnce) : undefined;
  }

  add(column: BatchColumn, numbers: Float64Array | undefined): void {
    if (this.#numbers === undefined) this.#profile.add(categoriesOf(column) ?? []);
    else if (numbers !== undefined) this.#gather(numbers, this.#numbers);
  }

  /** Rows that it has no value of, up to so many, have none. */
  fill(rows: number): void {
    this.#profile.addNulls(rows - this.#profile.rows - this.#waiting);
  }

  finish(): ColumnProfile {
    if (this.#numbers !== undefined) this.#profile.add(this.#numbers.subarray(0, this.#waiting));
    this.#waiting = 0;
    return this.#profile;
  }

  #gather(values: Float64Array, room: Float64Array): void {
    for (let from = 0; from < values.length; ) {
      const part = values.subarray(from, from + room.length - this.#waiting);
      room.set(part, this.#waiting);
      this.#waiting += part.length;
      from += part.length;
      if (this.#waiting === room.length) this.finish();
    }
  }
}

/** What tells no value. */
function withoutValues(profile: ColumnProfileJson): ColumnProfileJson {
  const { quantiles: _, frequent: __, ...rest } = profile;
  return { ...rest, min: null, max: null };
}
