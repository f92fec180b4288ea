import { wrongKind, wrongValue } from "../base/errors.ts";
import { once } from "../base/once.ts";
import type { WindowFacts } from "../layout/monitoring/window-facts.ts";
import { systemClock } from "../base/time/clock.ts";
import type { CollectionProfile } from "../profile/collection-profile.ts";
import type { Store } from "../store/store.ts";
import { withCache } from "./cache/cached-store.ts";
import { type CatalogScope, createCatalog } from "./catalog.ts";
import { type CollectionSummary, summarise } from "./collection-summary.ts";
import { type DatasetCredential, openRoot } from "./open-root.ts";
import {
  type CompletenessOptions,
  completenessOf,
  type HourCompleteness,
} from "./completeness/completeness.ts";
import { readWindowFacts, type WindowFactsOptions } from "./completeness/window-facts.ts";
import { LocalFiles } from "./sql/local-files.ts";
import { runSql } from "./sql/sql.ts";
import type { SqlOptions, SqlRows } from "./sql/sql-options.ts";
import { exportTable, type ExportOptions } from "./export/export-table.ts";
import { type FindOptions, findRows, type FoundRow } from "./find.ts";
import {
  type Label,
  type LabelAge,
  labelAges,
  type LabelAgesOptions,
  type LabelsOptions,
  readLabels,
} from "./ground-truth/labels.ts";
import { type Join, joinCollections } from "./join/join.ts";
import type { JoinOptions } from "./join/join-options.ts";
import { type ProfilesOptions, readProfiles } from "./profiles/read-profiles.ts";
import { readWindowProfiles, type WindowProfilesOptions } from "./profiles/window-profiles.ts";
import { createTable, type Table, type TableOptions } from "./table.ts";
import { findTrace, type Trace, type TraceOptions } from "./trace.ts";

/** Options of {@link openDataset}. */
export interface DatasetOptions {
  /** Only this endpoint's data. Default: of all endpoints. */
  readonly endpoint?: string;
  /** Only this deployment's data. Default: of all deployments. */
  readonly deployment?: string;
  /**
   * For a URL: a `TokenCredential` of `@azure/identity`, a storage connection string, or a shared access
   * signature. Default: a signature in the URL, then `AZURE_STORAGE_CONNECTION_STRING`, then
   * `AZURE_STORAGE_SAS_TOKEN`, then `DefaultAzureCredential`, as the client that the configuration file
   * (`MDC_CONFIG`) names.
   */
  readonly credential?: DatasetCredential;
  /**
   * A folder that keeps what is fetched from a URL, so that nothing is fetched twice; it is made if need be,
   * for this user alone. At most 4 GiB are kept; what was used longest ago goes first. Any number of
   * processes may use it at once. It holds what the data holds; names in it tell nothing. Default: nothing is
   * kept beyond `close`. Of no use for a folder. A `StoreError` of the first call if it cannot be made.
   */
  readonly cacheDirectory?: string;
}

/**
 * What is stored at one place, for reading. Every call looks at the store anew, so files that were delivered
 * meanwhile are seen. Errors: a `StoreError` when the store cannot be read, a `CollectorError` with code
 * `CORRUPT` that names the file when a file is not whole, or asks for more memory than reading may take;
 * after all that the others hold.
 */
export interface Dataset extends AsyncDisposable {
  /** Where the data is, for people: never holds a secret. */
  readonly root: string;
  /** What there is, by endpoint, deployment and name. Reads the footer of every file. */
  collections(): Promise<CollectionSummary[]>;
  /**
   * The rows of one collection, of all endpoints and deployments that this dataset looks at. The name's case
   * does not matter. Iterating throws a `RangeError` that names the collections there are when there is no
   * such one.
   */
  table(name: string, options?: TableOptions): Table;
  /** Everything that was collected under one correlation id, in time order. */
  trace(correlationId: string, options?: TraceOptions): Promise<Trace>;
  /**
   * Rows by value, in all collections, the latest first: for what is known of a request that is not its id. A
   * value of a column that was declared as `key` takes no longer than an id.
   *
   * @example
   * ```ts
   * import { openDataset } from "model-data-collector/reader";
   *
   * await using data = await openDataset("./collected");
   * for (const { id, collection, row } of await data.find({ where: { order_id: "A-17" } }))
   *   console.log(id, collection, row);
   * ```
   */
  find(options: FindOptions): Promise<FoundRow[]>;
  /**
   * The rows of a collection as the bytes of one file, piece by piece: CSV, JSON lines, Parquet or an Arrow
   * stream. All files are looked into first, for the columns and their types.
   *
   * @example
   * ```ts
   * import { createWriteStream } from "node:fs";
   * import { pipeline } from "node:stream/promises";
   * import { openDataset } from "model-data-collector/reader";
   *
   * await using data = await openDataset("./collected");
   * const bytes = data.export("model_inputs", { format: "csv", from: "2026-11-22" });
   * await pipeline(bytes, createWriteStream("model_inputs.csv"));
   * ```
   */
  export(name: string, options: ExportOptions): AsyncIterable<Uint8Array>;
  /**
   * What became of all frames that were offered, by endpoint, deployment, hour and collection: from what the
   * processes have told (the stored ledger, see docs/stored-data.md), held against the rows in the files. A
   * running process tells every ten minutes, and when it is flushed or closed.
   *
   * @example
   * ```ts
   * import { openDataset } from "model-data-collector/reader";
   *
   * await using data = await openDataset("./collected");
   * for (const { hour, collection, verdict, reasons } of await data.completeness())
   *   console.log(hour, collection, verdict, reasons.join("; "));
   * ```
   */
  completeness(options?: CompletenessOptions): Promise<HourCompleteness[]>;
  /**
   * What there is of a collection in each window, and what is not: rows, the newest one, columns, values that
   * did not fit, unreadable files, what the stored ledger tells, and how many requests have ground truth. Of
   * most files only the footer is read. `completenessSignals` of `/monitor` judges it.
   *
   * @example
   * ```ts
   * import { completenessSignals } from "model-data-collector/monitor";
   * import { openDataset } from "model-data-collector/reader";
   *
   * await using data = await openDataset("./collected");
   * const windows = [{ from: new Date("2026-11-28"), to: new Date("2026-11-29") }];
   * for (const facts of await data.windowFacts({ collection: "model_inputs", windows }))
   *   console.log(facts.rows, completenessSignals(facts));
   * ```
   */
  windowFacts(options: WindowFactsOptions): Promise<WindowFacts[]>;
  /**
   * Inputs with their outputs, by correlation id and the row's place in its frame, and if asked for with
   * their labels, by id or business key; and an account of every row: what has no other half, what was
   * stored twice, what came too late. A deployment's rows are joined with its own.
   *
   * @example
   * ```ts
   * import { openDataset } from "model-data-collector/reader";
   *
   * await using data = await openDataset("./collected");
   * const collections = { inputs: "model_inputs", outputs: "model_outputs" };
   * const { account, rows } = await data.join({ ...collections, labels: true });
   * console.log(account.matched, account.inputsOnly, account.outputsOnly, account.late);
   * for await (const { id, inputs, outputs, labels } of rows()) console.log(id, inputs, outputs, labels);
   * ```
   */
  join<const Outputs extends string | readonly string[]>(
    options: JoinOptions<Outputs>,
  ): Promise<Join<Outputs>>;
  /**
   * Runs SQL, as DuckDB has it, over the collections: each is a view of its name, of all endpoints and
   * deployments that this dataset looks at, with the columns and types that are pinned for it, whether a
   * file has them or not, and `inference_date`, `inference_hour`. Needs `@duckdb/node-api`, an optional
   * peer. Of several statements the rows of the last one are given. Errors: a `RangeError` that says what
   * is wrong with the statement, beside those of all calls.
   *
   * @example
   * ```ts
   * import { openDataset } from "model-data-collector/reader";
   *
   * await using data = await openDataset("./collected");
   * const [row] = await data.sql("select count(*) as rows from model_inputs", { from: "2026-11-22" });
   * console.log(row?.rows); // 12n
   * ```
   */
  sql(statement: string, options?: SqlOptions): Promise<SqlRows>;
  /**
   * Ground truth, from the collection `labels`: of each request or business key what was said last, and what
   * was said before. All of it is in memory.
   *
   * @example
   * ```ts
   * import { openDataset } from "model-data-collector/reader";
   *
   * await using data = await openDataset("./collected");
   * for (const { id, rows, versions } of await data.labels()) console.log(id, rows, versions.length);
   * const { curve } = await data.labelAges({ of: "model_inputs" });
   * for (const { withinMs, share } of curve) console.log(withinMs / 3_600_000, share);
   * ```
   */
  labels(options?: LabelsOptions): Promise<Label[]>;
  /**
   * The label-age curve: of the requests of a collection, how many were labelled, by id or business key,
   * within an hour, six, a day, three, a week, two, thirty days, and at all.
   */
  labelAges(
    options: LabelAgesOptions,
  ): Promise<{ readonly requests: number; readonly curve: readonly LabelAge[] }>;
  /**
   * What the rows of a collection were like, hour by hour (where partitions are days, day by day): the
   * profiles that deployments with `profiles` keep of all rows, sampled out ones too. They merge to those of
   * longer spans, and are compared with a baseline. An hour without a profile has none here. Of running
   * processes it is what they have told, which they do every ten minutes, and when they are flushed or
   * closed.
   *
   * @example
   * ```ts
   * import { openDataset } from "model-data-collector/reader";
   *
   * await using data = await openDataset("./collected");
   * const [first, ...others] = await data.profiles({ collection: "model_inputs", from: "2026-11-22" });
   * for (const hour of others) first?.merge(hour);
   * console.log(first?.rows, first?.columns.get("distance")?.mean);
   * ```
   */
  profiles(options: ProfilesOptions): Promise<CollectionProfile[]>;
  /**
   * The same, merged to one profile for each window, which has no rows where nothing is told. `runMonitor`
   * reads them so.
   */
  windowProfiles(options: WindowProfilesOptions): Promise<CollectionProfile[]>;
  /** Gives back sockets and handles. Idempotent. */
  close(): Promise<void>;
}

/**
 * Opens what a deployment has stored.
 *
 * @param root The destination as it was given to the deployment: a folder, or
 *   `https://<account>.blob.core.windows.net/<container>/<prefix>`. Nothing is read yet. Default: where a
 *   deployment of this process writes to, which is `MDC_DESTINATION`, then what the configuration file
 *   (`MDC_CONFIG`) says, then `./collected`.
 *
 * @example
 * ```ts
 * import { openDataset } from "model-data-collector/reader";
 *
 * const data = await openDataset("./collected");
 * for (const { name, rows } of await data.collections()) console.log(name, rows);
 * const { records } = await data.trace("019aa8f2-7c00-7000-8000-000000000000");
 * await data.close();
 * ```
 */
export async function openDataset(root?: string, options: DatasetOptions = {}): Promise<Dataset> {
  if (root !== undefined && typeof root !== "string")
    throw wrongKind("openDataset: root", "the path of a folder, or a URL", root);
  for (const name of ["endpoint", "deployment"] as const) {
    const value = options[name];
    if (value !== undefined && typeof value !== "string")
      throw wrongKind(`openDataset: ${name}`, "a name", value);
  }
  return datasetOf(withCache(openRoot(root, options.credential), options.cacheDirectory), options);
}

/** A dataset over any store. @internal */
export function datasetOf(store: Store, options: CatalogScope = {}): Dataset {
  const catalog = createCatalog(store, options);
  const files = new LocalFiles(store);
  const close = once(async () => {
    await files[Symbol.asyncDispose]();
    await store.close();
  });
  return {
    root: store.description,
    collections: () => summarise(catalog),
    table: (name, tableOptions = {}) => {
      if (typeof name !== "string") throw wrongKind("table: name", "the name of a collection", name);
      return createTable(catalog, name, tableOptions);
    },
    trace: async (id, traceOptions = {}) => {
      if (typeof id !== "string") throw wrongKind("trace: correlationId", "a correlation id", id);
      if (id === "") throw wrongValue("trace: correlationId", "a correlation id", id);
      return await findTrace(catalog, id, traceOptions);
    },
    export: (name, exportOptions) => exportTable(catalog, name, exportOptions),
    find: (findOptions) => findRows(catalog, findOptions),
    completeness: (options = {}) => completenessOf(catalog, options, systemClock.now()),
    windowFacts: (factsOptions) => readWindowFacts(catalog, factsOptions, systemClock.now()),
    join: (joinOptions) => joinCollections(catalog, joinOptions),
    sql: (statement, sqlOptions = {}) => runSql(catalog, files, statement, sqlOptions),
    labels: (labelsOptions = {}) => readLabels(catalog, labelsOptions),
    labelAges: (agesOptions) => labelAges(catalog, agesOptions),
    profiles: (profilesOptions) => readProfiles(catalog, profilesOptions),
    windowProfiles: (windowsOptions) => readWindowProfiles(catalog, windowsOptions),
    close,
    [Symbol.asyncDispose]: close,
  };
}
