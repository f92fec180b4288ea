import { groupOf, optionsOf, parseFields, type Parser } from "../base/fields.ts";
import type { CollectionConfig, DeploymentConfig } from "./deployment-config.ts";
import type { DeploymentPatch } from "./deployment-options.ts";
import { fixedError } from "./fixed-settings.ts";
import { resolveCollections } from "./resolve.ts";
import { type CollectionSettings, parserAt, type Said, type SettingValues } from "./setting-row.ts";
import {
  layered,
  layeredCollection,
  parseCollections,
  parsersOf,
  revised,
  type Settings,
} from "./settings.ts";

/** `reset` takes away what lies below: the collection's own settings in options and file. */
type CollectionPatch = Partial<CollectionSettings> & { readonly reset: boolean };
type CollectionPatches = ReadonlyMap<string, CollectionPatch>;

/** A patch that was checked: see {@link parsePatch}. */
export interface Patch extends Omit<Said<SettingValues>, "collections"> {
  readonly collections?: CollectionPatches;
}

const parsers = parsersOf({
  row(row) {
    if (row.option === false) return undefined;
    if (row.live === true) return parserAt(row.kind.parse, {});
    return (value, where) => {
      throw fixedError(row, where, value);
    };
  },
  group: groupOf,
  named(one) {
    const parseOne: Parser<object> = groupOf(one);
    return parseCollections((value, where) =>
      value === null ? { reset: true } : { reset: false, ...parseOne(value, where) },
    );
  },
});

/**
 * Checks a patch; throws a `TypeError` or `RangeError` for whatever is wrong with it. `callee` begins every
 * message.
 */
export function parsePatch(patch: DeploymentPatch, callee: string): Patch {
  return parseFields(patch, optionsOf(callee), parsers);
}

/** The one patch that does what `earlier` and then `later` do. */
export function mergePatches(earlier: Patch, later: Patch): Patch {
  const collections = new Map(earlier.collections);
  for (const [key, { reset, ...settings }] of later.collections ?? []) {
    const before = collections.get(key);
    collections.set(key, reset ? { reset, ...settings } : { reset: false, ...before, ...settings });
  }
  return { ...revised(plain(earlier), plain(later)), collections };
}

/** `config` with a patch upon it. */
export function applyPatch(config: DeploymentConfig, patch: Patch): DeploymentConfig {
  const patched = { ...config, ...over(patch, config) };
  const collections = patchCollections(config.collections, patch.collections);
  return {
    ...patched,
    collections: resolveCollections(collections, patched.samplingRate, config.othersEnabled),
  };
}

/** `patch` laid over `config`, but for what they say of single collections. */
function over<T extends DeploymentConfig>(patch: Patch, config: T): Omit<T, "collections"> {
  return layered([plain(patch), plain(config)]) as object as Omit<T, "collections">;
}

/** The settings but for those of single collections. */
function plain(settings: Patch | DeploymentConfig): Settings {
  return { ...settings, collections: undefined } as unknown as Settings;
}

function patchCollections(
  current: ReadonlyMap<string, CollectionConfig>,
  patches: CollectionPatches = new Map(),
): ReadonlyMap<string, Partial<CollectionSettings>> {
  const merged = new Map<string, Partial<CollectionSettings>>();
  for (const [key, { inheritsSamplingRate, samplingRate, ...own }] of current) {
    merged.set(key, { ...own, samplingRate: inheritsSamplingRate ? null : samplingRate });
  }
  for (const [key, { reset, ...settings }] of patches) {
    const below = merged.get(key) ?? {};
    const next = layeredCollection([settings, reset ? protectionOf(below) : below]);
    if (reset && Object.keys(next).length === 0) merged.delete(key);
    else merged.set(key, next);
  }
  return merged;
}

/** What protects is not taken away with a collection's other settings. */
function protectionOf({
  policy = "full",
  redact = {},
}: Partial<CollectionSettings>): Partial<CollectionSettings> {
  return {
    ...(policy === "full" ? {} : { policy }),
    ...(Object.keys(redact).length === 0 ? {} : { redact }),
  };
}
