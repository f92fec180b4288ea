import { isDeepStrictEqual } from "node:util";
import { basename } from "node:path";
import { asError, told, wrongValue } from "../base/errors.ts";
import { nameText } from "../base/fields.ts";
import { type FileContents, isAbsent, readTextFile, type WatchedFile } from "../base/files/text-file.ts";
import type { Credential } from "../destination/credential.ts";
import type { ParsedDestination } from "../destination/parse-destination.ts";
import { parseS3Endpoint } from "../destination/s3-url.ts";
import { Secret } from "../destination/secret.ts";
import type { ErrorListener, StatsListener, WaitUntil } from "./callbacks.ts";
import { defaultSpools, type SpoolFolder } from "./default-spool.ts";
import type { CollectionConfig, DeploymentConfig } from "./deployment-config.ts";
import type { DeploymentOptions } from "./deployment-options.ts";
import type { ConfigFile, Environment, NetworkVariables } from "./environment.ts";
import { type ConfigDocument, configDocuments, readConfigFiles } from "./file/config-files.ts";
import type { FileSettings } from "./file/file-settings.ts";
import { fixedError, refuseFixedChanges } from "./fixed-settings.ts";
import type { CollectionSettings, SettingValues } from "./setting-row.ts";
import { settingTable } from "./setting-table.ts";
import { type SettingSource, settingSources } from "./setting-sources.ts";
import { layered, parseDeploymentOptions, type Settings, withDefaults } from "./settings.ts";

/** All that a deployment starts from. */
export interface ResolvedDeployment {
  readonly config: DeploymentConfig;
  /** Who we are at the destination; null leaves it to `DefaultAzureCredential`. */
  readonly credential: Secret<Credential> | null;
  /** Hosts beside Azure's own that may have an access token. */
  readonly trustedHosts: readonly string[];
  readonly spoolPlace: SpoolPlaces;
  /** How the process is to reach the network; a proxy's password may be among it. */
  readonly network: Secret<NetworkVariables>;
  readonly onError: ErrorListener | undefined;
  readonly onStats: StatsListener | undefined;
  readonly waitUntil: WaitUntil | undefined;
  /** The files that part of it came from. */
  readonly files: ResolvedFiles | undefined;
  /** Where each setting comes from that is not its default. */
  readonly sources?: () => readonly SettingSource[];
  /** What was probably meant otherwise, as sentences for people. */
  readonly slips?: readonly string[];
}

/** The folders that the spool can be in, the wanted one first. */
export interface SpoolPlaces {
  /** What messages call the place where it was said; undefined for the default. */
  readonly givenBy: string | undefined;
  readonly folders: readonly SpoolFolder[];
}

/** The configuration files, which may change while the deployment runs. */
export interface ResolvedFiles {
  readonly files: readonly WatchedFile[];
  /** As they were read. */
  readonly contents: FileContents;
  /**
   * What would hold if the files said this. Throws a `TypeError` or `RangeError` with file and line for what
   * is wrong with it, also if it changes what a running deployment cannot.
   */
  resolve(contents: FileContents): DeploymentConfig;
}

/**
 * What holds: for each field the options, then the environment, then the file, then the default. `callee`
 * begins the message of every error in `options`.
 */
export function resolveDeployment(
  options: DeploymentOptions,
  environment: Environment,
  callee = "openDeployment",
): ResolvedDeployment {
  const parsed = parseDeploymentOptions(options, callee, { workspace: environment.workspace });
  const named: ConfigFile | undefined =
    parsed.configFile === undefined
      ? environment.configFile
      : { path: parsed.configFile, where: `${callee} option configFile` };
  const documents = configDocuments(named, environment.platformFile);
  const contents = documents.map(readDocument);
  const read = (texts: FileContents): FileSettings | undefined =>
    readConfigFiles(documents, texts, environment.workspace);
  const resolved = (file: FileSettings | undefined): ResolvedSettings =>
    resolveSettings({ options: parsed, environment, file }, callee);

  const file = read(contents);
  const { config, values, isDestinationSaid } = resolved(file);
  const { credential } = values.destination;
  return {
    config,
    credential: values.credential ?? credential ?? environment.credential ?? null,
    trustedHosts: environment.trustedHosts ?? [],
    spoolPlace: spoolPlaces(values, { options: parsed, environment, file }, callee),
    network: new Secret(networkOf(config, environment)),
    onError: values.onError,
    onStats: values.onStats,
    waitUntil: values.waitUntil,
    sources: () => settingSources(values, parsed, environment.settings, file),
    slips: [
      ...(environment.slips ?? []),
      ...unusedCredential(config, environment, isDestinationSaid),
      ...unseenByMonitoring(config),
      ...tableOfNoParquet(config),
    ],
    files:
      documents.length === 0
        ? undefined
        : {
            files: documents,
            contents,
            resolve(changed) {
              const fresh = read(changed);
              const next = resolved(fresh);
              const where = (setting: string): string => fresh?.where(setting) ?? setting;
              refuseFixedChanges(config, next.config, where);
              if (!isDeepStrictEqual(next.values.destination.credential?.reveal(), credential?.reveal()))
                throw fixedError(settingTable.credential, where("destination"), undefined);
              return next.config;
            },
          },
  };
}

function readDocument({ path, where, isOptional }: ConfigDocument): string | undefined {
  try {
    return readTextFile(path);
  } catch (thrown) {
    if (isOptional && isAbsent(thrown)) return undefined;
    // The system's message names the path a second time.
    const [reason] = asError(thrown).message.split(", open '");
    // What looks like a URL may have a key in it.
    const got = /(^|[/\\])[a-z][a-z\d+.-]+:[/\\]/i.test(path) ? "a URL" : nameText(basename(path));
    throw wrongValue(where, `a text file that can be read (${reason})`, told(got));
  }
}

interface Sources {
  readonly options: Settings;
  readonly environment: Environment;
  readonly file: FileSettings | undefined;
}

interface ResolvedSettings {
  readonly values: SettingValues;
  readonly config: DeploymentConfig;
  /** False if the destination is the default. */
  readonly isDestinationSaid: boolean;
}

/** Whoever sets who we are at Azure, and nowhere to go, hardly means a folder. */
function unusedCredential(
  { destination }: DeploymentConfig,
  { credential }: Environment,
  isDestinationSaid: boolean,
): readonly string[] {
  if (credential === undefined || isDestinationSaid || destination.kind !== "folder") return [];
  const isSignature = credential.reveal().kind === "sas";
  const name = isSignature ? "AZURE_STORAGE_SAS_TOKEN" : "AZURE_STORAGE_CONNECTION_STRING";
  const url = "https://<account>.blob.core.windows.net/<container>";
  return [`${name} is set and MDC_DESTINATION (${url}) is not: data goes to the folder ${destination.path}`];
}

/** Azure ML's monitoring reads JSON lines by whole hours, as their folders say. */
function tableOfNoParquet({ table, format }: DeploymentConfig): readonly string[] {
  if (table === "none" || format === "parquet") return [];
  return [`table ${table} with format ${format}: a table is of Parquet files, so no log of it is kept`];
}

function unseenByMonitoring({ format, rollingRate }: DeploymentConfig): readonly string[] {
  if (format !== "jsonl" || rollingRate === "hour") return [];
  return [
    `format jsonl with rolling rate ${rollingRate}: Azure ML's monitoring reads whole hours, so it finds ` +
      `nothing, or the rows of other hours; set the rolling rate to hour`,
  ];
}

/** What the thread that delivers is to have in its environment. */
function networkOf({ destination }: DeploymentConfig, { network, aws }: Environment): NetworkVariables {
  return destination.kind === "s3" ? { ...aws?.variables, ...network } : network;
}

/** The same, at the server of S3 that only the environment names. */
function placed(parsed: ParsedDestination, { aws }: Environment): ParsedDestination {
  const { destination } = parsed;
  if (destination.kind !== "s3" || aws === undefined) return parsed;
  const { endpoint, region = null } = aws;
  const origin = endpoint === undefined ? null : parseS3Endpoint(endpoint.text, endpoint.where);
  return { ...parsed, destination: { ...destination, endpoint: origin, region } };
}

function resolveSettings({ options, environment, file }: Sources, callee: string): ResolvedSettings {
  const layers = layered([options, environment.settings, file?.settings ?? {}]);
  const { othersEnabled = true, destination: to, ...others } = layers;
  const said = to === undefined ? others : { ...others, destination: placed(to, environment) };
  const fallback = (): ParsedDestination | undefined => {
    const found = file?.fallbackDestination?.();
    return found && placed(found, environment);
  };
  const values = withDefaults(said, {
    callee,
    stateFolder: environment.stateFolder,
    temporaryFolder: environment.temporaryFolder,
    fallbackDestination: fallback,
  });
  if (values.credential !== undefined && values.destination.destination.kind === "s3") {
    const expected =
      "none where the destination is in S3: AWS's own variables, files and roles say who we are";
    throw wrongValue(`${callee} option credential`, expected, told("one of Azure"));
  }
  const { collections, destination, credential, configFile, onError, onStats, waitUntil, ...plain } = values;
  const config = freezeConfig({
    version: 1,
    ...plain,
    destination: destination.destination,
    collections: resolveCollections(collections, plain.samplingRate, othersEnabled),
    othersEnabled,
  });
  const isDestinationSaid = (to ?? file?.fallbackDestination?.()) !== undefined;
  return { values, config, isDestinationSaid };
}

function spoolPlaces(values: SettingValues, sources: Sources, callee: string): SpoolPlaces {
  const { options, environment, file } = sources;
  const { directory } = values.spool;
  const given = (settings: Settings | undefined): boolean => settings?.spool?.directory !== undefined;
  const givenBy = given(options)
    ? `${callee} option spool.directory`
    : given(environment.settings)
      ? "environment variable MDC_SPOOL_DIR"
      : given(file?.settings)
        ? file?.where("spool.directory")
        : undefined;
  return { givenBy, folders: givenBy === undefined ? defaultSpools(values, environment) : [{ directory }] };
}

/** Fills in what collections take over from the deployment. */
export function resolveCollections(
  collections: ReadonlyMap<string, Partial<CollectionSettings>>,
  samplingRate: number,
  othersEnabled: boolean,
): ReadonlyMap<string, CollectionConfig> {
  const resolved = new Map<string, CollectionConfig>();
  for (const [key, settings] of collections) {
    const own = settings.samplingRate ?? null;
    resolved.set(key, {
      enabled: settings.enabled ?? othersEnabled,
      samplingRate: own ?? samplingRate,
      inheritsSamplingRate: own === null,
      policy: settings.policy ?? "full",
      redact: settings.redact ?? {},
    });
  }
  return resolved;
}

/** Freezes a config through and through. */
export function freezeConfig(config: DeploymentConfig): DeploymentConfig {
  for (const collection of config.collections.values()) freezeThrough(collection);
  freezeMap(config.collections);
  return freezeThrough(config);
}

/** Plain data all through, but for the map. */
function freezeThrough<T extends object>(value: T): T {
  for (const part of Object.values(value) as unknown[]) {
    if (typeof part === "object" && part !== null && !(part instanceof Map)) freezeThrough(part);
  }
  return Object.freeze(value);
}

/**
 * `Object.freeze` alone leaves a map's entries open. The new methods do not show, so the map still compares
 * and clones as one.
 */
function freezeMap(map: ReadonlyMap<unknown, unknown>): void {
  const refuse = (): never => {
    throw new TypeError("a deployment's config cannot be changed; use deployment.update");
  };
  const method = { value: refuse };
  Object.freeze(Object.defineProperties(map, { set: method, delete: method, clear: method }));
}
