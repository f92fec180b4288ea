import { told, wrongValue } from "../base/errors.ts";
import type { ColumnBatch } from "../layout/column-batch.ts";
import type { ColumnKind, GroupsDefinition } from "../layout/columns/column-groups.ts";
import { isNull } from "./category.ts";
import { ColumnProfile } from "./column-profile.ts";
import type { ColumnProfileJson } from "./column-profile-json.ts";
import { joinedColumns } from "./joined-columns.ts";
import { hashText } from "./value-hash.ts";

/** A {@link CollectionProfile} as it is kept: one readable JSON. */
export interface CollectionProfileJson {
  /** Which form this is. */
  readonly version: 1;
  readonly collection: string;
  /** ISO times; the end is not in it. */
  readonly from: string;
  readonly to: string;
  readonly rows: number;
  readonly columns: Readonly<Record<string, ColumnProfileJson>>;
}

/** What is profiled. */
export interface CollectionProfileOptions {
  /** The collection's name. */
  readonly collection: string;
  /** The first instant. */
  readonly from: Date;
  /** The first instant after it. */
  readonly to: Date;
  /** How columns are profiled; those that are not named are numerical when their first value is a number. */
  readonly columns?: ReadonlyMap<string, { readonly kind: ColumnKind; readonly groups?: GroupsDefinition }>;
}

/**
 * The profiles of a collection's columns in a span of time, say an hour, which merge to those of a day, a
 * month, a year. What is exact in a {@link ColumnProfile} is then the same as that of all rows at once.
 * System columns (`mdc_…`) are left out; a column that a batch does not have is null there; one that has only
 * nulls has no profile.
 *
 * @example
 * ```ts
 * import { CollectionProfile } from "model-data-collector/monitor";
 * import { openDataset } from "model-data-collector/reader";
 *
 * const [from, to] = [new Date("2026-11-29T10:00:00Z"), new Date("2026-11-29T11:00:00Z")];
 * const profile = new CollectionProfile({ collection: "model_inputs", from, to });
 * const data = await openDataset("./collected");
 * for await (const batch of data.table("model_inputs", { from, to })) profile.add(batch);
 * console.log(profile.rows, profile.columns.get("distance")?.mean);
 * const kept = JSON.stringify(profile);
 * profile.merge(CollectionProfile.fromJSON(JSON.parse(kept)));
 * ```
 */
export class CollectionProfile {
  readonly collection: string;
  #from: Date;
  #to: Date;
  #rows = 0;
  readonly #columns = new Map<string, ColumnProfile>();
  readonly #definitions: NonNullable<CollectionProfileOptions["columns"]>;

  /** @throws RangeError for times that are none, or not in order. */
  constructor({ collection, from, to, columns = new Map() }: CollectionProfileOptions) {
    if (!(from.getTime() < to.getTime()))
      throw wrongValue("CollectionProfile from, to", "two instants in order", told("others"));
    this.collection = collection;
    [this.#from, this.#to] = [from, to];
    this.#definitions = columns;
    for (const name of columns.keys()) this.#columns.set(name, this.#start(name, []));
  }

  /** The first instant. */
  get from(): Date {
    return this.#from;
  }

  /** The first instant after it. */
  get to(): Date {
    return this.#to;
  }

  /** How many rows. */
  get rows(): number {
    return this.#rows;
  }

  /** The profiles by column. */
  get columns(): ReadonlyMap<string, ColumnProfile> {
    return this.#columns;
  }

  /**
   * Adds a batch of rows, as the reader gives them.
   *
   * @throws TypeError for values that are no numbers in a numerical column, and for objects in any.
   */
  add({ length, columns }: Pick<ColumnBatch, "length" | "columns">): void {
    for (const [name, values] of columns) {
      if (name.startsWith("mdc_")) continue;
      if (values.length !== length)
        throw wrongValue(`CollectionProfile.add ${name}`, `${length} values`, told(String(values.length)));
      let profile = this.#columns.get(name);
      if (profile === undefined) {
        // Nulls say nothing of its kind.
        if (isAllNull(values)) continue;
        profile = this.#start(name, values);
        this.#columns.set(name, profile);
      }
      profile.add(values, `CollectionProfile.add ${name}`);
    }
    this.#rows += length;
    this.#fill();
  }

  /**
   * Adds another span of the same collection.
   *
   * @throws RangeError for another collection, and for columns of another kind or with other groups.
   */
  merge(other: CollectionProfile): void {
    if (other.collection !== this.collection)
      throw wrongValue("CollectionProfile.merge", `a profile of ${this.collection}`, told(other.collection));
    for (const [name, profile] of other.#columns) {
      let own = this.#columns.get(name);
      if (own === undefined) {
        own = profile.emptied(this.#seed(name));
        this.#columns.set(name, own);
        own.addNulls(this.#rows);
      }
      own.merge(profile);
    }
    this.#rows += other.#rows;
    this.#fill();
    if (other.#from < this.#from) this.#from = other.#from;
    if (other.#to > this.#to) this.#to = other.#to;
  }

  /**
   * Adds what other processes have told, whose profiles need not have been made alike: numbers here and
   * categories there are numbers, and what was counted by different groups is counted by none.
   *
   * @internal
   */
  join(other: CollectionProfile): void {
    for (const [name, profile] of other.#columns) {
      const own = this.#columns.get(name) ?? profile.emptied(this.#seed(name));
      own.addNulls(this.#rows - own.rows);
      this.#columns.set(name, joinedColumns(own, profile));
    }
    this.#rows += other.#rows;
    this.#fill();
  }

  /** What is to be kept; `fromJSON` reads it. */
  toJSON(): CollectionProfileJson {
    const names = [...this.#columns.keys()].sort();
    return {
      version: 1,
      collection: this.collection,
      from: this.#from.toISOString(),
      to: this.#to.toISOString(),
      rows: this.#rows,
      columns: Object.fromEntries(
        names.map((name) => [name, (this.#columns.get(name) as ColumnProfile).toJSON()]),
      ),
    };
  }

  /**
   * Of profiles that were made elsewhere, over so many rows: those that a column's has not have no value
   * there.
   *
   * @internal
   */
  static of({
    rows,
    columns,
    ...span
  }: Pick<CollectionProfile, "collection" | "from" | "to" | "rows" | "columns">): CollectionProfile {
    const profile = new CollectionProfile(span);
    profile.#rows = rows;
    for (const [name, column] of columns) profile.#columns.set(name, column);
    profile.#fill();
    return profile;
  }

  /** A profile as it was kept. Throws a `RangeError` for what no profile is kept as. */
  static fromJSON(kept: CollectionProfileJson): CollectionProfile {
    const where = "CollectionProfile.fromJSON";
    if (kept.version !== 1) throw wrongValue(`${where} version`, "1", kept.version);
    if (!Number.isSafeInteger(kept.rows)) throw wrongValue(`${where} rows`, "a whole number", kept.rows);
    const [from, to] = [new Date(kept.from), new Date(kept.to)];
    const profile = new CollectionProfile({ collection: kept.collection, from, to });
    profile.#rows = kept.rows;
    for (const [name, column] of Object.entries(kept.columns))
      profile.#columns.set(name, ColumnProfile.fromJSON(column, `${where} ${name}`, profile.#seed(name)));
    return profile;
  }

  #start(name: string, values: ArrayLike<unknown>): ColumnProfile {
    const { kind = kindOf(values), groups } = this.#definitions.get(name) ?? {};
    const profile = new ColumnProfile({
      kind,
      seed: this.#seed(name),
      ...(groups === undefined ? {} : { groups }),
    });
    profile.addNulls(this.#rows);
    return profile;
  }

  /** One for each hour and column. */
  #seed(name: string): number {
    return hashText(`${this.#from.getTime()} ${name}`);
  }

  /** Columns that a batch did not have are null there. */
  #fill(): void {
    for (const profile of this.#columns.values()) profile.addNulls(this.#rows - profile.rows);
  }
}

function isAllNull(values: ArrayLike<unknown>): boolean {
  for (let i = 0; i < values.length; i++) if (!isNull(values[i])) return false;
  return true;
}

function kindOf(values: ArrayLike<unknown>): ColumnKind {
  for (let i = 0; i < values.length; i++)
    if (!isNull(values[i])) return /number|bigint/.test(typeof values[i]) ? "numerical" : "categorical";
  return "numerical";
}
