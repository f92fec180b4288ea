import type { Parser } from "../base/fields.ts";
import type { Credential } from "../destination/credential.ts";
import type { Workspace } from "../destination/datastore-uri.ts";
import type { ParsedDestination } from "../destination/parse-destination.ts";
import type { Secret } from "../destination/secret.ts";
import type { ErrorListener, StatsListener, WaitUntil } from "./callbacks.ts";
import type {
  AgentConfig,
  DeploymentConfig,
  FlightRecorderConfig,
  Limits,
  Rotation,
  SpoolConfig,
} from "./deployment-config.ts";
import type { BodyRedactConfig, PayloadConfig } from "./payload/payload-config.ts";
import type { CollectionPolicy } from "./protection/policy.ts";
import type { RedactRules } from "./protection/redact-rules.ts";

/**
 * Everything that can be set, checked: one field for each option of `DeploymentOptions`, and for what only
 * files say.
 */
export interface SettingValues
  extends Omit<DeploymentConfig, "version" | "othersEnabled" | "destination" | "collections"> {
  readonly destination: ParsedDestination;
  /** By `collectionKey`. */
  readonly collections: ReadonlyMap<string, Partial<CollectionSettings>>;
  readonly credential: Secret<Credential> | undefined;
  /** Absolute. */
  readonly configFile: string | undefined;
  readonly onError: ErrorListener | undefined;
  readonly onStats: StatsListener | undefined;
  readonly waitUntil: WaitUntil | undefined;
}

/** What is set of one collection. A rate of null is the deployment's. */
export interface CollectionSettings {
  readonly enabled: boolean;
  readonly samplingRate: number | null;
  readonly policy: CollectionPolicy;
  readonly redact: RedactRules;
}

/** The types whose fields are settings of their own. */
type SettingGroup =
  | AgentConfig
  | SpoolConfig
  | Limits
  | Rotation
  | FlightRecorderConfig
  | PayloadConfig
  | BodyRedactConfig;

/** A row for each field of `T`; a field that is a group has rows of its own. */
export type Rows<T> = {
  readonly [K in keyof T]-?: [T[K]] extends [SettingGroup] ? Group<Rows<T[K]>> : Row<T[K]>;
};

/** What one source says of `T`: any part of it, and of its groups. */
export type Said<T> = {
  readonly [K in keyof T]?: [T[K]] extends [SettingGroup] ? Said<T[K]> : T[K];
};

/** All there is to know of one setting, but for its meaning, which its line in `DeploymentOptions` tells. */
export interface Row<T> {
  readonly kind: Kind<Exclude<T, undefined>>;
  /** What holds where no source says anything. */
  readonly default: T | Computed<T>;
  /** Environment variables that say it. */
  readonly variable?: Names<T>;
  /** Keys of configuration files that say it; `{}` for none. */
  readonly file: FileKeys<T>;
  /** True if it can change while the deployment runs, else the reason why that needs a restart. */
  readonly live: true | string;
  /** False for what only a file or the environment can say. */
  readonly option?: false;
  /**
   * What holds if several sources say it, the first of them on top. Default what the first says; a setting
   * that protects has the strictest.
   */
  together?(said: readonly T[]): T;
  /** True if it may hold a secret: then no message shows what was given. */
  readonly secret?: true;
}

/** Settings that belong together: an object within options and files. */
export interface Group<R = AnyRows> {
  readonly rows: R;
}

/** Settings that there are once for each name. */
export interface Named<R = AnyRows> {
  readonly each: R;
}

/** Rows of which only the names are known. */
export interface AnyRows {
  readonly [name: string]: Row<unknown> | Group | Named;
}

/** What values a setting takes. */
export interface Kind<T> {
  readonly parse: Parse<T>;
  /** The values in files, as a JSON Schema; absent for what no file says. */
  readonly schema?: JsonSchema;
  /** The values in documents: `1 KiB to 1 GiB`. */
  readonly values: string;
  /** One of the values in documents: `32 MiB`. */
  show(value: T): string;
}

/** A JSON Schema, draft 2020-12 (<https://json-schema.org/draft/2020-12>). */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** A `Parser` for values that may be relative to where they were said. */
export type Parse<T> = (value: unknown, where: string, origin: Origin) => T;

/** Where a value was said. */
export interface Origin {
  /** Of the short form of a datastore's path. Default none: then it is refused. */
  readonly workspace?: Workspace | undefined;
  /** Of relative paths. Default the current directory. */
  readonly folder?: string | undefined;
}

/**
 * Names under which something is said, the first that says something counting: one alone if its values are as
 * in options, else each with what reads it; that gives undefined for what says nothing.
 */
export type Names<T> = string | { readonly [name: string]: Parse<T | undefined> };

/** How files say a setting. */
export interface FileKeys<T> {
  /** In the file of our settings, under the option's own name with underscores. */
  readonly ours?: true;
  /** Azure's own keys in a deployment YAML, as paths; `<name>` stands for a collection's name. */
  readonly azure?: Names<T>;
  /** Keys of the file that the platform writes for its own data collector. */
  readonly agent?: Names<T>;
}

/** A default that follows from other settings. */
export class Computed<T> {
  /** How documents say it. */
  readonly text: string;
  /** Makes it; all defaults that are not computed are in `values`, and those that are in earlier rows. */
  readonly make: (values: SettingValues, surroundings: Surroundings) => T;

  constructor(text: string, make: Computed<T>["make"]) {
    this.text = text;
    this.make = make;
  }
}

/** What defaults depend on beside settings. */
export interface Surroundings {
  /** Begins messages. */
  readonly callee: string;
  /** Where this user's programs keep what must outlive them, if there is such a place. */
  readonly stateFolder: string | undefined;
  /** This user's private folder among the temporary ones. */
  readonly temporaryFolder: string;
  /** Where the file says that data goes if nothing names a destination. */
  readonly fallbackDestination: (() => ParsedDestination | undefined) | undefined;
}

/** The names with what reads each. */
export function namesOf<T>(
  { parse }: Kind<T>,
  names: Names<T> = {},
): readonly [string, Parse<T | undefined>][] {
  return typeof names === "string" ? [[names, parse]] : Object.entries(names);
}

/** `parse` for values that were said at `origin`. */
export function parserAt<T>(parse: Parse<T>, origin: Origin): Parser<T> {
  return (value, where) => parse(value, where, origin);
}
