import { isDeepStrictEqual } from "node:util";
import { wrongValue } from "../base/errors.ts";
import type {
  CollectionConfig,
  DeploymentConfig,
  Limits,
  Rotation,
  SpoolConfig,
} from "./deployment-config.ts";
import type { DeploymentPatch } from "./deployment-options.ts";
import {
  boolean,
  optionsOf,
  orNull,
  type Parser,
  type Parsers,
  parseFields,
  share,
  within,
} from "./fields.ts";
import { freezeConfig, resolveCollections } from "./resolve.ts";
import {
  type CollectionSettings,
  modelText,
  parseCollection,
  parseCollections,
  parseLimits,
  parseRotation,
  spoolBounds,
} from "./settings.ts";

type CollectionPatches = ReadonlyMap<string, Partial<CollectionSettings> | null>;

interface ParsedPatch {
  readonly enabled: boolean;
  readonly samplingRate: number;
  readonly modelName: string | null;
  readonly modelVersion: string | null;
  readonly collections: CollectionPatches;
  readonly spool: Partial<SpoolConfig>;
  readonly limits: Partial<Limits>;
  readonly rotation: Partial<Rotation>;
}

/** A field that a running deployment cannot change, and why. */
function fixed(reason: string): Parser<never> {
  return (value, where) => {
    throw wrongValue(where, `no change while running (${reason}; it needs a restart)`, value);
  };
}

const path = fixed("it is part of the path of files that are being written");
const files = fixed("files that are being written depend on it");
const connection = fixed("accepted data is on its way there");
const spool = fixed("the spool is opened with it");
const listener = fixed("it is set up once");

const spoolParsers: Parsers<SpoolConfig> = {
  ...spoolBounds,
  directory: spool,
  durability: spool,
  fsync: spool,
  flushIntervalMs: spool,
  fsyncIntervalMs: spool,
};

const parsers: Parsers<ParsedPatch & Record<FixedName, never>> = {
  enabled: boolean,
  samplingRate: share,
  modelName: orNull(modelText),
  modelVersion: orNull(modelText),
  collections: parseCollections(orNull(parseCollection)),
  spool: (value, where) => parseFields<SpoolConfig>(value, within(where), spoolParsers),
  limits: parseLimits,
  rotation: parseRotation,
  endpoint: path,
  deployment: path,
  rollingRate: path,
  format: files,
  // The value may hold a signature, so it is not shown.
  destination: (_, where) => connection("another one", where),
  credential: (_, where) => connection("another one", where),
  configFile: listener,
  onError: listener,
  onStats: listener,
};

type FixedName =
  | "endpoint"
  | "deployment"
  | "rollingRate"
  | "format"
  | "destination"
  | "credential"
  | "configFile"
  | "onError"
  | "onStats";

/**
 * The config as `patch` would have it, one version up, or `config` itself if that changes nothing. Throws on a bad
 * patch; `config` is never touched.
 */
export function applyPatch(
  config: DeploymentConfig,
  patch: DeploymentPatch,
  callee: string,
): DeploymentConfig {
  const { collections, spool, limits, rotation, ...plain } = parseFields(patch, optionsOf(callee), parsers);
  const samplingRate = plain.samplingRate ?? config.samplingRate;
  const patched: DeploymentConfig = {
    ...config,
    ...plain,
    collections: resolveCollections(patchCollections(config.collections, collections), samplingRate),
    spool: { ...config.spool, ...spool },
    limits: { ...config.limits, ...limits },
    rotation: { ...config.rotation, ...rotation },
  };
  if (isDeepStrictEqual(patched, config)) return config;
  return freezeConfig({ ...patched, version: config.version + 1 });
}

function patchCollections(
  current: ReadonlyMap<string, CollectionConfig>,
  patches: CollectionPatches = new Map(),
): ReadonlyMap<string, Partial<CollectionSettings>> {
  const merged = new Map<string, Partial<CollectionSettings>>();
  for (const [key, { enabled, samplingRate, inheritsSamplingRate }] of current) {
    merged.set(key, { enabled, samplingRate: inheritsSamplingRate ? null : samplingRate });
  }
  for (const [key, patch] of patches) {
    if (patch === null) merged.delete(key);
    else merged.set(key, { ...merged.get(key), ...patch });
  }
  return merged;
}
