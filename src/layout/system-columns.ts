import type { ScalarType } from "./column-type.ts";

/**
 * The columns that stand beside the features in every file. This table is the only place that knows their
 * names and types: frames are collected, files written and read, and documents checked by it.
 */
export interface SystemColumn {
  readonly name: string;
  /** Its type in a file and for a reader. A batch carries JSON as `string`: see `frame/frame-columns.ts`. */
  readonly type: ScalarType;
  readonly nullable: boolean;
  /**
   * What one value belongs to; all rows of it have the same. A batch has frames of one collection, a file
   * batches.
   */
  readonly per: "row" | "frame" | "batch" | "file";
  /** For users. */
  readonly meaning: string;
}

/** What the names of system columns begin with. */
export const systemPrefix = "mdc_";

/** All system columns, in the order in which they stand in a file, before the features. */
export const systemColumns = {
  correlationId: {
    name: "mdc_correlation_id",
    type: "string",
    nullable: false,
    per: "frame",
    meaning: "the request: the same in all collections; a UUIDv7 unless you gave one",
  },
  rowIndex: {
    name: "mdc_row_index",
    type: "int32",
    nullable: false,
    per: "row",
    meaning: "the row's place in its frame, from 0",
  },
  eventId: {
    name: "mdc_event_id",
    type: "string",
    nullable: false,
    per: "frame",
    meaning: "the call of `collect`; with `mdc_row_index` it names a row",
  },
  eventTime: {
    name: "mdc_event_time",
    type: "timestamp",
    nullable: false,
    per: "frame",
    meaning: "when `collect` was called",
  },
  requestTime: {
    name: "mdc_request_time",
    type: "timestamp",
    nullable: false,
    per: "frame",
    meaning: "when the request started; the time partition is that of this time",
  },
  requestId: {
    name: "mdc_request_id",
    type: "string",
    nullable: true,
    per: "frame",
    meaning: "the header `x-request-id`; on Azure ML the platform's own, whatever the caller sent",
  },
  clientRequestId: {
    name: "mdc_client_request_id",
    type: "string",
    nullable: true,
    per: "frame",
    meaning: "the header `x-ms-client-request-id`: the caller's",
  },
  collection: {
    name: "mdc_collection",
    type: "string",
    nullable: false,
    per: "batch",
    meaning: "the collection, spelled as its folder",
  },
  source: {
    name: "mdc_source",
    type: "string",
    nullable: false,
    per: "batch",
    meaning: "where it was collected: `/<endpoint>/<deployment>`",
  },
  endpoint: {
    name: "mdc_endpoint",
    type: "string",
    nullable: true,
    per: "batch",
    meaning: "the endpoint",
  },
  deployment: {
    name: "mdc_deployment",
    type: "string",
    nullable: true,
    per: "batch",
    meaning: "the deployment",
  },
  modelName: {
    name: "mdc_model_name",
    type: "string",
    nullable: true,
    per: "batch",
    meaning: "the model, if it was named",
  },
  modelVersion: {
    name: "mdc_model_version",
    type: "string",
    nullable: true,
    per: "batch",
    meaning: "the model's version, if it was given",
  },
  instanceId: {
    name: "mdc_instance_id",
    type: "string",
    nullable: true,
    per: "batch",
    meaning: "the host that collected it, in Kubernetes the pod",
  },
  agent: {
    name: "mdc_agent",
    type: "string",
    nullable: false,
    per: "batch",
    meaning: "the versions of this package and of Node",
  },
  schemaFingerprint: {
    name: "mdc_schema_fingerprint",
    type: "string",
    nullable: false,
    per: "file",
    meaning: "the same in files whose features have the same names and types",
  },
  samplingRate: {
    name: "mdc_sampling_rate",
    type: "float64",
    nullable: false,
    per: "frame",
    meaning:
      "how likely the row was to be stored, above 0 to 1: it stands for 1 / rate rows. The rate its request was decided under; 1 if a rule kept it",
  },
  configVersion: {
    name: "mdc_config_version",
    type: "int32",
    nullable: false,
    per: "frame",
    meaning: "the configuration then: rises by one with every accepted change",
  },
  rejected: {
    name: "mdc_rejected",
    type: "json",
    nullable: true,
    per: "row",
    meaning: "the values that did not fit their columns, by column",
  },
  tags: {
    name: "mdc_tags",
    type: "json",
    nullable: true,
    per: "frame",
    meaning: "the request's tags",
  },
} as const;

/** The keys of the system columns that have a value per `Per`. */
export type SystemColumnKey<Per extends SystemColumn["per"] = SystemColumn["per"]> = {
  [Key in keyof typeof systemColumns]: (typeof systemColumns)[Key]["per"] extends Per ? Key : never;
}[keyof typeof systemColumns];

/** {@link systemColumns} as a list. */
export const systemColumnList: readonly SystemColumn[] = Object.values(systemColumns);

/**
 * The one feature of a collection under policy `hash`: a digest of each row. No frame can have a column of
 * this name, for it begins as those of the system do.
 */
export const rowHashColumn = "mdc_row_hash";

/** True for the columns that the collector adds; all others are features, whose names cannot begin so. */
export function isSystemColumn(name: string): boolean {
  return name.startsWith(systemPrefix) && name !== rowHashColumn;
}

/**
 * The name under which a record of JSON lines has the column as an extension attribute: these have lower-case
 * letters and digits only (CloudEvents 1.0, "Naming Conventions").
 */
export function attributeName({ name }: SystemColumn): string {
  return name.replaceAll("_", "");
}

/**
 * The key, in a value of `mdc_rejected`, that says why something could not be stored at all, not even there.
 * No column can be named so.
 */
export const reasonKey = "mdc_reason";
