import { told, wrongKind, wrongValue } from "../../base/errors.ts";
import { oneOf } from "../../base/fields.ts";
import { countOf } from "../../base/plural.ts";
import { type MetricColumn, valuesOf } from "../columns/metric-column.ts";
import type { ColumnKind, GroupsDefinition } from "../../layout/columns/column-groups.ts";
import { CollectionProfile } from "../../profile/collection-profile.ts";
import {
  type BaselineColumn,
  type BaselineColumnJson,
  columnFromJSON,
  learnColumn,
  reasonToSkip,
  type SkipReason,
} from "./baseline-column.ts";

/** A {@link Baseline} as it is kept: one readable JSON. */
export interface BaselineJson {
  /** What this is. */
  readonly format: "model-data-collector baseline";
  /** Which form it has. */
  readonly version: 1;
  readonly collection: string;
  /** ISO times; the end is not in it. */
  readonly from: string;
  readonly to: string;
  readonly rows: number;
  readonly columns: Readonly<Record<string, BaselineColumnJson>>;
  readonly skipped: Readonly<Record<string, SkipReason>>;
}

/** Of what a baseline is made. */
export interface BaselineOptions {
  /** The collection's name. */
  readonly collection: string;
  /** The first instant. */
  readonly from: Date;
  /** The first instant after it. */
  readonly to: Date;
  /** All rows, by column. System columns (`mdc_…`) are left out. */
  readonly columns: Readonly<Record<string, MetricColumn>> | ReadonlyMap<string, MetricColumn>;
  /** How columns are compared, where the values do not tell: codes that are numbers are `"categorical"`. */
  readonly kinds?: Readonly<Record<string, ColumnKind>>;
}

const format = "model-data-collector baseline";

/**
 * What a model's data was like when all was well: of each column its kind, what its values must be, what was
 * wrong with them then, its statistics, and the edges or categories by which production is counted. Kept as
 * one JSON; the rows themselves are not needed again.
 *
 * Numbers are counted in `ceil(log2(n) + 1)` bins of one width, below and above; texts by the 1,000 most
 * frequent categories, and others. Equal input in equal order gives equal text.
 *
 * @example
 * ```ts
 * import { Baseline, dataQuality, jensenShannonDistance } from "model-data-collector/monitor";
 *
 * const baseline = Baseline.create({
 *   collection: "model_inputs",
 *   from: new Date("2026-11-01"),
 *   to: new Date("2026-11-08"),
 *   columns: { distance: [404, 712, 2475], origin: ["SEA", "JFK", "SEA"], gate: [1, 7, 1] },
 *   kinds: { gate: "categorical" },
 * });
 * const kept = JSON.stringify(baseline, null, 2);
 *
 * const { columns } = Baseline.fromJSON(JSON.parse(kept));
 * const today = baseline.profile({ from: new Date("2026-11-29"), to: new Date("2026-11-30") });
 * today.add({ length: 2, columns: new Map([["distance", [404, 9999]]]) });
 * const [before, after] = [columns.get("distance"), today.columns.get("distance")];
 * if (before?.profile.counts && after?.counts)
 *   console.log(jensenShannonDistance(before.profile.counts, after.counts));
 * if (before) console.log(dataQuality(before.constraints, [404, 9999]), before.quality);
 * ```
 */
export class Baseline {
  /** The collection's name. */
  readonly collection: string;
  /** The first instant. */
  readonly from: Date;
  /** The first instant after it. */
  readonly to: Date;
  /** How many rows. */
  readonly rows: number;
  /** Columns by name. */
  readonly columns: ReadonlyMap<string, BaselineColumn>;
  /** Columns that cannot be compared, and why. */
  readonly skipped: ReadonlyMap<string, SkipReason>;

  private constructor(parts: Omit<Baseline, "profile" | "toJSON">) {
    if (!(parts.from.getTime() < parts.to.getTime()))
      throw wrongValue("Baseline from, to", "two instants in order", told("others"));
    this.collection = parts.collection;
    this.from = parts.from;
    this.to = parts.to;
    this.rows = parts.rows;
    this.columns = parts.columns;
    this.skipped = parts.skipped;
  }

  /**
   * Learns a baseline of rows.
   *
   * @throws TypeError or RangeError for columns of different lengths, no rows, kinds of columns that there
   * are not, and values that are not of the kind that was given.
   */
  static create({ collection, from, to, columns: given, kinds = {} }: BaselineOptions): Baseline {
    const entries =
      given instanceof Map ? [...(given as ReadonlyMap<string, MetricColumn>)] : Object.entries(given);
    const where = (name: string): string => `Baseline.create columns, ${JSON.stringify(name)}`;
    const lists = entries
      .filter(([name]) => !name.startsWith("mdc_"))
      .map(([name, column]) => [name, valuesOf(column as MetricColumn, where(name))] as const);
    const rows = lists[0]?.[1].length ?? 0;
    if (rows === 0) throw wrongValue("Baseline.create columns", "at least one row", told("none"));
    for (const name of Object.keys(kinds)) {
      if (!lists.some(([one]) => one === name))
        throw wrongValue("Baseline.create kinds", "names of columns", told(JSON.stringify(name)));
      oneOf("numerical", "categorical")(kinds[name], `Baseline.create kinds, ${JSON.stringify(name)}`);
    }
    const columns = new Map<string, BaselineColumn>();
    const skipped = new Map<string, SkipReason>();
    for (const [name, values] of lists) {
      if (values.length !== rows)
        throw wrongValue(where(name), countOf(rows, "row"), told(String(values.length)));
      const reason = reasonToSkip(values);
      if (reason !== undefined) skipped.set(name, reason);
      else
        columns.set(
          name,
          learnColumn(values, {
            kind: Object.hasOwn(kinds, name) ? kinds[name] : undefined,
            where: where(name),
          }),
        );
    }
    return new Baseline({ collection, from, to, rows, columns, skipped });
  }

  /** A baseline as it was kept. Throws a `TypeError` or `RangeError` for what no baseline is kept as. */
  static fromJSON(kept: BaselineJson): Baseline {
    const where = "Baseline.fromJSON";
    if (typeof kept !== "object" || kept === null) throw wrongKind(where, "an object", kept);
    if (kept.format !== format) throw wrongValue(`${where} format`, JSON.stringify(format), kept.format);
    if (kept.version !== 1)
      throw wrongValue(`${where} version`, "1, the only one that this release reads", kept.version);
    if (typeof kept.collection !== "string")
      throw wrongKind(`${where} collection`, "a text", kept.collection);
    if (!Number.isSafeInteger(kept.rows)) throw wrongValue(`${where} rows`, "a whole number", kept.rows);
    const columns = Object.entries(kept.columns ?? {}).map(
      ([name, column]) => [name, columnFromJSON(column, `${where} ${JSON.stringify(name)}`)] as const,
    );
    return new Baseline({
      collection: kept.collection,
      from: new Date(kept.from),
      to: new Date(kept.to),
      rows: kept.rows,
      columns: new Map(columns),
      skipped: new Map(Object.entries(kept.skipped ?? {})),
    });
  }

  /**
   * A profile of another span of time, whose columns are counted as the baseline's are; it has no rows yet.
   */
  profile({ from, to }: { readonly from: Date; readonly to: Date }): CollectionProfile {
    const columns = new Map<string, { readonly kind: ColumnKind; readonly groups: GroupsDefinition }>();
    for (const [name, { kind, profile }] of this.columns)
      if (profile.groups !== undefined) columns.set(name, { kind, groups: profile.groups });
    return new CollectionProfile({ collection: this.collection, from, to, columns });
  }

  /** What is to be kept; `fromJSON` reads it. */
  toJSON(): BaselineJson {
    const columns = [...this.columns].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      format,
      version: 1,
      collection: this.collection,
      from: this.from.toISOString(),
      to: this.to.toISOString(),
      rows: this.rows,
      columns: Object.fromEntries(
        columns.map(([name, { kind, constraints, quality, profile, steps }]) => [
          name,
          {
            ...{ kind, constraints, quality, profile: profile.toJSON() },
            ...(steps === undefined ? {} : { steps }),
          },
        ]),
      ),
      skipped: Object.fromEntries([...this.skipped].sort(([a], [b]) => (a < b ? -1 : 1))),
    };
  }
}
