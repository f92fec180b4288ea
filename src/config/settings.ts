import { resolve } from "node:path";
import { wrongKind, wrongValue } from "../base/errors.ts";
import type { ErrorListener, StatsListener } from "./callbacks.ts";
import { type Credential, parseCredential } from "./credential.ts";
import type {
  Durability,
  Format,
  Fsync,
  Limits,
  RollingRate,
  Rotation,
  SpoolConfig,
} from "./deployment-config.ts";
import { type ParsedDestination, parseDestination } from "./destination.ts";
import {
  boolean,
  callback,
  integer,
  oneOf,
  optionsOf,
  orNull,
  type Parser,
  type Parsers,
  parseFields,
  plainObject,
  share,
  text,
  within,
} from "./fields.ts";
import { collectionKey, parseName } from "./names.ts";
import type { Secret } from "./secret.ts";

/**
 * What one source (the options, the environment, later a file) says, checked field by field and complete in itself.
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
export interface ParsedOptions extends Settings {
  readonly credential: Secret<Credential>;
  readonly configFile: never;
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
    throw wrongValue(where, '"parquet" or "jsonl" ("azureml" is not available in this version)', value);
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

/** Configuration files come in a later version; until then nobody shall believe that one is read. */
export const refuseConfigFile: Parser<never> = (value, where) => {
  throw wrongValue(where, "nothing, because configuration files are not available in this version", value);
};

/** The sampling rate and switches of collections, by {@link collectionKey}. */
export function parseCollections<T>(parseOne: Parser<T>): Parser<ReadonlyMap<string, T>> {
  return (value, where) => {
    const place = within(where);
    const collections = new Map<string, T>();
    for (const [name, one] of Object.entries(plainObject(value, where))) {
      const key = collectionKey(parseName(name, `${where}, name of a collection`));
      if (collections.has(key)) throw wrongValue(where, "each name once, in whatever case", name);
      if (one !== undefined) collections.set(key, parseOne(one, place.field(name)));
    }
    return collections;
  };
}

/** Settings of one collection. */
export const parseCollection: Parser<Partial<CollectionSettings>> = (value, where) =>
  parseFields<CollectionSettings>(value, within(where), { enabled: boolean, samplingRate: orNull(share) });

/** {@link Limits}, as far as given. */
export const parseLimits: Parser<Partial<Limits>> = (value, where) =>
  parseFields<Limits>(value, within(where), {
    maxMemoryBytes: integer(64 * KiB, 64 * GiB, "bytes"),
    maxFrameBytes: integer(KiB, GiB, "bytes"),
    maxFrameRows: integer(1, 100_000_000),
    maxFrameColumns: integer(1, 100_000),
    maxStringBytes: integer(64, 64 * MiB, "bytes"),
    maxCollectMs: integer(1, 60_000, "milliseconds"),
  });

/** {@link Rotation}, as far as given. */
export const parseRotation: Parser<Partial<Rotation>> = (value, where) =>
  parseFields<Rotation>(value, within(where), {
    maxAgeMs: integer(1, 86_400_000, "milliseconds"),
    maxBytes: integer(KiB, GiB, "bytes"),
  });

/** The parts of the spool's settings that can change while it runs. */
export const spoolBounds: Parsers<Pick<SpoolConfig, "maxBytes" | "minFreeBytes">> = {
  maxBytes: integer(MiB, 16 * TiB, "bytes"),
  minFreeBytes: integer(0, 16 * TiB, "bytes"),
};

/** {@link SpoolConfig}, as far as given. */
export const parseSpool: Parser<Partial<SpoolConfig>> = (value, where) =>
  parseFields<SpoolConfig>(value, within(where), {
    directory: parseFolder,
    durability: oneOf<Durability>("memory", "group", "frame"),
    fsync: oneOf<Fsync>("never", "interval", "batch"),
    flushIntervalMs: integer(1, 60_000, "milliseconds"),
    fsyncIntervalMs: integer(1, 3_600_000, "milliseconds"),
    ...spoolBounds,
  });

const optionParsers: Parsers<ParsedOptions> = {
  endpoint: parseName,
  deployment: parseName,
  modelName: orNull(modelText),
  modelVersion: orNull(modelText),
  destination: parseDestination,
  format: parseFormat,
  rollingRate: oneOf<RollingRate>("day", "hour", "minute"),
  enabled: boolean,
  samplingRate: share,
  collections: parseCollections(parseCollection),
  spool: parseSpool,
  limits: parseLimits,
  rotation: parseRotation,
  credential: parseCredential,
  configFile: refuseConfigFile,
  onError: callback<ErrorListener>(),
  onStats: callback<StatsListener>(),
};

/** Checks `DeploymentOptions`. `callee` begins every message: "openDeployment option samplingRate: expected …". */
export function parseDeploymentOptions(options: unknown, callee: string): Partial<ParsedOptions> {
  return parseFields<ParsedOptions>(options, optionsOf(callee), optionParsers);
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
