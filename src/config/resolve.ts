import { basename, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { sha256 } from "../base/checksum.ts";
import { asError, wrongValue } from "../base/errors.ts";
import { ownJson } from "../base/own-json.ts";
import { readTextFile } from "../base/files/text-file.ts";
import { readAgentFile } from "./file/agent-file.ts";
import type { ErrorListener, StatsListener } from "./callbacks.ts";
import type { Credential } from "../destination/credential.ts";
import type { CollectionConfig, DeploymentConfig } from "./deployment-config.ts";
import type { Destination } from "../destination/destination.ts";
import type { DeploymentOptions } from "./deployment-options.ts";
import { readDeploymentFile } from "./file/deployment-file.ts";
import { parseDestination } from "../destination/parse-destination.ts";
import type { ConfigFile, Environment } from "./environment.ts";
import type { FileSettings } from "./file/file-settings.ts";
import { fixedError, refuseFixedChanges } from "./fixed-settings.ts";
import type { Secret } from "../destination/secret.ts";
import {
  type CollectionSettings,
  defaults,
  type ParsedOptions,
  parseDeploymentOptions,
  type Settings,
} from "./settings.ts";

/** All that a deployment starts from. */
export interface ResolvedDeployment {
  readonly config: DeploymentConfig;
  /** Who we are at the destination; null leaves it to `DefaultAzureCredential`. */
  readonly credential: Secret<Credential> | null;
  /** Hosts beside Azure's own that may have an access token. */
  readonly trustedHosts: readonly string[];
  readonly onError: ErrorListener | undefined;
  readonly onStats: StatsListener | undefined;
  /** The file that part of it came from. */
  readonly file: ResolvedFile | undefined;
}

/** A configuration file, which may change while the deployment runs. */
export interface ResolvedFile {
  readonly path: string;
  /** As it was read. */
  readonly content: string;
  /**
   * What would hold if the file said this. Throws a `TypeError` or `RangeError` with file and line for what is wrong with it, also if it
   * changes what a running deployment cannot.
   */
  resolve(content: string): DeploymentConfig;
}

/**
 * What holds: for each field the options, then the environment, then the file, then the default. `callee` begins the message of every
 * error in `options`.
 */
export function resolveDeployment(
  options: DeploymentOptions,
  environment: Environment,
  callee = "openDeployment",
): ResolvedDeployment {
  const parsed = parseDeploymentOptions(options, callee, environment.workspace);
  const named: ConfigFile | undefined =
    parsed.configFile === undefined
      ? environment.configFile
      : { path: parsed.configFile, kind: "deployment", where: `${callee} option configFile` };
  const content = named === undefined ? undefined : readConfigFile(named);
  const read = (text: string): FileSettings =>
    named?.kind === "agent"
      ? readAgentFile(text, named.path)
      : readDeploymentFile(text, named?.path ?? "", environment.workspace);
  const resolved = (file: FileSettings | undefined): ResolvedSettings =>
    resolveSettings({ options: parsed, environment, file }, callee);

  const { config, credential } = resolved(content === undefined ? undefined : read(content));
  return {
    config,
    credential: parsed.credential ?? credential ?? environment.credential ?? null,
    trustedHosts: environment.trustedHosts ?? [],
    onError: parsed.onError,
    onStats: parsed.onStats,
    file:
      named === undefined || content === undefined
        ? undefined
        : {
            path: named.path,
            content,
            resolve(changed) {
              const file = read(changed);
              const next = resolved(file);
              refuseFixedChanges(config, next.config, file.where);
              if (!isDeepStrictEqual(next.credential?.reveal(), credential?.reveal()))
                throw fixedError("credential", file.where("destination"), undefined);
              return next.config;
            },
          },
  };
}

function readConfigFile({ path, where }: ConfigFile): string {
  try {
    return readTextFile(path);
  } catch (thrown) {
    // The system's message names the path a second time.
    const [reason] = asError(thrown).message.split(", open '");
    throw wrongValue(where, `a text file that can be read (${reason})`, path);
  }
}

interface Sources {
  readonly options: Partial<ParsedOptions>;
  readonly environment: Environment;
  readonly file: FileSettings | undefined;
}

interface ResolvedSettings {
  readonly config: DeploymentConfig;
  /** What was written into the destination's URL. */
  readonly credential: Secret<Credential> | null;
}

function resolveSettings({ options, environment, file }: Sources, callee: string): ResolvedSettings {
  const sources: readonly Partial<Settings>[] = [options, environment.settings, file?.settings ?? {}];
  const first = <K extends keyof Settings>(key: K): Settings[K] | undefined =>
    sources.find((source) => source[key] !== undefined)?.[key];

  const { destination, credential } =
    first("destination") ??
    file?.fallbackDestination?.() ??
    parseDestination(defaults.destination, "default destination");
  const samplingRate = first("samplingRate") ?? defaults.samplingRate;
  const othersEnabled = first("othersEnabled") ?? true;
  const collections = overlayCollections(sources.map((source) => source.collections));
  const spool = { directory: undefined, ...defaults.spool, ...overlay(sources, "spool") };
  const config = freezeConfig({
    version: 1,
    endpoint: first("endpoint") ?? defaults.endpoint,
    deployment: first("deployment") ?? defaults.deployment,
    modelName: first("modelName") ?? null,
    modelVersion: first("modelVersion") ?? null,
    destination,
    format: first("format") ?? defaults.format,
    rollingRate: first("rollingRate") ?? defaults.rollingRate,
    enabled: first("enabled") ?? true,
    samplingRate,
    collections: resolveCollections(collections, samplingRate, othersEnabled),
    othersEnabled,
    clientId: first("clientId") ?? null,
    spool: {
      ...spool,
      directory:
        spool.directory ?? defaultSpool(destination, environment, spool.durability === "memory", callee),
    },
    limits: { ...defaults.limits, ...overlay(sources, "limits") },
    rotation: { ...defaults.rotation, ...overlay(sources, "rotation") },
  });
  return { config, credential };
}

/** What the sources say of a group of settings, the first source on top. */
function overlay<K extends "spool" | "limits" | "rotation">(
  sources: readonly Partial<Settings>[],
  key: K,
): Settings[K] {
  return Object.assign({}, ...sources.toReversed().map((source) => source[key])) as Settings[K];
}

/** The same of the single collections, field by field. */
function overlayCollections(
  sources: readonly (Settings["collections"] | undefined)[],
): Settings["collections"] {
  const merged = new Map<string, Partial<CollectionSettings>>();
  for (const source of sources.toReversed()) {
    for (const [key, settings] of source ?? []) merged.set(key, { ...merged.get(key), ...settings });
  }
  return merged;
}

/** Fills in what collections take over from the deployment. */
export function resolveCollections(
  collections: ReadonlyMap<string, Partial<CollectionSettings>>,
  samplingRate: number,
  othersEnabled: boolean,
): ReadonlyMap<string, CollectionConfig> {
  const resolved = new Map<string, CollectionConfig>();
  for (const [key, settings] of collections) {
    const own = settings.samplingRate ?? null;
    resolved.set(key, {
      enabled: settings.enabled ?? othersEnabled,
      samplingRate: own ?? samplingRate,
      inheritsSamplingRate: own === null,
    });
  }
  return resolved;
}

/** Freezes a config through and through. */
export function freezeConfig(config: DeploymentConfig): DeploymentConfig {
  for (const part of [config.destination, config.spool, config.limits, config.rotation]) Object.freeze(part);
  for (const collection of config.collections.values()) Object.freeze(collection);
  freezeMap(config.collections);
  return Object.freeze(config);
}

/**
 * `Object.freeze` alone leaves a map's entries open. The new methods do not show, so the map still compares and clones as
 * one.
 */
function freezeMap(map: ReadonlyMap<unknown, unknown>): void {
  const refuse = (): never => {
    throw new TypeError("a deployment's config cannot be changed; use deployment.update");
  };
  const method = { value: refuse };
  Object.freeze(Object.defineProperties(map, { set: method, delete: method, clear: method }));
}

/**
 * A spool for each destination: whoever finds data in a spool delivers it to his own destination, so two programs of
 * one user that write to different places must not meet. Endpoint and deployment need not differ, they are kept with
 * the data.
 */
function defaultSpool(
  destination: Destination,
  { stateFolder }: Environment,
  unused: boolean,
  callee: string,
): string {
  if (stateFolder === undefined) {
    if (unused) return "";
    throw wrongValue(
      `${callee} option spool.directory`,
      'a folder (or MDC_SPOOL_DIR, or spool.durability "memory"), because this user has no home folder',
      undefined,
    );
  }
  const { name, identity } = describeDestination(destination);
  const hash = sha256(ownJson(identity)).slice(0, 16);
  const readable = name.replace(/[^A-Za-z0-9_-]+/g, "-").slice(0, 32);
  return join(stateFolder, "model-data-collector", "spool", `${readable}-${hash}`);
}

function describeDestination(destination: Destination): { name: string; identity: readonly string[] } {
  switch (destination.kind) {
    case "folder":
      return { name: basename(destination.path), identity: ["folder", destination.path] };
    case "azure-blob": {
      const { accountUrl, container, prefix } = destination;
      return { name: container, identity: ["azure-blob", accountUrl, container, prefix] };
    }
    case "azureml-datastore": {
      const { subscriptionId, resourceGroup, workspace, datastore, prefix } = destination;
      const identity = ["azureml-datastore", subscriptionId, resourceGroup, workspace, datastore, prefix];
      return { name: datastore, identity };
    }
  }
}
