import type { TableFile } from "./described-file.ts";

/** Port: makes files that are stored part of their collections' tables. */
export interface TableLogs {
  /**
   * Enters files, of whatever collections, into the logs of their tables, which are made if need be. To do it
   * again is harmless. Never rejects: what did not succeed is told.
   */
  enter(files: readonly TableFile[]): Promise<readonly TableTrouble[]>;
}

/** Files are stored and not part of their table. */
export interface TableTrouble {
  /** `<endpoint>/<deployment>/<collection>`. */
  readonly table: string;
  readonly files: number;
  /**
   * True if the same will work later. Else somebody must look at it.
   */
  readonly passes: boolean;
  readonly problem: string;
}
