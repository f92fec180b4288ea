/**
 * Finds, prunes and decodes what a deployment has stored.
 *
 * @module model-data-collector/reader
 */
import "./base/host/node-version.ts";

export type { Where, WhereCondition, WhereValue } from "./layout/filter/where.ts";
export type { CollectionSummary, ColumnSummary } from "./reader/collection-summary.ts";
export type { CompletenessOptions, HourCompleteness } from "./reader/completeness/completeness.ts";
export type { SilentProcess } from "./reader/completeness/told-processes.ts";
export type { Verdict } from "./reader/completeness/verdict.ts";
export type { WindowProfilesOptions } from "./reader/profiles/window-profiles.ts";
export type { WindowFactsOptions } from "./reader/completeness/window-facts.ts";
export type { LabelFacts, LedgerFacts, WindowFacts } from "./layout/monitoring/window-facts.ts";
export type { ColumnBatch } from "./layout/column-batch.ts";
export { type Dataset, type DatasetOptions, openDataset } from "./reader/dataset.ts";
export type { DatasetCredential } from "./reader/open-root.ts";
export type { ExportFormat, ExportOptions } from "./reader/export/export-table.ts";
export type { FindOptions, FoundRow } from "./reader/find.ts";
export type { JoinFormat } from "./reader/join/export-join.ts";
export type { Join } from "./reader/join/join.ts";
export type {
  CollectionJoin,
  HourJoin,
  JoinAccount,
  JoinCounts,
  JoinSide,
} from "./reader/join/join-account.ts";
export type { JoinColumns, JoinOptions } from "./reader/join/join-options.ts";
export type { JoinedOutputs, JoinedRow } from "./reader/join/joined-rows.ts";
export type {
  Label,
  LabelAge,
  LabelAgesOptions,
  LabelsOptions,
  LabelVersion,
} from "./reader/ground-truth/labels.ts";
export type { ProfilesOptions } from "./reader/profiles/read-profiles.ts";
export { CollectionProfile } from "./profile/collection-profile.ts";
export type { Row } from "./layout/row.ts";
export type { SqlOptions, SqlRows, TimestampForm } from "./reader/sql/sql-options.ts";
export { StoreError } from "./store/store-error.ts";
export type { StoreFailure } from "./store/store-error.ts";
export type { Table, TableOptions } from "./reader/table.ts";
export type { Trace, TraceOptions, TraceRecord } from "./reader/trace.ts";
export type { UnreadableFile } from "./reader/unreadable.ts";
