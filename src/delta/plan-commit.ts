import { randomUUID } from "node:crypto";
import type { RollingRate } from "../layout/partition.ts";
import type { Action, Metadata } from "./actions.ts";
import { type DescribedFile, type RefusedFile, removal } from "./described-file.ts";
import { actionPath } from "./log-paths.ts";
import type { LogState } from "./log-state.ts";
import type { TableChange } from "./table-change.ts";
import { fitSchema, partitionFields, schemaText, type TableField, withFields } from "./table-schema.ts";
import { CommitConflictError } from "./unusable-log.ts";

/** What the next version would be. */
export interface CommitPlan {
  /** Empty if there is nothing to be done. */
  readonly actions: readonly Action[];
  readonly added: readonly string[];
  readonly refused: readonly RefusedFile[];
}

/**
 * What a table offers its readers and keeps for them, in Delta's own words: removed files stay for a week,
 * and commits for a month.
 */
const configuration = {
  "delta.deletedFileRetentionDuration": "interval 7 days",
  "delta.logRetentionDuration": "interval 30 days",
} as const;

/** What a change does to a table in this state. Throws a {@link CommitConflictError}. */
export function planCommit(
  folder: string,
  state: LogState,
  files: readonly DescribedFile[],
  { remove = [], dataChange = true, transaction }: TableChange,
  now: number,
): CommitPlan {
  const within = (path: string): string => path.slice(folder.length + 1);
  const gone = remove.filter((path) => state.has(within(path)) === false);
  if (gone.length > 0) {
    throw new CommitConflictError(`what was to be removed from the table ${folder} is gone already`, gone);
  }
  const schema = new GrowingSchema(state, files[0]?.rate ?? "hour");
  const fresh = files.filter(({ path }) => state.has(within(path)) === undefined);
  const refused: RefusedFile[] = [];
  const adds: Action[] = [];
  const added: string[] = [];
  for (const file of fresh) {
    const problem = schema.take(file);
    if (problem !== undefined) {
      refused.push({ path: file.path, problem });
      continue;
    }
    adds.push({ add: { ...file.add, dataChange } });
    added.push(file.path);
  }
  if (adds.length === 0 && remove.length === 0) return { actions: [], added, refused };
  const removes = remove.map((path) => {
    const known = state.recent.get(within(path))?.add;
    return removal(known ?? { path: actionPath(within(path)) }, now, dataChange);
  });
  const actions: Action[] = [];
  if (state.version < 0) actions.push({ protocol: { minReaderVersion: 1, minWriterVersion: 2 } });
  const metaData = schema.metadata(folder, now);
  if (metaData !== undefined) actions.push({ metaData });
  if (transaction !== undefined) actions.push({ txn: { ...transaction, lastUpdated: now } });
  return { actions: [...actions, ...removes, ...adds], added, refused };
}

/** A table's columns, with those that files bring. */
class GrowingSchema {
  readonly #before: Metadata | undefined;
  readonly #partitionColumns: readonly string[];
  #fields: readonly TableField[];
  #grown: boolean;

  constructor({ metadata, fields }: LogState, rate: RollingRate) {
    this.#before = metadata;
    this.#partitionColumns = metadata?.partitionColumns ?? partitionFields(rate).map(({ name }) => name);
    this.#fields = metadata === undefined ? partitionFields(rate) : fields;
    this.#grown = metadata === undefined;
  }

  /** Takes a file's columns, or says why they cannot be those of the table. */
  take({ fields, add }: DescribedFile): string | undefined {
    const depth = Object.keys(add.partitionValues).join(", ");
    if (depth !== this.#partitionColumns.join(", "))
      return `its partition is by ${depth}; that of the table is by ${this.#partitionColumns.join(", ")}`;
    const fit = fitSchema(this.#fields, fields);
    if (!fit.fits) return fit.problem;
    if (fit.added.length === 0) return undefined;
    this.#fields = withFields(this.#fields, fit.added, this.#partitionColumns);
    this.#grown = true;
    return undefined;
  }

  /** What the table is from now on, if that is new. */
  metadata(folder: string, now: number): Metadata | undefined {
    if (!this.#grown) return undefined;
    const schemaString = schemaText(this.#fields);
    if (this.#before !== undefined) return { ...this.#before, schemaString };
    return {
      id: randomUUID(),
      name: folder.slice(folder.lastIndexOf("/") + 1),
      format: { provider: "parquet", options: {} },
      schemaString,
      partitionColumns: this.#partitionColumns,
      configuration,
      createdTime: now,
    };
  }
}
