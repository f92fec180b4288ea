import { resolve } from "node:path";
import { reading, told, wrongKind, wrongValue } from "../base/errors.ts";
import type { ErrorListener, StatsListener } from "./callbacks.ts";
import { type Credential, parseCredential } from "../destination/credential.ts";
import {
  type Durability,
  type Fsync,
  type Limits,
  mostColumns,
  type Rotation,
  type SpoolConfig,
} from "./deployment-config.ts";
import type { Format } from "../layout/format.ts";
import type { RollingRate } from "../layout/partition.ts";
import type { Workspace } from "../destination/datastore-uri.ts";
import { type ParsedDestination, parseDestination } from "../destination/parse-destination.ts";
import {
  boolean,
  callback,
  groupOf,
  integer,
  nameText,
  oneOf,
  optionsOf,
  orNull,
  type Parser,
  type Parsers,
  parseFields,
  type Place,
  plainObject,
  share,
  text,
  within,
} from "../base/fields.ts";
import { collectionKey, parseName } from "../layout/collection-key.ts";
import type { Secret } from "../destination/secret.ts";

/**
 * What one source (the options, the environment, a file) says, checked field by field and complete in itself.
 * Sources differ only in how they are read; `resolve.ts` lays them over one another.
 */
export interface Settings {
  readonly endpoint: string;
  readonly deployment: string;
  readonly modelName: string | null;
  readonly modelVersion: string | null;
  readonly destination: ParsedDestination;
  readonly format: Format;
  readonly rollingRate: RollingRate;
  readonly enabled: boolean;
  readonly samplingRate: number;
  readonly collections: ReadonlyMap<string, Partial<CollectionSettings>>;
  readonly othersEnabled: boolean;
  readonly clientId: string;
  readonly spool: Partial<SpoolConfig>;
  readonly limits: Partial<Limits>;
  readonly rotation: Partial<Rotation>;
}

/** What one source says of one collection. A rate of null is the deployment's. */
export interface CollectionSettings {
  readonly enabled: boolean;
  readonly samplingRate: number | null;
}

/** All that `openDeployment` is given, checked. */
export interface ParsedOptions extends Omit<Settings, "othersEnabled" | "clientId"> {
  readonly credential: Secret<Credential>;
  /** Absolute. */
  readonly configFile: string;
  readonly onError: ErrorListener;
  readonly onStats: StatsListener;
}

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;
const TiB = 1024 * GiB;

/** A model's name or version. */
export const modelText: Parser<string> = text(256);

const format = oneOf<Format>("parquet", "jsonl");

/** A format that this version writes. */
export const parseFormat: Parser<Format> = (value, where) => {
  if (value === "azureml") {
    throw wrongValue(
      where,
      '"parquet" or "jsonl" ("azureml" is not available in this version)',
      told('"azureml"'),
    );
  }
  return format(value, where);
};

/** A folder, made absolute at once, so that a later `process.chdir` moves nothing. */
export const parseFolder: Parser<string> = (value, where) => {
  const expected = "the path of a folder";
  if (typeof value !== "string") throw wrongKind(where, expected, value);
  if (value.trim() === "" || value.includes("\0")) throw wrongValue(where, expected, value);
  return resolve(value);
};

/** The path of a file, made absolute at once. */
export const parseFile: Parser<string> = (value, where) => {
  const expected = "the path of a file";
  if (typeof value !== "string") throw wrongKind(where, expected, value);
  if (value.trim() === "" || value.includes("\0")) throw wrongValue(where, expected, value);
  return resolve(value);
};

/** What is said of single collections, by {@link collectionKey}. */
export function parseCollections<T>(parseOne: Parser<T>): Parser<ReadonlyMap<string, T>> {
  return (value, where) => parseNamed(value, within(where), parseOne);
}

/** The same at a place whose fields are called otherwise. `parseOne` is told the collection's name too. */
export function parseNamed<T>(
  value: unknown,
  place: Place,
  parseOne: (one: unknown, where: string, name: string) => T,
): ReadonlyMap<string, T> {
  const collections = new Map<string, T>();
  const given = plainObject(value, place.whole);
  for (const [name, one] of reading(place.whole, () => Object.entries(given))) {
    const key = collectionKey(parseName(name, place.field(name)));
    if (collections.has(key))
      throw wrongValue(place.field(name), "each name once, in whatever case", told(nameText(name)));
    if (one !== undefined) collections.set(key, parseOne(one, place.field(name), name));
  }
  return collections;
}

/** Settings of one collection. */
export const collectionParsers: Parsers<CollectionSettings> = {
  enabled: boolean,
  samplingRate: orNull(share),
};

export const limitParsers: Parsers<Limits> = {
  maxMemoryBytes: integer(64 * KiB, 64 * GiB, "bytes"),
  maxFrameBytes: integer(KiB, GiB, "bytes"),
  maxFrameRows: integer(1, 100_000_000),
  maxFrameColumns: integer(1, mostColumns),
  maxStringBytes: integer(64, 64 * MiB, "bytes"),
  maxCollectMs: integer(1, 60_000, "milliseconds"),
};

export const rotationParsers: Parsers<Rotation> = {
  maxAgeMs: integer(1, 86_400_000, "milliseconds"),
  maxBytes: integer(KiB, GiB, "bytes"),
};

/** The parts of the spool's settings that can change while it runs. */
export const spoolBounds: Parsers<Pick<SpoolConfig, "maxBytes" | "minFreeBytes">> = {
  maxBytes: integer(MiB, 16 * TiB, "bytes"),
  minFreeBytes: integer(0, 16 * TiB, "bytes"),
};

export const spoolParsers: Parsers<SpoolConfig> = {
  directory: parseFolder,
  durability: oneOf<Durability>("memory", "group", "frame"),
  fsync: oneOf<Fsync>("never", "interval", "batch"),
  flushIntervalMs: integer(1, 60_000, "milliseconds"),
  fsyncIntervalMs: integer(1, 3_600_000, "milliseconds"),
  ...spoolBounds,
};

const optionParsers: Parsers<Omit<ParsedOptions, "destination">> = {
  endpoint: parseName,
  deployment: parseName,
  modelName: orNull(modelText),
  modelVersion: orNull(modelText),
  format: parseFormat,
  rollingRate: oneOf<RollingRate>("day", "hour", "minute"),
  enabled: boolean,
  samplingRate: share,
  collections: parseCollections(groupOf(collectionParsers)),
  spool: groupOf(spoolParsers),
  limits: groupOf(limitParsers),
  rotation: groupOf(rotationParsers),
  credential: parseCredential,
  configFile: parseFile,
  onError: callback<ErrorListener>(),
  onStats: callback<StatsListener>(),
};

/**
 * Checks `DeploymentOptions`. `callee` begins every message: "openDeployment option samplingRate: expected …". The short form of a
 * datastore's path is one of `workspace`.
 */
export function parseDeploymentOptions(
  options: unknown,
  callee: string,
  workspace: Workspace | undefined,
): Partial<ParsedOptions> {
  return parseFields<ParsedOptions>(options, optionsOf(callee), {
    ...optionParsers,
    destination: (value, where) => parseDestination(value, where, { workspace }),
  });
}

/** What holds where no source says anything. Folders and switches apart, see `resolve.ts`. */
export const defaults: Defaults = {
  endpoint: "default",
  deployment: "default",
  destination: "./collected",
  format: "parquet",
  rollingRate: "hour",
  samplingRate: 1,
  spool: {
    durability: "group",
    fsync: "interval",
    flushIntervalMs: 20,
    fsyncIntervalMs: 1_000,
    maxBytes: GiB,
    minFreeBytes: 512 * MiB,
  },
  limits: {
    maxMemoryBytes: 128 * MiB,
    maxFrameBytes: 32 * MiB,
    maxFrameRows: 1_000_000,
    maxFrameColumns: 2_000,
    maxStringBytes: 64 * KiB,
    maxCollectMs: 50,
  },
  rotation: { maxAgeMs: 60_000, maxBytes: 32 * MiB },
};

/** Shape of {@link defaults}. */
export interface Defaults {
  readonly endpoint: string;
  readonly deployment: string;
  readonly destination: string;
  readonly format: Format;
  readonly rollingRate: RollingRate;
  readonly samplingRate: number;
  readonly spool: Omit<SpoolConfig, "directory">;
  readonly limits: Limits;
  readonly rotation: Rotation;
}
