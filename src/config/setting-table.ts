import { parseConnectionString, parseSharedAccessSignature } from "../destination/credential.ts";
import { parseDestination } from "../destination/parse-destination.ts";
import type { ErrorListener, StatsListener, WaitUntil } from "./callbacks.ts";
import { defaultSpool } from "./default-spool.ts";
import { keepRules } from "./keeping/keep-rules-kind.ts";
import { type Durability, type Fsync, maxColumns, type TableKind } from "./deployment-config.ts";
import {
  parseModelName,
  parseModelVersion,
  parsePercentage,
  parseRollingRate,
  parseShare,
  parseSwitch,
} from "./file/azure-values.ts";
import { payloadRows } from "./payload/payload-rows.ts";
import { parseProfilesText, profilesKind } from "./profiles/profiles-kind.ts";
import { policies, strictestPolicy } from "./protection/policy.ts";
import { strictestRules } from "./protection/redact-rules.ts";
import * as kinds from "./setting-kinds.ts";
import {
  type CollectionSettings,
  Computed,
  type Named,
  type Rows,
  type SettingValues,
} from "./setting-row.ts";
import type { Format } from "../layout/format.ts";
import {
  parseDecimalShare,
  parseDisabled,
  parseLegacyRate,
  parseLegacySwitch,
  parseListText,
  parsePort,
} from "./variable-values.ts";
import type { RollingRate } from "../layout/partition.ts";

const { KiB, MiB, GiB, TiB } = kinds;

/** Endpoint and deployment of whoever names none. */
export const defaultName = "default";

/** Why settings cannot change while a deployment runs. */
const path = "it is part of the path of files that are being written";
const connection = "accepted data is on its way there";
const spool = "the spool is opened with it";
const once = "it is set up once";

/** What the file of our settings says, under the option's name. */
const ours = { ours: true } as const;

/**
 * Every setting, in one row each: what values it takes, its default, how environment and files say it, and
 * whether it can change while the deployment runs. Options, variables, files, patches, their refusals and the
 * tables in `docs/configuration.md` come from here. A new setting is a row, a line with its meaning in
 * `DeploymentOptions`, and a field in `DeploymentConfig`.
 */
export const settingTable: SettingTable = {
  endpoint: {
    kind: kinds.name,
    default: defaultName,
    variable: "MDC_ENDPOINT",
    file: { ours: true, azure: "endpoint_name" },
    live: path,
  },
  deployment: {
    kind: kinds.name,
    default: defaultName,
    variable: "MDC_DEPLOYMENT",
    file: { ours: true, azure: "name" },
    live: path,
  },
  modelName: {
    kind: kinds.orNull(kinds.model),
    default: null,
    variable: "MDC_MODEL_NAME",
    file: { ours: true, azure: { model: parseModelName } },
    live: true,
  },
  modelVersion: {
    kind: kinds.orNull(kinds.model),
    default: null,
    variable: "MDC_MODEL_VERSION",
    file: { ours: true, azure: { model: parseModelVersion } },
    live: true,
  },
  destination: {
    kind: kinds.destination,
    default: new Computed(
      "`./collected`",
      (_, { fallbackDestination }) =>
        fallbackDestination?.() ?? parseDestination("./collected", "default destination"),
    ),
    variable: "MDC_DESTINATION",
    file: ours,
    live: connection,
    secret: true,
  },
  format: {
    kind: kinds.choice<Format>("parquet", "jsonl", "azureml"),
    default: "parquet",
    variable: "MDC_FORMAT",
    file: ours,
    live: "files that are being written depend on it",
  },
  table: {
    kind: kinds.choice<TableKind>("none", "delta"),
    default: "none",
    variable: "MDC_TABLE",
    file: ours,
    live: "files are entered into the table's log by it from the first one on",
  },
  agent: {
    rows: {
      host: {
        kind: kinds.host,
        default: "127.0.0.1",
        variable: "AZUREML_MDC_HOST",
        file: {},
        live: connection,
        option: false,
      },
      port: {
        kind: kinds.port,
        default: 50_011,
        variable: { AZUREML_MDC_PORT: parsePort },
        file: {},
        live: connection,
        option: false,
      },
    },
  },
  rollingRate: {
    kind: kinds.choice<RollingRate>("day", "hour", "minute"),
    default: "hour",
    file: { ours: true, azure: { "data_collector.rolling_rate": parseRollingRate } },
    live: path,
  },
  enabled: {
    kind: kinds.flag,
    default: true,
    variable: { MDC_DISABLED: parseDisabled, AZUREML_MDC_ENABLED: parseLegacySwitch },
    file: ours,
    live: true,
  },
  killSwitch: {
    kind: kinds.flag,
    default: false,
    file: ours,
    live: true,
    together: (said) => said.includes(true),
  },
  redact: { kind: kinds.redactRules, default: {}, file: ours, live: true, together: strictestRules },
  hashKeyEnv: { kind: kinds.orNull(kinds.secretVariable), default: null, file: ours, live: true },
  samplingRate: {
    kind: kinds.rate,
    default: 1,
    variable: { MDC_SAMPLING_RATE: parseDecimalShare, AZUREML_MDC_SAMPLE_RATE: parseLegacyRate },
    file: { ours: true, azure: { "data_collector.sampling_rate": parseShare } },
    live: true,
  },
  keep: { kind: keepRules, default: [], file: ours, live: true },
  flightRecorder: {
    rows: {
      maxBytes: { kind: kinds.orNull(kinds.bytes(0, 16 * GiB)), default: null, file: ours, live: true },
    },
  },
  captureNext: { kind: kinds.count(0, 1_000_000_000), default: 0, file: ours, live: true },
  collections: {
    each: {
      enabled: {
        kind: kinds.flag,
        default: true,
        file: {
          ours: true,
          azure: { "data_collector.collections.<name>.enabled": parseSwitch },
          agent: "enabled",
        },
        live: true,
      },
      samplingRate: {
        kind: kinds.orNull(kinds.rate),
        default: null,
        file: {
          ours: true,
          azure: { "data_collector.collections.<name>.sampling_rate": parseShare },
          agent: { sampleRatePercentage: parsePercentage, sampling_percentage: parsePercentage },
        },
        live: true,
      },
      policy: {
        kind: kinds.choice(...policies),
        default: "full",
        file: ours,
        live: true,
        together: strictestPolicy,
      },
      redact: { kind: kinds.redactRules, default: {}, file: ours, live: true, together: strictestRules },
    },
  },
  spool: {
    rows: {
      directory: {
        kind: kinds.folder,
        default: new Computed("a folder for this destination below the user's state folder", defaultSpool),
        variable: "MDC_SPOOL_DIR",
        file: ours,
        live: spool,
      },
      durability: {
        kind: kinds.choice<Durability>("memory", "group", "frame"),
        default: "group",
        file: ours,
        live: spool,
      },
      fsync: {
        kind: kinds.choice<Fsync>("never", "interval", "batch"),
        default: "interval",
        file: ours,
        live: spool,
      },
      flushIntervalMs: { kind: kinds.milliseconds(1, 60_000), default: 20, file: ours, live: spool },
      fsyncIntervalMs: { kind: kinds.milliseconds(1, 3_600_000), default: 1_000, file: ours, live: spool },
      maxBytes: { kind: kinds.bytes(MiB, 16 * TiB), default: GiB, file: ours, live: true },
      minFreeBytes: { kind: kinds.bytes(0, 16 * TiB), default: 512 * MiB, file: ours, live: true },
    },
  },
  limits: {
    rows: {
      maxMemoryBytes: { kind: kinds.bytes(64 * KiB, 64 * GiB), default: 128 * MiB, file: ours, live: true },
      maxFrameBytes: { kind: kinds.bytes(KiB, GiB), default: 32 * MiB, file: ours, live: true },
      maxFrameRows: { kind: kinds.count(1, 100_000_000), default: 1_000_000, file: ours, live: true },
      maxFrameColumns: { kind: kinds.count(1, maxColumns), default: 2_000, file: ours, live: true },
      maxStringBytes: { kind: kinds.bytes(64, 64 * MiB), default: 64 * KiB, file: ours, live: true },
      maxCollectMs: { kind: kinds.milliseconds(1, 60_000), default: 50, file: ours, live: true },
    },
  },
  rotation: {
    rows: {
      maxAgeMs: {
        kind: kinds.milliseconds(1, 86_400_000),
        default: new Computed("60,000; with `format` `azureml` 1,000", ({ format }) =>
          format === "azureml" ? 1_000 : 60_000,
        ),
        file: ours,
        live: true,
      },
      maxBytes: { kind: kinds.bytes(KiB, GiB), default: 32 * MiB, file: ours, live: true },
    },
  },
  profiles: {
    kind: profilesKind,
    default: null,
    variable: { MDC_PROFILES: parseProfilesText },
    file: ours,
    live: "profiles are made by it from the first frame on",
  },
  credential: {
    kind: kinds.credential,
    default: undefined,
    variable: {
      AZURE_STORAGE_CONNECTION_STRING: parseConnectionString,
      AZURE_STORAGE_SAS_TOKEN: parseSharedAccessSignature,
    },
    file: {},
    live: connection,
    secret: true,
  },
  configFile: { kind: kinds.file, default: undefined, variable: "MDC_CONFIG", file: {}, live: once },
  onError: { kind: kinds.listener<ErrorListener>(), default: undefined, file: {}, live: once },
  onStats: { kind: kinds.listener<StatsListener>(), default: undefined, file: {}, live: once },
  waitUntil: { kind: kinds.listener<WaitUntil>(), default: undefined, file: {}, live: once },
  captureHeaders: {
    kind: kinds.headerNames,
    default: [],
    variable: { MDC_CAPTURE_HEADERS: parseListText(kinds.headerNames) },
    file: { ours: true, azure: "data_collector.request_logging.capture_headers" },
    live: true,
    option: false,
  },
  payload: { rows: payloadRows },
  clientId: {
    kind: kinds.orNull(kinds.model),
    default: null,
    file: { azure: { "data_collector.collections.<name>.client_id": kinds.modelText } },
    live: connection,
    option: false,
  },
};

/** A row for each field of {@link SettingValues}: without its row, a new one does not compile. */
export type SettingTable = Rows<Omit<SettingValues, "collections">> & {
  readonly collections: Named<Rows<CollectionSettings>>;
};
