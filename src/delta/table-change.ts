import type { RefusedFile, TableFile } from "./described-file.ts";

/** What a commit is to do. */
export interface TableChange {
  /** Files that are stored already. One that the table has, or had, is passed by. */
  readonly add?: readonly TableFile[];
  /**
   * Files that the table is to have no more, as paths relative to the destination. One that it never had is
   * never added later; one that is gone already is a conflict, and nothing is done.
   */
  readonly remove?: readonly string[];
  /** False if the rows stay the same, only in other files. Default true. */
  readonly dataChange?: boolean;
  /** What it is called in the table's history. Default `WRITE`. */
  readonly operation?: string;
  /** Says how far an application has come: kept in the table, for whoever looks. */
  readonly transaction?: { readonly appId: string; readonly version: number };
  /** False does nothing where there is no log yet. Default true. */
  readonly create?: boolean;
}

/** What a commit has done. */
export interface CommitResult {
  /** That of the commit; undefined if there was nothing to be done. */
  readonly version: number | undefined;
  /** Paths that are part of the table since. */
  readonly added: readonly string[];
  /** Files that cannot be: of another depth of partitions, or with columns that the table has otherwise. */
  readonly refused: readonly RefusedFile[];
}
