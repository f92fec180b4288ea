import { basename, dirname, resolve } from "node:path";
import { wrongKind, wrongValue } from "../../base/errors.ts";
import type { Workspace } from "../../destination/datastore-uri.ts";
import type { RollingRate } from "../../layout/partition.ts";
import { type ParsedDestination, parseDestination } from "../../destination/parse-destination.ts";
import {
  boolean,
  fileName,
  type Parser,
  parseFields,
  parseFileFields,
  plainObject,
  present,
  share,
  text,
} from "../../base/fields.ts";
import type { FileSettings } from "./file-settings.ts";
import { type ModelReference, readModelReference } from "./model-reference.ts";
import { collectionKey, parseName } from "../../layout/collection-key.ts";
import {
  type CollectionSettings,
  collectionParsers,
  defaults,
  limitParsers,
  modelText,
  parseFolder,
  parseFormat,
  parseNamed,
  rotationParsers,
  type Settings,
  spoolParsers,
} from "../settings.ts";
import { shownUrl } from "../../destination/url-text.ts";
import { readYaml, type YamlText } from "./yaml-text.ts";

/**
 * Reads an Azure ML deployment YAML, whole. Of it count `endpoint_name`, `name`, `model` and `data_collector` (Microsoft Learn: "CLI
 * (v2) managed online deployment YAML schema"); settings that Azure does not know stand below `data_collector.x_mdc`, as this
 * product's options do, written with underscores:
 *
 *     endpoint_name: flights
 *     name: blue
 *     model: azureml:late-arrival:3
 *     data_collector:
 *       sampling_rate: 0.5
 *       rolling_rate: Hour
 *       collections:
 *         model_inputs: { enabled: 'True' }
 *         model_outputs: { enabled: 'False' }
 *       request_logging:
 *         capture_headers: [x-tenant]
 *       x_mdc:
 *         destination: ./collected
 *         collections: { model_inputs: { sampling_rate: 0.1 } }
 *         rotation: { max_age_ms: 10000 }
 *
 * When it names collections, only these are collected, as in Azure ML. Relative folders are taken from the file's own. A value that
 * is wrong throws a `TypeError` or `RangeError` that names file, line and setting.
 */
export function readDeploymentFile(
  content: string,
  path: string,
  workspace: Workspace | undefined,
): FileSettings {
  const yaml = readYaml(content, basename(path));
  const file = plainObject(yaml.data, yaml.where());
  const from = { workspace, folder: dirname(path) };
  const read = <T>(key: string, parse: Parser<T>): T | undefined => {
    const value = file[key] ?? undefined;
    return value === undefined ? undefined : parse(value, yaml.where(key));
  };

  const endpoint = read("endpoint_name", parseName);
  const deployment = read("name", parseName);
  const model = read("model", parseModel);
  const { collections, requestLogging: _, xMdc = {}, ...plain } = dataCollector(yaml, file["data_collector"]);
  const { destination, ...ours } = settingsOfOurs(yaml, xMdc, from);
  return {
    settings: present<Settings>({
      endpoint,
      deployment,
      modelName: model?.name ?? undefined,
      modelVersion: model?.version ?? undefined,
      ...plain,
      ...ours,
      destination,
      collections: overlay(collections, ours.collections),
      othersEnabled: collections === undefined ? undefined : false,
      clientId: oneClient(yaml, collections),
    }),
    fallbackDestination: () => destinationOfData(yaml, collections, { endpoint, deployment }, from),
    where: (setting) => yaml.where(...pathOf(setting)),
  };
}

/** Where the file would say a setting. */
function pathOf(setting: string): readonly string[] {
  switch (setting) {
    case "endpoint":
      return ["endpoint_name"];
    case "deployment":
      return ["name"];
    case "rollingRate":
      return ["data_collector", "rolling_rate"];
    default:
      return ["data_collector", "x_mdc", ...setting.split(".").map(fileName)];
  }
}

/** What `data_collector` says. */
interface DataCollector {
  readonly samplingRate: number;
  readonly rollingRate: RollingRate;
  readonly collections: Collections;
  /** Checked, and not carried: no part of this version keeps headers. */
  readonly requestLogging: object;
  readonly xMdc: object;
}

type Collections = ReadonlyMap<string, Collection & { readonly name: string }>;

/** What `data_collector` says of one collection. */
interface Collection {
  readonly enabled: boolean;
  readonly samplingRate?: number;
  /** Path of its data asset; null if that is registered elsewhere. */
  readonly data?: string | null | undefined;
  readonly clientId?: string | undefined;
}

function dataCollector(yaml: YamlText, value: unknown): Partial<DataCollector> {
  const path = ["data_collector"];
  return parseFileFields<DataCollector>(value, yaml.place(...path), {
    samplingRate: parseShare,
    rollingRate: parseRollingRate,
    collections: (named) =>
      parseNamed(named, yaml.place(...path, "collections"), (one, _where, name) => ({
        ...parseCollection(yaml, name, one),
        name,
      })),
    requestLogging: (logging) =>
      parseFileFields(logging, yaml.place(...path, "request_logging"), { captureHeaders: parseHeaderNames }),
    xMdc: (ours, where) => plainObject(ours, where),
  });
}

function parseCollection(yaml: YamlText, name: string, value: unknown): Collection {
  const path = ["data_collector", "collections", name];
  const { enabled, ...rest } = parseFileFields<Collection>(value, yaml.place(...path), {
    enabled: parseSwitch,
    samplingRate: parseShare,
    data: (data) => parseData(yaml, [...path, "data"], data),
    clientId: text(256),
  });
  if (enabled === undefined) throw wrongKind(yaml.where(...path, "enabled"), switchText, undefined);
  return { enabled, ...rest };
}

function parseData(yaml: YamlText, path: readonly string[], value: unknown): string | null {
  if (typeof value === "string") return null;
  const known = parseFields<{
    name: string;
    path: string;
    version: unknown;
    data_id: unknown;
    type: unknown;
  }>(value, yaml.place(...path), {
    name: text(256),
    path: text(4_096),
    version: anything,
    data_id: anything,
    type: anything,
  });
  return known.path ?? null;
}

const anything: Parser<unknown> = (value) => value;

const switchText = "'True' or 'False'";

/** Azure ML wants these quoted; as YAML's own they are understood too. */
const parseSwitch: Parser<boolean> = (value, where) => {
  const word = String(value).toLowerCase();
  if (typeof value !== "boolean" && typeof value !== "string") throw wrongKind(where, switchText, value);
  if (word !== "true" && word !== "false") throw wrongValue(where, switchText, value);
  return word === "true";
};

/** Azure's own tools take a number in quotes too. */
const parseShare: Parser<number> = (value, where) =>
  share(typeof value === "string" && /^[0-9.]+$/.test(value) ? Number(value) : value, where);

const parseRollingRate: Parser<RollingRate> = (value, where) => {
  const expected = '"Day", "Hour" or "Minute"';
  if (typeof value !== "string") throw wrongKind(where, expected, value);
  const rate = value.toLowerCase();
  if (rate !== "day" && rate !== "hour" && rate !== "minute") throw wrongValue(where, expected, value);
  return rate;
};

/** Header names as RFC 9110, section 5.1 has them; in lower case, as Node gives them. */
const parseHeaderNames: Parser<readonly string[]> = (value, where) => {
  const expected = "a list of header names";
  if (!Array.isArray(value)) throw wrongKind(where, expected, value);
  return value.map((name: unknown) => {
    if (typeof name !== "string") throw wrongKind(where, expected, name);
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) throw wrongValue(where, expected, name);
    return name.toLowerCase();
  });
};

const parseModel: Parser<ModelReference | undefined> = (value, where) => {
  if (typeof value === "string") {
    const reference = readModelReference(value);
    if (reference === "malformed") {
      throw wrongValue(where, "azureml:<name>:<version> or azureml:<name>@<label>", value);
    }
    return reference;
  }
  // Defined in place: all but these two say where its files are.
  const { name, version } = plainObject(value, where);
  const textOf = (part: unknown, key: string): string | null =>
    part === undefined || part === null ? null : modelText(String(part), `${where}.${key}`);
  return { name: textOf(name, "name"), version: textOf(version, "version") };
};

/** What `x_mdc` says: settings of `Settings`, by the names of the options. */
function settingsOfOurs(
  yaml: YamlText,
  value: object,
  from: { readonly workspace: Workspace | undefined; readonly folder: string },
): Partial<Pick<Settings, (typeof ourNames)[number]>> {
  const path = ["data_collector", "x_mdc"];
  const group =
    <T extends object>(key: string, parsers: Parameters<typeof parseFileFields<T>>[2]): Parser<Partial<T>> =>
    (given) =>
      parseFileFields<T>(given, yaml.place(...path, key), parsers);
  const directory: Parser<string> = (given, where) =>
    parseFolder(
      typeof given === "string" && given.trim() !== "" ? resolve(from.folder, given) : given,
      where,
    );
  return parseFileFields<Pick<Settings, (typeof ourNames)[number]>>(value, yaml.place(...path), {
    enabled: boolean,
    destination: (given, where) => parseDestination(given, where, from),
    format: parseFormat,
    collections: (given) =>
      parseNamed(given, yaml.place(...path, "collections"), (one, _where, name) =>
        parseFileFields<CollectionSettings>(one, yaml.place(...path, "collections", name), collectionParsers),
      ),
    spool: group("spool", { ...spoolParsers, directory }),
    limits: group("limits", limitParsers),
    rotation: group("rotation", rotationParsers),
  });
}

const ourNames = ["enabled", "destination", "format", "collections", "spool", "limits", "rotation"] as const;

/** Azure's word on each collection, and ours on top. */
function overlay(
  theirs: Collections | undefined,
  ours: Settings["collections"] | undefined,
): Settings["collections"] | undefined {
  if (theirs === undefined) return ours;
  const merged = new Map<string, Partial<CollectionSettings>>();
  for (const [key, { enabled, samplingRate }] of theirs) {
    merged.set(key, present<CollectionSettings>({ enabled, samplingRate }));
  }
  for (const [key, settings] of ours ?? []) merged.set(key, { ...merged.get(key), ...settings });
  return merged;
}

/** The identity that writes: there is one destination, so there can be one only. */
function oneClient(yaml: YamlText, collections: Collections | undefined): string | undefined {
  let found: string | undefined;
  for (const { name, enabled, clientId } of collections?.values() ?? []) {
    if (!enabled || clientId === undefined) continue;
    if (found !== undefined && clientId !== found) {
      const where = yaml.where("data_collector", "collections", name, "client_id");
      throw wrongValue(where, "the same identity for all collections", clientId);
    }
    found = clientId;
  }
  return found;
}

/**
 * The destination that the data assets' paths have in common. Azure's own are `<destination>/<endpoint>/<deployment>/<collection>`, as
 * this product's are.
 */
function destinationOfData(
  yaml: YamlText,
  collections: Collections | undefined,
  {
    endpoint = defaults.endpoint,
    deployment = defaults.deployment,
  }: { readonly endpoint: string | undefined; readonly deployment: string | undefined },
  from: { readonly workspace: Workspace | undefined; readonly folder: string },
): ParsedDestination | undefined {
  let found: { readonly root: string; readonly where: string } | undefined;
  for (const { name, enabled, data } of collections?.values() ?? []) {
    if (!enabled || data === undefined || data === null) continue;
    const where = yaml.where("data_collector", "collections", name, "data", "path");
    const end = `/${endpoint}/${deployment}/${name}`;
    const path = data.replace(/\/+$/, "");
    if (collectionKey(path.slice(-end.length)) !== collectionKey(end)) {
      throw wrongValue(where, `a path that ends in ${end}, or x_mdc.destination`, shownUrl(data));
    }
    const root = path.slice(0, -end.length);
    if (found !== undefined && root !== found.root) {
      throw wrongValue(
        where,
        `the same beginning as in ${found.where}, or x_mdc.destination`,
        shownUrl(data),
      );
    }
    found = { root, where };
  }
  return found === undefined ? undefined : parseDestination(found.root, found.where, from);
}
