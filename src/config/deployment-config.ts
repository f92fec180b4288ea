import { isDeepStrictEqual } from "node:util";
import type { Destination } from "../destination/destination.ts";
import { collectionKey } from "../layout/collection-key.ts";
import type { ColumnCounting } from "../layout/columns/column-groups.ts";
import type { Format } from "../layout/format.ts";
import { labelCollection } from "../layout/ground-truth/label-key.ts";
import type { RollingRate } from "../layout/partition.ts";
import type { KeepRule } from "./keeping/keep-rule.ts";
import type { PayloadConfig } from "./payload/payload-config.ts";
import type { CollectionPolicy } from "./protection/policy.ts";
import { type RedactRules, strictestRules } from "./protection/redact-rules.ts";

/**
 * What a deployment is set to, right now: one frozen snapshot, swapped whole. `resolve.ts` makes it from the
 * user's options, the environment, a file and defaults; nothing else reads those. Plain data without secrets:
 * it can be printed, and, without `keep`, cloned into another
 * thread.
 */
export interface DeploymentConfig {
  /** Rises by one with every accepted change, from 1; stored with each row as `mdc_config_version`. */
  readonly version: number;
  /** First part of every path. */
  readonly endpoint: string;
  /** Second part of every path. */
  readonly deployment: string;
  readonly modelName: string | null;
  readonly modelVersion: string | null;
  readonly destination: Destination;
  readonly format: Format;
  /** What engines can take a collection's files for, beside what they are. */
  readonly table: TableKind;
  /** Where the platform's local agent listens. */
  readonly agent: AgentConfig;
  /** Depth of the time partitions. */
  readonly rollingRate: RollingRate;
  /** False switches every collection off (`MDC_DISABLED`). */
  readonly enabled: boolean;
  /** True stops collecting in every collection, whatever else is set. */
  readonly killSwitch: boolean;
  /** By lower-case column, for all collections, beside what each has of its own. */
  readonly redact: RedactRules;
  /** The environment variable with the key of policy `hash`; null for a digest without key. */
  readonly hashKeyEnv: string | null;
  /** 0 to 1, for collections that have no rate of their own. */
  readonly samplingRate: number;
  /** Which requests are kept whatever the rate. Functions among them are the caller's own. */
  readonly keep: readonly KeepRule[];
  readonly flightRecorder: FlightRecorderConfig;
  /** How many requests were to be kept in full when this was set. */
  readonly captureNext: number;
  /** By lower-case name. */
  readonly collections: ReadonlyMap<string, CollectionConfig>;
  /**
   * Whether a collection that is not named there is on, at `samplingRate`. True, unless a configuration file
   * names collections: then only those are collected.
   */
  readonly othersEnabled: boolean;
  /** Headers that payload logging stores, in lower case, where its own option names none. */
  readonly captureHeaders: readonly string[];
  /** What payload logging stores, beside what its own options say. */
  readonly payload: PayloadConfig;
  /** Of the managed identity that writes; null for the machine's own. */
  readonly clientId: string | null;
  readonly spool: SpoolConfig;
  readonly limits: Limits;
  readonly rotation: Rotation;
  /** How the rows of collections are profiled, sampled out ones too; null: they are not. */
  readonly profiles: ProfilesConfig | null;
}

/** `delta` keeps a log of each collection's files: with it they are a Delta table. */
export type TableKind = "none" | "delta";

/** What is kept of all rows. */
export interface ProfilesConfig {
  /** How baselines have columns counted. */
  readonly baselines: readonly CollectionGroups[];
}

/** How a baseline has the columns of a collection counted. */
export interface CollectionGroups {
  /** In lower case. */
  readonly collection: string;
  /** By column. */
  readonly columns: Readonly<Record<string, ColumnCounting>>;
}

/** What waits for its request's end. Meaning, range and default: `FlightRecorderOptions`. */
export interface FlightRecorderConfig {
  /** Bytes of memory, or null: there is no flight recorder. */
  readonly maxBytes: number | null;
}

/** The settings of one collection. */
export interface CollectionConfig {
  /** False: `collect` is a no-op. Says nothing of {@link DeploymentConfig.enabled}. */
  readonly enabled: boolean;
  /** 0 to 1: the rate that holds, whoever set it. */
  readonly samplingRate: number;
  /** True when the rate is the deployment's and follows it. */
  readonly inheritsSamplingRate: boolean;
  /** What is stored of its frames. */
  readonly policy: CollectionPolicy;
  /** By lower-case column, beside what holds for all collections. */
  readonly redact: RedactRules;
}

/** What holds for a collection, in whatever case its name is written: the switches and its rate. */
export function effectiveCollection(
  config: DeploymentConfig,
  name: string,
): { readonly enabled: boolean; readonly samplingRate: number } {
  const own = config.collections.get(collectionKey(name));
  const isOn = config.enabled && !config.killSwitch && own?.policy !== "none";
  return {
    // What is labelled is labelled on purpose, whichever collections a file of Azure's names.
    enabled: isOn && (own?.enabled ?? (config.othersEnabled || collectionKey(name) === labelCollection)),
    samplingRate: own?.samplingRate ?? config.samplingRate,
  };
}

/** The local agent of an Azure ML endpoint, to which frames go with format `azureml`. */
export interface AgentConfig {
  readonly host: string;
  readonly port: number;
}

/** What of a collection's frames may be stored: its own rules with those for all. */
export function effectiveProtection(
  config: DeploymentConfig,
  name: string,
): Pick<CollectionConfig, "policy" | "redact"> {
  const { policy, redact } = config.collections.get(collectionKey(name)) ?? nothingSaid;
  return { policy, redact: strictestRules([redact, config.redact]) };
}

/** True if both let the same of all frames be stored. */
export function isProtectedAlike(one: DeploymentConfig, other: DeploymentConfig): boolean {
  const rules = ({ redact, hashKeyEnv, collections, payload }: DeploymentConfig): unknown => [
    ...[redact, hashKeyEnv, payload.redact, payload.policy],
    ...Array.from(collections, ([key, { policy, redact: own }]) => [key, policy, own]),
  ];
  return isDeepStrictEqual(rules(one), rules(other));
}

const nothingSaid = { policy: "full", redact: {} } as const;

/** Where accepted data waits for delivery. Meanings, ranges and defaults: `SpoolOptions`. */
export interface SpoolConfig {
  /**
   * Folder of the spool, absolute; empty only when durability is `memory` and the machine has no place for
   * it.
   */
  readonly directory: string;
  readonly durability: Durability;
  readonly fsync: Fsync;
  /** Bytes the spool may hold. */
  readonly maxBytes: number;
  /** Bytes the spool leaves free on its disk. */
  readonly minFreeBytes: number;
  /** How long accepted frames may stay in memory before they are written to the spool, milliseconds. */
  readonly flushIntervalMs: number;
  /** With `fsync: "interval"`: milliseconds between syncs. */
  readonly fsyncIntervalMs: number;
}

/**
 * What an accepted frame survives. `memory`: nothing, it is lost with the process. `group`: in the spool
 * within `flushIntervalMs`. `frame`: in the spool when `collect` returns.
 */
export type Durability = "memory" | "group" | "frame";
/** When the spool asks the disk to make what it wrote survive a power cut. */
export type Fsync = "never" | "interval" | "batch";

/**
 * Columns that a collection can have, of all its frames together. A file costs something for each of them,
 * whether it has values or not, and so does every version of the pinned types.
 */
export const maxColumns = 10_000;

/** How much is accepted. Meanings, ranges and defaults: `LimitOptions`. */
export interface Limits {
  /** Bytes of memory that accepted frames take until they are in the spool. */
  readonly maxMemoryBytes: number;
  /** Bytes of one frame. */
  readonly maxFrameBytes: number;
  readonly maxFrameRows: number;
  readonly maxFrameColumns: number;
  /** UTF-8 bytes of one string or JSON cell; a longer one is cut, with a mark. */
  readonly maxStringBytes: number;
  /**
   * What `collect` may take on average for a MiB of a frame before its collection rests for a minute,
   * milliseconds.
   */
  readonly maxCollectMs: number;
}

/** When a file is finished: at whichever of the two comes first. */
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
