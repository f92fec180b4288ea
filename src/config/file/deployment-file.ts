import { basename, dirname } from "node:path";
import { told, wrongKind, wrongValue } from "../../base/errors.ts";
import {
  codeName,
  nameText,
  type Parser,
  parseFields,
  parseFileFields,
  plainObject,
  text,
} from "../../base/fields.ts";
import { nearest } from "../../base/nearest.ts";
import type { Workspace } from "../../destination/datastore-uri.ts";
import { type CollectionSettings, namesOf, type Origin } from "../setting-row.ts";
import { defaultName, settingTable } from "../setting-table.ts";
import { layered, parseNamed, putAt, type Settings, settingRows, valueAt } from "../settings.ts";
import { isAgents, readAgents } from "./agent-file.ts";
import { azureKeys, azureParsers, type SaidSetting } from "./azure-keys.ts";
import { isTextToAzure, switchText } from "./azure-values.ts";
import { type CollectionData, destinationOfData, oneClient } from "./collection-data.ts";
import type { FileSettings } from "./file-settings.ts";
import { ourFilesBeside, placeOf, readOurs } from "./our-settings.ts";
import { asDeploymentYaml } from "./rest-twin.ts";
import { readYaml, type YamlText } from "./yaml-text.ts";

/**
 * Reads an Azure ML deployment YAML, whole; or its REST twin (`rest-twin.ts`), or the platform's own file. Of
 * it count `endpoint_name`, `name`, `model` and `data_collector` (Microsoft Learn: "CLI (v2) managed online
 * deployment YAML schema"):
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
 *
 * When it names collections, only these are collected, as in Azure ML; one without `data_collector` says
 * nothing of collection. Settings that Azure does not know stand beside it (`our-settings.ts`); those below
 * `data_collector.x_mdc` are read as well, though Azure's tools refuse that. A value that is wrong throws a
 * `TypeError` or `RangeError` that names file, line and setting.
 */
export function readDeploymentFile(
  content: string,
  path: string,
  workspace: Workspace | undefined,
): FileSettings {
  const written = readYaml(content, basename(path), isTextToAzure);
  if (isAgents(written)) return readAgents(written);
  const yaml = asDeploymentYaml(written);
  checkKeys(yaml, path);
  const origin = { workspace, folder: dirname(path) };
  const { said, collections, xMdc } = readAzures(yaml, plainObject(yaml.data, yaml.where()), origin);
  const ours = xMdc === undefined ? {} : readOurs(yaml, oursPath, xMdc, origin);
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
    where: (setting) => {
      if (setting === "clientId" && client !== undefined) return client.where;
      if (valueAt(ours, setting) !== undefined) return yaml.where(...oursPath, ...placeOf(setting));
      const key = azureKeyOf(setting);
      if (key !== undefined) return yaml.where(...key);
      return xMdc === undefined
        ? `${basename(ourFilesBeside(path)[0])}: ${placeOf(setting).join(".")}`
        : yaml.where(...oursPath, ...placeOf(setting));
    },
  };
}

/**
 * Azure's tools refuse what they do not know. Here it is passed over, but for what is meant for us: a key
 * that is almost one that is read, a setting of ours, and a document of which nothing is.
 */
function checkKeys(yaml: YamlText, path: string): void {
  const keys = Object.keys(plainObject(yaml.data, yaml.where()));
  const known = [...azureKeys("").map(({ key }) => key), collector];
  for (const key of keys.filter((name) => !known.includes(name))) {
    if (Object.hasOwn(settingTable, codeName(key))) {
      const ours = basename(ourFilesBeside(path)[0]);
      throw wrongValue(yaml.where(key), `it in ${ours}, with all that Azure does not know`, told("it here"));
    }
    if (nearest(key, [collector, "endpoint_name"]) !== undefined) {
      const [meant = ""] = known.filter((name) => nearest(key, [name]) !== undefined).toReversed();
      throw wrongValue(yaml.where(), `a known name (did you mean "${meant}"?)`, told(nameText(key)));
    }
  }
  if (!keys.some((key) => known.includes(key))) {
    throw wrongValue(yaml.where(), `a deployment with ${known.join(", ")}`, told("none of these"));
  }
}

/** Where the keys of Azure's own schema would say a setting. */
function azureKeyOf(setting: string): readonly string[] | undefined {
  const row = [...settingRows()].find(([path]) => path === setting)?.[1];
  const [[key] = [""]] = row === undefined ? [] : namesOf(row.kind, row.file.azure);
  return key === "" ? undefined : key.replace(/\.<name>.*/, "").split(".");
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
  const { collections, requestLogging, xMdc, ...rest } = parseFileFields<DataCollector>(
    file[collector] === undefined ? {} : file[collector],
    yaml.place(collector),
    {
      ...azureParsers(collector, origin),
      collections: (named) =>
        parseNamed(named, yaml.place(collector, "collections"), (one, __, name) =>
          parseCollection(yaml, name, one, origin),
        ),
      requestLogging: (logging) =>
        parseFileFields(
          logging,
          yaml.place(collector, "request_logging"),
          azureParsers(`${collector}.request_logging`, origin),
        ),
      xMdc: plainObject,
    },
  );
  for (const settings of Object.values({ ...rest, ...requestLogging }))
    said.push(...(settings as readonly SaidSetting[]));
  return { said, collections, xMdc };
}

/** What `data_collector` says beside settings; these are keys of their own. */
interface DataCollector {
  readonly collections: Collections;
  readonly requestLogging: Partial<Record<string, readonly SaidSetting[]>>;
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
