import type { ColumnBatch } from "../../../layout/column-batch.ts";
import type { WindowFacts } from "../../../layout/monitoring/window-facts.ts";
import type { CollectionProfile } from "../../../profile/collection-profile.ts";

/** A span of time: the first instant, and the first one after it. */
export interface TimeSpan {
  readonly from: Date;
  readonly to: Date;
}

/** Where a monitor has its rows from; what `openDataset` of the reader gives is one. */
export interface MonitorSource {
  /** Where the data is, for people: holds no secret. */
  readonly root: string;
  /**
   * The rows of a collection whose requests started in a span of time, in batches; of all columns, of those
   * that are named, or of those of which a function says true. The same rows in the same order whichever
   * columns are asked for.
   */
  table(
    name: string,
    options: TimeSpan & { readonly columns?: readonly string[] | ((name: string) => boolean) },
  ): AsyncIterable<Pick<ColumnBatch, "length" | "columns" | "types">>;
  /** What became of all frames, by hour; of all collections. Without it nobody says whether data is whole. */
  completeness?(options: TimeSpan): Promise<readonly SourceHour[]>;
  /** What there is of a collection in each window, and what is not. Without it there are no signals. */
  windowFacts?(options: {
    readonly collection: string;
    readonly windows: readonly TimeSpan[];
    readonly labels?: boolean;
  }): Promise<readonly WindowFacts[]>;
  /** The stored profiles, merged to one for each window. Without it there are rows alone. */
  windowProfiles?(options: {
    readonly collection: string;
    readonly windows: readonly TimeSpan[];
    readonly columns?: readonly string[];
  }): Promise<readonly CollectionProfile[]>;
}

/** What became of the frames of one collection and hour. */
export interface SourceHour {
  readonly collection: string;
  readonly hour: Date;
  readonly offered: number;
  readonly sampledOut: number;
  readonly disabled: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly stored: number;
  readonly pending: number;
  readonly unaccounted: number;
  /** False where no ledger is kept, of which nothing can be said then. Default true. */
  readonly hasLedger?: boolean;
  readonly verdict: "complete" | "purged" | "waiting" | "unknown" | "short";
  readonly reasons: readonly string[];
}
