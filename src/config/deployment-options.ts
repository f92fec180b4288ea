import type { ErrorListener, StatsListener, WaitUntil } from "./callbacks.ts";
import type { TokenCredential } from "../destination/credential.ts";
import type { Durability, Fsync, TableKind } from "./deployment-config.ts";
import type { KeepRule } from "./keeping/keep-rule.ts";
import type { Format } from "../layout/format.ts";
import type { RollingRate } from "../layout/partition.ts";
import type { CollectionPolicy } from "./protection/policy.ts";
import type { RedactRules } from "./protection/redact-rules.ts";

/**
 * What a deployment can be told. Everything is optional; for each field the first of these that says
 * something holds: the option, the environment variable, the file, the default. Unknown names, wrong kinds
 * and values out of range are errors.
 */
export interface DeploymentOptions {
  /**
   * Name of the endpoint, the first part of every path: 1 to 63 of `A-Z a-z 0-9 . _ -`, a letter or digit
   * first, no `..`. `MDC_ENDPOINT`; default `default`. Fixed while running.
   */
  readonly endpoint?: string | undefined;
  /**
   * Name of the deployment, the second part of every path; as `endpoint`. `MDC_DEPLOYMENT`; default
   * `default`. Fixed while running.
   */
  readonly deployment?: string | undefined;
  /**
   * Stored with each row as `mdc_model_name`: 1 to 256 characters, or null for none. `MDC_MODEL_NAME`;
   * default null.
   */
  readonly modelName?: string | null | undefined;
  /** Stored with each row as `mdc_model_version`; as `modelName`. `MDC_MODEL_VERSION`; default null. */
  readonly modelVersion?: string | null | undefined;
  /**
   * Where files go: a folder (relative to the current directory at start, or a `file://` URL),
   * `https://<account>.blob.core.windows.net/<container>/<prefix>` (any cloud, private endpoint or emulator;
   * `http` for loopback only), `s3://<bucket>/<prefix>` (the region, and who we are, say AWS's variables and
   * files: see `docs/s3.md`), or `azureml://…` (the short form where `AZUREML_ARM_*` name the workspace). A
   * shared access signature in the URL's query becomes the credential and is kept out of everything that can
   * be printed. `MDC_DESTINATION`; default `./collected`. Fixed while running.
   */
  readonly destination?: string | URL | undefined;
  /**
   * `parquet`; `jsonl` for the records that Azure Machine Learning's monitoring reads; or `azureml`: each
   * frame is posted to the local agent of the platform's data collector, nothing is stored, and no
   * destination is needed (see `docs/azureml.md`). `MDC_FORMAT`; default `parquet`. Fixed while running.
   */
  readonly format?: Format | undefined;
  /**
   * `delta` keeps a Delta Lake log beside each collection's Parquet files, so that they are one Delta table,
   * with versions and statistics, for engines that read such (see `docs/delta.md`). `MDC_TABLE`; default
   * `none`. Fixed while running.
   */
  readonly table?: TableKind | undefined;
  /**
   * How much time a partition covers (`day`, `hour` or `minute`), and so how deep the folders are. Fixed for
   * the life of a collection: engines refuse a tree of two depths. Default `hour`.
   */
  readonly rollingRate?: RollingRate | undefined;
  /**
   * False: nothing is collected, and `collect` costs next to nothing. `MDC_DISABLED=1` says the same, and so
   * does the platform's `AZUREML_MDC_ENABLED` if it is not "true" and names no file of its own. Default true.
   */
  readonly enabled?: boolean | undefined;
  /**
   * True: nothing is collected from the next `collect` on, in no collection, and `status()` says so; what was
   * accepted before is still delivered. On as long as options, file or `deployment.update` turn it on: none
   * of them can overrule another. Default false.
   */
  readonly killSwitch?: boolean | undefined;
  /**
   * What to leave out or replace in all collections, by column, before anything of it is copied: `drop`,
   * `mask`, `{ hmacKeyEnv }` or `{ truncate }`. Of all that is said of a column, here, for its collection, in
   * a file or by its collector, the strictest holds. Default none.
   */
  readonly redact?: RedactRules | undefined;
  /**
   * The environment variable that holds the key of policy `hash`, or null. Default none: then the digest has
   * no key, and whoever can guess a row can check his guess.
   */
  readonly hashKeyEnv?: string | null | undefined;
  /**
   * Share of requests that are kept, 0 to 1; decided from the correlation id alone, so collections of equal
   * rate keep the same requests in every process. `MDC_SAMPLING_RATE`, else the platform's
   * `AZUREML_MDC_SAMPLE_RATE` in percent; default 1.
   */
  readonly samplingRate?: number | undefined;
  /**
   * Requests that are kept whatever the rate, whole and in all collections, with `mdc_sampling_rate` 1: a
   * predicate of a frame and its request, or `{ column, above, below }`, `{ column, equals }`, `{
   * slowerThanMs }`, `{ failed: true }`, `{ attribute, equals }`. While there are rules and a rate lies below
   * 1, frames wait in memory until their request is decided: see "Which requests are kept" in
   * `docs/configuration.md`. At most 100; default none.
   */
  readonly keep?: readonly KeepRule[] | undefined;
  /** How much waits for the end of its request, and whether it does. */
  readonly flightRecorder?: FlightRecorderOptions | undefined;
  /**
   * Has the next so many requests kept in full, with `mdc_sampling_rate` 1, and then goes back to the rate: 0
   * to 1,000,000,000, of this process. It begins when the number is set to another one, and with each
   * `update` that says it. Default 0.
   */
  readonly captureNext?: number | undefined;
  /**
   * Settings of single collections by name, in any case. A collection that is not named is on, at
   * `samplingRate`, unless a configuration file names others. Default none.
   */
  readonly collections?: { readonly [name: string]: CollectionOptions } | undefined;
  /** Where accepted data waits for delivery. */
  readonly spool?: SpoolOptions | undefined;
  /** How much is accepted. */
  readonly limits?: LimitOptions | undefined;
  /** When files are finished. */
  readonly rotation?: RotationOptions | undefined;
  /**
   * What is kept of all rows, sampled out ones too: a profile for each collection, column and hour, stored
   * beside the data (see "Profiles at the source" in `docs/monitoring.md`). True, or with the paths of
   * baselines, whose edges and categories rows are counted by. `MDC_PROFILES`: a switch, or the path of a
   * baseline. Default off. Fixed while running.
   */
  readonly profiles?: boolean | null | ProfileOptions | undefined;
  /**
   * Who we are at the destination: a token credential (anything of `@azure/identity`), a connection string,
   * or a shared access signature. Then the signature in the destination's URL,
   * `AZURE_STORAGE_CONNECTION_STRING`, `AZURE_STORAGE_SAS_TOKEN`, and at last `DefaultAzureCredential`.
   * Refused with a destination in S3, where AWS's own variables, files and roles say it. Fixed while running.
   */
  readonly credential?: TokenCredential | string | undefined;
  /**
   * Path of an Azure ML deployment YAML (`blue.yml`), which has our own settings beside it
   * (`blue.mdc.yml`); or of these alone. Followed while the deployment runs; `docs/configuration.md` says
   * what of them counts. `MDC_CONFIG`; default none. Fixed while running.
   */
  readonly configFile?: string | undefined;
  /**
   * Told of every drop and every delivery trouble, at most once a second for each reason and collection.
   * Default: a warning through `process.emitWarning`, at most once a minute for each. What it throws reaches
   * nobody. Fixed while running.
   */
  readonly onError?: ErrorListener | undefined;
  /**
   * Told the counters every 10 seconds and at the end. Default none. What it throws reaches nobody. Fixed
   * while running.
   */
  readonly onStats?: StatsListener | undefined;
  /**
   * How a serverless platform is told to let a request go on after its answer: called in a `collect` with a
   * promise that is kept when what was collected is at the destination, and never rejected; once for all
   * frames that come in quick succession. What it throws reaches nobody. Default: what Next.js and Vercel
   * publish, else none. See `docs/serverless.md`. Fixed while running.
   */
  readonly waitUntil?: WaitUntil | undefined;
}

/** How profiles of all rows are made. */
export interface ProfileOptions {
  /** The path of a baseline (what `Baseline.toJSON` gives, as JSON), or of several, one for a collection. */
  readonly baseline?: string | readonly string[] | undefined;
}

/** The frames that wait until it is decided whether their request is kept. */
export interface FlightRecorderOptions {
  /**
   * 0 to 16 GiB of memory, never more than a quarter of `limits.maxMemoryBytes`, of which it is part. With a
   * number a request that fails is kept like one that a rule keeps. Null: no flight recorder, but that rules
   * have one of 16 MiB for what waits. Default null.
   */
  readonly maxBytes?: number | null | undefined;
}

/** Settings of one collection. */
export interface CollectionOptions {
  /** False: `collect` is a no-op that still returns a context. Default true. */
  readonly enabled?: boolean | undefined;
  /** 0 to 1; null or absent: the deployment's rate, also when that changes. */
  readonly samplingRate?: number | null | undefined;
  /**
   * What is stored of its frames: `full` all of it; `metadata` a row for each row, without features; `hash`
   * the same with `mdc_row_hash`, a digest that is equal for equal rows; `none` nothing, counted as disabled.
   * The strictest that is said holds. Default `full`.
   */
  readonly policy?: CollectionPolicy | undefined;
  /** What to leave out or replace in this collection, as `redact` of all: `drop`, `mask`, … Default none. */
  readonly redact?: RedactRules | undefined;
}

/** Where accepted data waits until it is delivered, and what it survives there. */
export interface SpoolOptions {
  /**
   * Folder, used as it is; must be private to this user, on a local disk, and not shared by deployments of
   * different destinations, because whoever finds data in it delivers it to his own. Put it on a volume that
   * outlives the container. `MDC_SPOOL_DIR`; default: a folder for this destination below the user's state
   * folder (`$XDG_STATE_HOME`, `~/.local/state`, `~/Library/Application Support` or `%LOCALAPPDATA%`). Fixed
   * while running.
   */
  readonly directory?: string | undefined;
  /**
   * What an accepted frame survives: `memory` nothing, `group` the death of the process once
   * `flushIntervalMs` has passed, `frame` the death of the process once `collect` has returned, which then
   * waits for a local write. Default `group`. Fixed while running.
   */
  readonly durability?: Durability | undefined;
  /**
   * When data is made to survive a power cut: `never`, every `fsyncIntervalMs` (`interval`), or with each
   * write to the spool (`batch`). Default `interval`. Fixed while running.
   */
  readonly fsync?: Fsync | undefined;
  /**
   * How long frames gather in memory before they are written, 1 to 60,000 ms; default 20. Fixed while
   * running.
   */
  readonly flushIntervalMs?: number | undefined;
  /** With `fsync: "interval"`: 1 to 3,600,000 ms; default 1,000. Fixed while running. */
  readonly fsyncIntervalMs?: number | undefined;
  /**
   * 1 MiB to 16 TiB; default 1 GiB. What comes when it is full is dropped as `spool_full`; what is in it
   * stays.
   */
  readonly maxBytes?: number | undefined;
  /**
   * 0 to 16 TiB left free on the spool's disk; default 512 MiB. Below it new frames are dropped as
   * `disk_low`.
   */
  readonly minFreeBytes?: number | undefined;
}

/** How much is accepted. A frame beyond a limit is dropped as `too_large`, and `onError` is told. */
export interface LimitOptions {
  /**
   * Memory that accepted frames take, with all that holds them, until they are in the spool; 64 KiB to 64
   * GiB, default 128 MiB. Frames that come when it is full are dropped as `memory`. What the process grows by
   * besides: `docs/operations.md`, Memory.
   */
  readonly maxMemoryBytes?: number | undefined;
  /** One frame in columnar form, 1 KiB to 1 GiB; default 32 MiB. */
  readonly maxFrameBytes?: number | undefined;
  /** 1 to 100,000,000; default 1,000,000. */
  readonly maxFrameRows?: number | undefined;
  /** 1 to 10,000, which is what a collection can have of all its frames together; default 2,000. */
  readonly maxFrameColumns?: number | undefined;
  /**
   * UTF-8 bytes of one string or JSON cell, 64 B to 64 MiB; default 64 KiB. A longer one is cut, with a mark.
   */
  readonly maxStringBytes?: number | undefined;
  /**
   * How long `collect` may hold up its caller for each MiB of a frame or part of one, 1 to 60,000 ms; default
   * 50. When the running mean of a collection's calls (each new call weighs one eighth) is above it, the
   * collection rests for a minute, so that collecting can never be what makes a service slow: its frames are
   * dropped as `muted`, and `onError` is told. One slow call alone never does that.
   */
  readonly maxCollectMs?: number | undefined;
}

/**
 * When a file is finished and delivered: at whichever of the two comes first. Small values make many small
 * files.
 */
export interface RotationOptions {
  /**
   * 1 to 86,400,000 ms; default 60,000; with `format` `azureml` 1,000: the age at which data becomes visible
   * at the destination.
   */
  readonly maxAgeMs?: number | undefined;
  /** 1 KiB to 1 GiB of records before encoding; default 32 MiB. */
  readonly maxBytes?: number | undefined;
}

/**
 * What can be changed while running. Only what is given changes; within `collections`, `flightRecorder`,
 * `spool`, `limits` and `rotation` too. Anything else of {@link DeploymentOptions} needs a new deployment.
 */
export interface DeploymentPatch extends Pick<DeploymentOptions, "keep" | "flightRecorder" | "captureNext"> {
  readonly enabled?: boolean | undefined;
  readonly killSwitch?: boolean | undefined;
  /** In place of what an earlier update said of it; options and file hold beside it. */
  readonly redact?: RedactRules | undefined;
  readonly hashKeyEnv?: string | null | undefined;
  readonly samplingRate?: number | undefined;
  /** By collection; null takes a collection's own settings away, those of options and file too. */
  readonly collections?: { readonly [name: string]: CollectionOptions | null } | undefined;
  /** Rows collected from now on carry the new one. */
  readonly modelName?: string | null | undefined;
  readonly modelVersion?: string | null | undefined;
  readonly rotation?: RotationOptions | undefined;
  readonly limits?: LimitOptions | undefined;
  /** The bounds only. */
  readonly spool?: Pick<SpoolOptions, "maxBytes" | "minFreeBytes"> | undefined;
}
