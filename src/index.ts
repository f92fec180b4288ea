/**
 * Collects what goes into and comes out of a model in production: frames, correlated by request, as typed
 * Parquet in a folder or in Azure Blob Storage.
 *
 * @example
 * ```ts
 * import { Collector, CorrelationContext, currentContext, runWithContext } from "model-data-collector";
 *
 * const inputs = new Collector({ name: "model_inputs" });
 * const outputs = new Collector({ name: "model_outputs" });
 *
 * const context = CorrelationContext.fromHeaders({ "x-request-id": "order-17" });
 * runWithContext(context, () => {
 *   inputs.collect([{ distance: 2475, origin: "JFK" }]);
 *   outputs.collect([{ late: false, probability: 0.12 }]); // joins with the other on the request's id
 *   console.log(currentContext()?.id); // order-17
 * });
 * ```
 *
 * @module model-data-collector
 */
import "./base/host/node-version.ts";

export { CollectorError } from "./base/errors.ts";
export { closeOnSignals } from "./collector/process/close-on-signals.ts";
export { Collector } from "./collector/collector.ts";
export { CorrelationContext } from "./collector/context/correlation-context.ts";
export { currentContext, runWithContext } from "./collector/context/current-context.ts";
export { openDeployment } from "./collector/deployment.ts";
export { key, list } from "./layout/column-type.ts";

export type { CollectorErrorCode } from "./base/errors.ts";
export type {
  CloseOptions,
  CloseReport,
  CollectorConstructor,
  CollectorOptions,
  Deployment,
  DeploymentStatus,
  FlushOptions,
  FlushResult,
  Frame,
  SpoolStatus,
} from "./collector/api.ts";
export type { CloseOnSignalsOptions, ClosingSignal } from "./collector/process/close-on-signals.ts";
export type { HeadersLike } from "./collector/context/context-headers.ts";
export type { Attributes, ContextOptions } from "./collector/context/context-options.ts";
export type { ContextJson } from "./collector/context/context-json.ts";
export type {
  DeploymentStats,
  ErrorInfo,
  ErrorListener,
  StatsEntry,
  StatsListener,
  WaitUntil,
} from "./config/callbacks.ts";
export type { TokenCredential } from "./destination/credential.ts";
export type {
  AgentConfig,
  CollectionConfig,
  CollectionGroups,
  DeploymentConfig,
  Durability,
  FlightRecorderConfig,
  Fsync,
  Limits,
  ProfilesConfig,
  Rotation,
  SpoolConfig,
  TableKind,
} from "./config/deployment-config.ts";
export type {
  BodyRedactConfig,
  PayloadConfig,
  PolicyByRoute,
  TabularColumns,
} from "./config/payload/payload-config.ts";
export type { CollectionPolicy } from "./config/protection/policy.ts";
export type { RedactRule, RedactRules } from "./config/protection/redact-rules.ts";
export type { Destination } from "./destination/destination.ts";
export type { ColumnCounting, ColumnKind, GroupsDefinition } from "./layout/columns/column-groups.ts";
export type { FileFormat, Format } from "./layout/format.ts";
export type { RollingRate } from "./layout/partition.ts";
export type {
  CollectionOptions,
  DeploymentOptions,
  DeploymentPatch,
  FlightRecorderOptions,
  LimitOptions,
  ProfileOptions,
  RotationOptions,
  SpoolOptions,
} from "./config/deployment-options.ts";
export type {
  AttributeRule,
  ColumnRule,
  FailedRule,
  KeepCandidate,
  KeepPredicate,
  KeepRule,
  RequestOutcome,
  SlowRule,
} from "./config/keeping/keep-rule.ts";
export type { KeyScalar, KeyType, ListType, ScalarType } from "./layout/column-type.ts";
export type { FrameOf, LibraryFrame, RowOf, SchemaOptions } from "./frame/declared-schema.ts";
export type { RedactOptions } from "./frame/copy/redaction.ts";
export type { FlushTarget } from "./pipeline/backend.ts";
export type { DropReason } from "./pipeline/ledger.ts";
export type { Counts } from "./base/counts.ts";
