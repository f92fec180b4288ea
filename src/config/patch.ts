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
  groupOf,
  optionsOf,
  orNull,
  type Parser,
  type Parsers,
  parseFields,
  share,
} from "../base/fields.ts";
import { type FixedSetting, fixedError } from "./fixed-settings.ts";
import { resolveCollections } from "./resolve.ts";
import {
  type CollectionSettings,
  collectionParsers,
  limitParsers,
  modelText,
  parseCollections,
  rotationParsers,
  spoolBounds,
} from "./settings.ts";

/** `reset` takes away what lies below: the collection's own settings in options and file. */
type CollectionPatch = Partial<CollectionSettings> & { readonly reset: boolean };
type CollectionPatches = ReadonlyMap<string, CollectionPatch>;

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

/** A field that a running deployment cannot change. */
function fixed(setting: FixedSetting): Parser<never> {
  return (value, where) => {
    throw fixedError(setting, where, value);
  };
}

const spoolParsers: Parsers<SpoolConfig> = {
  ...spoolBounds,
  directory: fixed("spool.directory"),
  durability: fixed("spool.durability"),
  fsync: fixed("spool.fsync"),
  flushIntervalMs: fixed("spool.flushIntervalMs"),
  fsyncIntervalMs: fixed("spool.fsyncIntervalMs"),
};

const parsers: Parsers<ParsedPatch & Record<FixedName, never>> = {
  enabled: boolean,
  samplingRate: share,
  modelName: orNull(modelText),
  modelVersion: orNull(modelText),
  collections: parseCollections((value, where) =>
    value === null ? { reset: true } : { reset: false, ...groupOf(collectionParsers)(value, where) },
  ),
  spool: groupOf(spoolParsers),
  limits: groupOf(limitParsers),
  rotation: groupOf(rotationParsers),
  endpoint: fixed("endpoint"),
  deployment: fixed("deployment"),
  rollingRate: fixed("rollingRate"),
  format: fixed("format"),
  destination: fixed("destination"),
  credential: fixed("credential"),
  configFile: fixed("configFile"),
  onError: fixed("onError"),
  onStats: fixed("onStats"),
};

type FixedName = Exclude<FixedSetting, `spool.${string}` | "clientId">;

/** A patch that was checked: see {@link parsePatch}. */
export type Patch = Partial<ParsedPatch>;

/** Checks a patch; throws a `TypeError` or `RangeError` for whatever is wrong with it. `callee` begins every message. */
export function parsePatch(patch: DeploymentPatch, callee: string): Patch {
  return parseFields(patch, optionsOf(callee), parsers) as Patch;
}

/** The one patch that does what `earlier` and then `later` do. */
export function mergePatches(earlier: Patch, later: Patch): Patch {
  const merged = { ...earlier, ...later };
  for (const key of ["spool", "limits", "rotation"] as const) {
    if (merged[key] !== undefined) Object.assign(merged, { [key]: { ...earlier[key], ...later[key] } });
  }
  if (earlier.collections === undefined || later.collections === undefined) return merged;
  const collections = new Map(earlier.collections);
  for (const [key, { reset, ...settings }] of later.collections) {
    const before = collections.get(key);
    collections.set(key, reset ? { reset, ...settings } : { reset: false, ...before, ...settings });
  }
  return { ...merged, collections };
}

/** `config` with a patch upon it. */
export function applyPatch(config: DeploymentConfig, patch: Patch): DeploymentConfig {
  const { collections, spool, limits, rotation, ...plain } = patch;
  const samplingRate = plain.samplingRate ?? config.samplingRate;
  const patched = patchCollections(config.collections, collections);
  return {
    ...config,
    ...plain,
    collections: resolveCollections(patched, samplingRate, config.othersEnabled),
    spool: { ...config.spool, ...spool },
    limits: { ...config.limits, ...limits },
    rotation: { ...config.rotation, ...rotation },
  };
}

function patchCollections(
  current: ReadonlyMap<string, CollectionConfig>,
  patches: CollectionPatches = new Map(),
): ReadonlyMap<string, Partial<CollectionSettings>> {
  const merged = new Map<string, Partial<CollectionSettings>>();
  for (const [key, { enabled, samplingRate, inheritsSamplingRate }] of current) {
    merged.set(key, { enabled, samplingRate: inheritsSamplingRate ? null : samplingRate });
  }
  for (const [key, { reset, ...settings }] of patches) {
    if (!reset) merged.set(key, { ...merged.get(key), ...settings });
    else if (Object.keys(settings).length === 0) merged.delete(key);
    else merged.set(key, settings);
  }
  return merged;
}
