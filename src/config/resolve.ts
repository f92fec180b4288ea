import { basename, join } from "node:path";
import { sha256 } from "../base/checksum.ts";
import { wrongValue } from "../base/errors.ts";
import type { ErrorListener, StatsListener } from "./callbacks.ts";
import type { Credential } from "./credential.ts";
import type { CollectionConfig, DeploymentConfig, Destination } from "./deployment-config.ts";
import type { DeploymentOptions } from "./deployment-options.ts";
import { parseDestination } from "./destination.ts";
import type { Environment } from "./environment.ts";
import type { Secret } from "./secret.ts";
import { type CollectionSettings, defaults, parseDeploymentOptions, type Settings } from "./settings.ts";

/** All that a deployment starts from. */
export interface ResolvedDeployment {
  readonly config: DeploymentConfig;
  /** Who we are at the destination; null leaves it to `DefaultAzureCredential`. */
  readonly credential: Secret<Credential> | null;
  readonly onError: ErrorListener | undefined;
  readonly onStats: StatsListener | undefined;
}

/**
 * What holds: for each field the options, then the environment, then the default. (A file will come between the last
 * two, as one more `Partial<Settings>` in the list of sources.) `callee` begins the message of every error in `options`.
 */
export function resolveDeployment(
  options: DeploymentOptions,
  environment: Environment,
  callee = "openDeployment",
): ResolvedDeployment {
  const parsed = parseDeploymentOptions(options, callee);
  const sources: readonly Partial<Settings>[] = [parsed, environment.settings];
  const first = <K extends keyof Settings>(key: K): Settings[K] | undefined =>
    sources.find((source) => source[key] !== undefined)?.[key];

  const { destination, credential } =
    first("destination") ?? parseDestination(defaults.destination, "default destination");
  const samplingRate = first("samplingRate") ?? defaults.samplingRate;
  const spool = { directory: undefined, ...defaults.spool, ...overlay(sources, "spool") };
  return {
    config: freezeConfig({
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
      collections: resolveCollections(first("collections") ?? new Map(), samplingRate),
      spool: {
        ...spool,
        directory:
          spool.directory ?? defaultSpool(destination, environment, spool.durability === "memory", callee),
      },
      limits: { ...defaults.limits, ...overlay(sources, "limits") },
      rotation: { ...defaults.rotation, ...overlay(sources, "rotation") },
    }),
    credential: parsed.credential ?? credential ?? environment.credential ?? null,
    onError: parsed.onError,
    onStats: parsed.onStats,
  };
}

/** The config alone: see {@link resolveDeployment}. */
export function resolveDeploymentConfig(
  options: DeploymentOptions,
  environment: Environment,
): DeploymentConfig {
  return resolveDeployment(options, environment).config;
}

/** What the sources say of a group of settings, the first source on top. */
function overlay<K extends "spool" | "limits" | "rotation">(
  sources: readonly Partial<Settings>[],
  key: K,
): Settings[K] {
  return Object.assign({}, ...sources.toReversed().map((source) => source[key])) as Settings[K];
}

/** Fills in what collections take over from the deployment. */
export function resolveCollections(
  collections: ReadonlyMap<string, Partial<CollectionSettings>>,
  samplingRate: number,
): ReadonlyMap<string, CollectionConfig> {
  const resolved = new Map<string, CollectionConfig>();
  for (const [key, settings] of collections) {
    const own = settings.samplingRate ?? null;
    resolved.set(key, {
      enabled: settings.enabled ?? true,
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
  const hash = sha256(JSON.stringify(identity)).slice(0, 16);
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
