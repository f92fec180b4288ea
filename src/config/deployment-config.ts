/**
 * What a deployment is set to, right now: one frozen snapshot, swapped whole. `resolve.ts` makes it from the user's
 * options, the environment and defaults; nothing else reads those.
 */
export interface DeploymentConfig {
  /** Rises by one with every accepted change, from 1; stored with each row as `mdc_config_version`. */
  readonly version: number;
  readonly endpoint: string;
  readonly deployment: string;
  readonly modelName: string | null;
  readonly modelVersion: string | null;
  readonly destination: Destination;
  readonly format: Format;
  /** Depth of the time partitions. */
  readonly rollingRate: RollingRate;
  /** False switches every collection off (`MDC_DISABLED`). */
  readonly enabled: boolean;
  /** 0 to 1, for collections that have no rate of their own. */
  readonly samplingRate: number;
  /** By lower-case name; a collection that is not named here is on, at `samplingRate`. */
  readonly collections: ReadonlyMap<string, CollectionConfig>;
  readonly spool: SpoolConfig;
  readonly limits: Limits;
  readonly rotation: Rotation;
}

export interface CollectionConfig {
  readonly enabled: boolean;
  readonly samplingRate: number;
}

/** Where files go. Holds no secret. */
export type Destination =
  | { readonly kind: "folder"; readonly path: string }
  | {
      readonly kind: "azure-blob";
      /** `https://<account>.blob.core.windows.net` or an emulator's `http://127.0.0.1:10000/<account>`, without query. */
      readonly accountUrl: string;
      readonly container: string;
      /** Without leading or trailing `/`; may be empty. */
      readonly prefix: string;
    };

export type Format = "parquet" | "jsonl";
export type RollingRate = "day" | "hour" | "minute";

export interface SpoolConfig {
  /** Folder of the spool. */
  readonly directory: string;
  readonly durability: Durability;
  readonly fsync: Fsync;
  readonly maxBytes: number;
  readonly minFreeBytes: number;
  /** How long accepted frames may stay in memory before they are written to the spool, milliseconds. */
  readonly flushIntervalMs: number;
  /** With `fsync: "interval"`: milliseconds between syncs. */
  readonly fsyncIntervalMs: number;
}

/** `memory`: lost with the process. `group`: in the spool within `flushIntervalMs`. `frame`: in the spool when `collect` returns. */
export type Durability = "memory" | "group" | "frame";
export type Fsync = "never" | "interval" | "batch";

export interface Limits {
  /** Bytes of accepted data in memory, all threads. */
  readonly maxMemoryBytes: number;
  readonly maxFrameBytes: number;
  readonly maxFrameRows: number;
  readonly maxFrameColumns: number;
  /** UTF-8 bytes of one string or JSON cell; a longer one is cut, with a mark. */
  readonly maxStringBytes: number;
}

export interface Rotation {
  /** A file is finished at this age, milliseconds. */
  readonly maxAgeMs: number;
  /** A file is finished at this size of its records, bytes. */
  readonly maxBytes: number;
}

/** The current config, and word of every change. */
export interface ConfigHandle {
  readonly current: DeploymentConfig;
  /** Called after each swap. Dispose to stop. */
  subscribe(listener: (config: DeploymentConfig) => void): Disposable;
}
