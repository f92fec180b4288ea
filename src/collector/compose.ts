import { systemClock } from "../base/time/clock.ts";
import { systemIds } from "../base/ids.ts";
import { LocalAgent } from "../agent/local-agent.ts";
import { createAzureMlEncoder } from "../codec/azureml/azureml-encoder.ts";
import { createJsonlEncoder } from "../codec/jsonl/jsonl-encoder.ts";
import { createParquetEncoder } from "../codec/parquet/parquet-encoder.ts";
import type { DeploymentConfig, ProfilesConfig } from "../config/deployment-config.ts";
import type { NetworkVariables } from "../config/environment.ts";
import { objectReference } from "../destination/object-url.ts";
import type { ColumnGroups } from "../layout/columns/column-groups.ts";
import type { TableLogs } from "../delta/table-logs.ts";
import { createEngine, type TendingEngine } from "../pipeline/delivery/engine.ts";
import { type CurrentSettings, LiveSettings } from "../pipeline/live-settings.ts";
import type { Emit } from "../pipeline/engine-event.ts";
import { createFolderSpool } from "../spool/folder-spool.ts";
import { createMemorySpool } from "../spool/memory-spool.ts";
import type { Spool } from "../spool/spool.ts";
import type { AzureCredential } from "../store/azure/azure-credential.ts";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import { folderOptions, type WriterSpec } from "./background/near/compose-writer.ts";

/** All that an engine is made from, as plain data: it may have to cross into another thread. */
export interface EngineSpec extends WriterSpec {
  readonly config: DeploymentConfig;
  readonly credential: CredentialSpec;
  /** What a thread of its own is to have in its environment. Default nothing. */
  readonly network?: NetworkVariables;
}

/** How to prove who we are. `token` asks the main thread, where the caller's own credential object lives. */
export type CredentialSpec =
  | Exclude<AzureCredential, { kind: "token" }>
  | { readonly kind: "token"; readonly trustedHosts: readonly string[] };

/** What an engine needs of its surroundings. */
export interface EngineHost {
  readonly emit: Emit;
  readonly getToken: Extract<AzureCredential, { kind: "token" }>["getToken"];
}

/** The composition root of everything behind the hand-over. */
export function composeEngine(spec: EngineSpec, host: EngineHost): TendingEngine {
  const { config, credential } = spec;
  const proof: AzureCredential =
    credential.kind === "token" ? { ...credential, getToken: host.getToken } : credential;
  const settings = new LiveSettings(config);
  const store = openStore(config.destination, proof);
  return createEngine({
    ...(config.format === "azureml" ? {} : { instance: spec.instance }),
    spool: composeSpool(spec, settings),
    store,
    encoders: {
      parquet: createParquetEncoder(),
      jsonl: createJsonlEncoder(),
      azureml: createAzureMlEncoder(),
    },
    sender: new LocalAgent(config.agent),
    onlySends: config.format === "azureml",
    reference: (path) => objectReference(config.destination, path),
    ...(config.profiles === null ? {} : { groups: groupsOf(config.profiles) }),
    clock: systemClock,
    emit: host.emit,
    settings,
    fsync: config.spool.fsync,
    fsyncIntervalMs: config.spool.fsyncIntervalMs,
    tables: tablesOf(store),
    entersTables: config.table === "delta",
  });
}

/** What reads footers is loaded with the first file that is to be entered: most deployments have none. */
function tablesOf(store: Store): TableLogs {
  let tables: TableLogs | undefined;
  return {
    async enter(files) {
      const { DeltaTables } = await import("../delta/delta-tables.ts");
      tables ??= new DeltaTables(store);
      return await tables.enter(files);
    },
  };
}

function groupsOf({ baselines }: ProfilesConfig): ReadonlyMap<string, ColumnGroups> {
  return new Map(baselines.map(({ collection, columns }) => [collection, new Map(Object.entries(columns))]));
}

/** The spool of an engine, within the bounds that hold now. */
function composeSpool(spec: EngineSpec, settings: CurrentSettings): Spool {
  if (spec.config.spool.durability === "memory") {
    return createMemorySpool({
      clock: systemClock,
      ids: systemIds,
      get maxBytes() {
        return settings.current.limits.maxMemoryBytes;
      },
    });
  }
  return createFolderSpool(folderOptions(spec, settings));
}
