/**
 * A table's log cannot be read or written by this version: it is damaged, or somebody raised its protocol.
 * Trying again is of no use; somebody must look at it. Its message says what is wrong and where.
 */
export class UnusableLogError extends Error {
  override readonly name: string = "UnusableLogError";
}

/** Another commit has removed the files that this one was to remove: whoever wanted that must look again. */
export class CommitConflictError extends Error {
  override readonly name: string = "CommitConflictError";
  /** Those files, as paths relative to the destination. */
  readonly paths: readonly string[];

  constructor(message: string, paths: readonly string[]) {
    super(message);
    this.paths = paths;
  }
}

/** Others were quicker time and again: the same will work later. */
export class BusyLogError extends Error {
  override readonly name: string = "BusyLogError";
}
