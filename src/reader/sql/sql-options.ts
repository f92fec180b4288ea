import type { Row } from "../../layout/row.ts";
import type { ColumnSummary } from "../collection-summary.ts";
import type { UnreadableFile } from "../unreadable.ts";

/** How a point in time is given: a `Date`, or ISO 8601 text with its microseconds. */
export type TimestampForm = "date" | "text";

/** Options of `Dataset.sql`. */
export interface SqlOptions {
  /**
   * Only rows whose request started at this time or later: a Date, milliseconds since 1970 UTC, or an ISO
   * 8601 text. Files outside the times are not looked at, nor fetched: for data in Azure say it here rather
   * than in the statement.
   */
  readonly from?: Date | number | string;
  /** Only rows whose request started before this time. */
  readonly to?: Date | number | string;
  /**
   * True: statements may read and write what this process may, also with `COPY`. Default false: they reach
   * nothing but the collections that they name.
   */
  readonly allowFiles?: boolean;
  /** At most this many rows, of at least 1; more are an error. Default 100,000. */
  readonly maxRows?: number;
  /** Points in time as `Date`, to the millisecond, or as ISO 8601 text, exact. Default `"date"`. */
  readonly timestamps?: TimestampForm;
  /**
   * Called with each Delta log that cannot be used, once the statement has run: its collection has no view,
   * and a statement that needs it is an error that names the log. Default: nobody is told.
   */
  readonly onUnreadable?: (file: UnreadableFile) => void;
}

/**
 * The rows of a result. Values are as `Row` says; integers are `bigint` from 64 bits on (`count(*)` is one);
 * a struct is an object, a map an array of `{ key, value }`. Decimals, dates, times of day, intervals and
 * UUIDs are their exact text.
 */
export interface SqlRows extends ReadonlyArray<Row> {
  /** The columns in their order, with the types that DuckDB has for them. */
  readonly columns: readonly ColumnSummary[];
}
