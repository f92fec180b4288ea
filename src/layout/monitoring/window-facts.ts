/*
 * What the reader tells of a collection in a window of time, and the monitor judges: whether there is enough
 * of it, and all of it, before anybody asks whether its values have changed.
 */

/** What is known of a collection's rows in a window, and of those that are not there. */
export interface WindowFacts {
  /** The collection's name. */
  readonly collection: string;
  /** The first instant, of requests' times. */
  readonly from: Date;
  /** The first instant after it. */
  readonly to: Date;
  /** Rows in files. */
  readonly rows: number;
  /** The time of the last request that has rows here; null without rows. */
  readonly newest: Date | null;
  /**
   * The types of feature columns by name, as files have them: `float64`, `list<string>`; several, parted by
   * ` | `, where files disagree.
   */
  readonly columns: Readonly<Record<string, string>>;
  /** Rows of which a value did not fit the type of its column, and stands in `mdc_rejected`. */
  readonly rejectedRows: number;
  /** Files that cannot be read: their rows are not counted. */
  readonly unreadableFiles: number;
  /** What the processes have told of it; null where no ledger is kept, as of rows by other programs. */
  readonly ledger: LedgerFacts | null;
  /** Ground truth, where it was asked for. */
  readonly labels?: LabelFacts;
}

/**
 * What the stored ledger tells of a window, all its hours together; an hour that is partly in it counts as a
 * whole. Frames are counted, if nothing else is said.
 */
export interface LedgerFacts {
  /** Hours of which something is told or found, and of which a ledger is kept. */
  readonly hours: number;
  /** Hours of which none is: rows that others have written, or that are older than the ledger. Default 0. */
  readonly otherHours?: number;
  /** Those of which nobody can say whether all is there. */
  readonly unknownHours: number;
  readonly offered: number;
  /** Sampled out, or of collections that were switched off: left out on purpose. */
  readonly leftOut: number;
  /** By reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Offered to processes that were killed, and found nowhere. */
  readonly unaccounted: number;
  /** On their way to files. */
  readonly pending: number;
  /** Rows that were put into files. */
  readonly storedRows: number;
  /** Of these, rows that are in no file any more. */
  readonly goneRows: number;
  /** Processes that have not told of themselves for too long, and did not say that they end. */
  readonly silentProcesses: number;
}

/** How many of a window's requests have ground truth. */
export interface LabelFacts {
  readonly requests: number;
  readonly labelled: number;
}
