import { basename, dirname } from "node:path";
import { wrongKind } from "../../base/errors.ts";
import {
  fileName,
  type Parser,
  parseFields,
  parseFileFields,
  type Place,
  plainObject,
  text,
} from "../../base/fields.ts";
import type { Workspace } from "../../destination/datastore-uri.ts";
import { type CollectionSettings, namesOf, type Origin, parserAt } from "../setting-row.ts";
import { defaultName } from "../setting-table.ts";
import { layered, parseNamed, parsersOf, putAt, type Settings, settingRows } from "../settings.ts";
import { azureKeys, azureParsers, type SaidSetting } from "./azure-keys.ts";
import { checkHeaderNames, switchText } from "./azure-values.ts";
import { type CollectionData, destinationOfData, oneClient } from "./collection-data.ts";
import type { FileSettings } from "./file-settings.ts";
import { readYaml, type YamlText } from "./yaml-text.ts";

/**
 * Reads an Azure ML deployment YAML, whole. Of it count `endpoint_name`, `name`, `model` and `data_collector`
 * (Microsoft Learn: "CLI (v2) managed online deployment YAML schema"); settings that Azure does not know
 * stand below `data_collector.x_mdc`, as this product's options do, written with underscores:
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
 * When it names collections, only these are collected, as in Azure ML. Relative folders are taken from the
 * file's own. A value that is wrong throws a `TypeError` or `RangeError` that names file, line and setting.
 */
export function readDeploymentFile(
  content: string,
  path: string,
  workspace: Workspace | undefined,
): FileSettings {
  const yaml = readYaml(content, basename(path));
  const origin = { workspace, folder: dirname(path) };
  const { said, collections, xMdc } = readAzures(yaml, plainObject(yaml.data, yaml.where()), origin);
  const ours = readOurs(yaml, xMdc, origin);
  const client = oneClient(collections?.values() ?? []);
  if (client !== undefined) said.push(["clientId", client.clientId]);
  const settings: Settings = collections === undefined ? {} : { othersEnabled: false };
  for (const [setting, value] of said) if (value !== undefined) putAt(settings, setting, value);
  if (collections !== undefined) putAt(settings, "collections", settingsOf(collections));

  const { endpoint = defaultName, deployment = defaultName } = settings;
  return {
    settings: layered([ours, settings]),
    fallbackDestination: () =>
      destinationOfData(collections?.values() ?? [], { endpoint, deployment }, origin),
    where: (setting) =>
      setting === "clientId" && client !== undefined ? client.where : yaml.where(...placeOf(setting)),
  };
}

/** Where the file would say a setting. */
function placeOf(setting: string): readonly string[] {
  const [, row] = [...settingRows()].find(([path]) => path === setting) ?? [];
  if (row === undefined || row.file.ours === true) return [...oursPath, ...setting.split(".").map(fileName)];
  const [[key] = [""]] = namesOf(row.kind, row.file.azure);
  const [place = ""] = key.split(".<name>");
  return place.split(".");
}

const collector = "data_collector";
const oursPath = [collector, "x_mdc"];

/** What the keys of Azure's own schema say. */
interface Azures {
  readonly said: SaidSetting[];
  readonly collections: Collections | undefined;
  readonly xMdc: object | undefined;
}

type Collections = ReadonlyMap<string, Collection>;

/** What `data_collector` says of one collection. */
interface Collection extends CollectionData {
  readonly settings: Partial<CollectionSettings>;
}

function readAzures(yaml: YamlText, file: Readonly<Record<string, unknown>>, origin: Origin): Azures {
  const said: SaidSetting[] = [];
  for (const { key, parse } of azureKeys("")) {
    const value = file[key] ?? undefined;
    if (value !== undefined) said.push(...parse(value, yaml.where(key), origin));
  }
  const {
    collections,
    requestLogging: _,
    xMdc,
    ...rest
  } = parseFileFields<DataCollector>(file[collector], yaml.place(collector), {
    ...azureParsers(collector, origin),
    collections: (named) =>
      parseNamed(named, yaml.place(collector, "collections"), (one, __, name) =>
        parseCollection(yaml, name, one, origin),
      ),
    // Checked, and not carried: no part of this version keeps headers.
    requestLogging: (logging) =>
      parseFileFields(logging, yaml.place(collector, "request_logging"), {
        captureHeaders: checkHeaderNames,
      }),
    xMdc: plainObject,
  });
  for (const settings of Object.values(rest)) said.push(...(settings as readonly SaidSetting[]));
  return { said, collections, xMdc };
}

/** What `data_collector` says beside settings; these are keys of their own. */
interface DataCollector {
  readonly collections: Collections;
  readonly requestLogging: object;
  readonly xMdc: object;
}

function parseCollection(yaml: YamlText, name: string, value: unknown, origin: Origin): Collection {
  const path = [collector, "collections", name];
  const { data, ...rest } = parseFileFields<{ readonly data: string | null }>(value, yaml.place(...path), {
    ...azureParsers(`${collector}.collections.<name>`, origin),
    data: (given) => parseData(yaml, [...path, "data"], given),
  });
  const said = new Map((Object.values(rest) as (readonly SaidSetting[])[]).flat());
  const own = "collections.<name>.";
  const enabled = said.get(`${own}enabled`) as boolean | undefined;
  if (enabled === undefined) throw wrongKind(yaml.where(...path, "enabled"), switchText, undefined);
  const settings = [...said].filter(([setting]) => setting.startsWith(own));
  return {
    name,
    enabled,
    data,
    clientId: said.get("clientId") as string | undefined,
    settings: Object.fromEntries(settings.map(([setting, given]) => [setting.slice(own.length), given])),
    where: (...key) => yaml.where(...path, ...key),
  };
}

function settingsOf(collections: Collections): NonNullable<Settings["collections"]> {
  return new Map([...collections].map(([key, { settings }]) => [key, settings]));
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

/** What `x_mdc` says: settings by the names of the options. */
function readOurs(yaml: YamlText, value: object | undefined, origin: Origin): Settings {
  if (value === undefined) return {};
  const placeAt = (path: string, ...names: readonly string[]): Place =>
    yaml.place(...oursPath, ...path.split(".").map(fileName), ...names);
  const parsers = parsersOf({
    row: ({ kind, file }) => (file.ours === true ? parserAt(kind.parse, origin) : undefined),
    group: (group, path) => (given) => parseFileFields(given, placeAt(path), group),
    named: (one, path) => (given) =>
      parseNamed(given, placeAt(path), (each, _where, name) =>
        parseFileFields(each, placeAt(path, name), one),
      ),
  });
  return parseFileFields(value, yaml.place(...oursPath), parsers);
}
