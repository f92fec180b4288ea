import type { RejectedColumn } from "../../../frame/conform/column-fitter.ts";
import { countOf } from "../../../base/plural.ts";
import { maxColumns } from "../../../config/deployment-config.ts";
import type { Emit } from "../../engine-event.ts";
import { systemColumns } from "../../../layout/system-columns.ts";
import type { SegmentLabel } from "../../segment-label.ts";
import { maxVersions } from "../pins/known-pins.ts";

/** Columns that a hint names at most. */
const maxNames = 10;

/** Tells what became of values while they were encoded. */
export class EncodingReports {
  readonly #emit: Emit;
  /** Collections for which a hint was given. */
  readonly #hinted = new Set<string>();

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** A hint, once for a collection: whether these are integers nobody but the user knows. */
  wholeNumbers({ collection }: SegmentLabel, columns: readonly string[]): void {
    if (this.#hinted.has(collection)) return;
    this.#hinted.add(collection);
    const some = columns.slice(0, maxNames).map((name) => JSON.stringify(name));
    const names =
      columns.length > maxNames
        ? `${some.join(", ")} and ${columns.length - maxNames} more`
        : some.join(", ");
    this.#emit({
      kind: "trouble",
      code: "TYPE_HINT",
      reason: "whole_numbers",
      collection,
      message:
        `collection ${collection}: all numbers so far in ${names} are whole, and are stored as doubles (1.0). Azure ML's drift ` +
        `signals compare a column only with one of the same kind, and skip it without a word where the reference data has integers: ` +
        'declare it "int64" in the schema if it is one, "float64" if it is none',
    });
  }

  /**
   * Values that are kept beside their columns, or for which there was no room; `beyond` names the latter's
   * columns.
   */
  rejected(
    label: SegmentLabel,
    rejected: readonly RejectedColumn[],
    beyond: ReadonlySet<string> = new Set(),
  ): void {
    if (beyond.size > 0) {
      this.#emit({
        kind: "trouble",
        code: "VALUES_REJECTED",
        reason: "too_many_columns",
        collection: label.collection,
        message:
          `collection ${label.collection} has no room for ${countOf(beyond.size, "more column")}: it can have ${maxColumns}, and get new ones ` +
          `${maxVersions} times; the values are kept in ${systemColumns.rejected.name}. If the names are data, make rows of them, or one column of objects`,
      });
    }
    for (const { name, expected, got, cells } of rejected) {
      if (beyond.has(name)) continue;
      this.#emit({
        kind: "trouble",
        code: "VALUES_REJECTED",
        reason: `rejected:${name}`,
        collection: label.collection,
        message:
          `collection ${label.collection}, column ${JSON.stringify(name)}: expected ${expected} (pinned by the first file or declared), ` +
          `got ${got} in ${countOf(cells, "cell")}: null there, and kept in ${systemColumns.rejected.name}`,
      });
    }
  }
}
