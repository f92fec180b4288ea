import { wrongValue } from "../base/errors.ts";
import type { Parser } from "../base/fields.ts";
import { nearest } from "../base/nearest.ts";
import type { Credential } from "../destination/credential.ts";
import { isWorkspace, type Workspace } from "../destination/datastore-uri.ts";
import type { Secret } from "../destination/secret.ts";
import * as kinds from "./setting-kinds.ts";
import { namesOf, parserAt } from "./setting-row.ts";
import { putAt, type Settings, settingRows } from "./settings.ts";
import { type Machine, stateFolder, temporaryFolder } from "./state-folder.ts";

/** What the environment says, read once and checked. */
export interface Environment {
  /** What variables say, but for credential and file. */
  readonly settings: Settings;
  /** From `AZURE_STORAGE_CONNECTION_STRING`, else `AZURE_STORAGE_SAS_TOKEN`. */
  readonly credential: Secret<Credential> | undefined;
  /** The file that `MDC_CONFIG` names. */
  readonly configFile: ConfigFile | undefined;
  /** What the platform tells its own data collector. */
  readonly platformFile: ConfigFile | undefined;
  /** The Azure ML workspace that this process belongs to. */
  readonly workspace: Workspace | undefined;
  /** From `MDC_TRUSTED_HOSTS`: hosts beside Azure's own that may have an access token. */
  readonly trustedHosts?: readonly string[];
  /**
   * Where this user's programs keep what must outlive them, if there is such a place: see `state-folder.ts`.
   */
  readonly stateFolder: string | undefined;
  /** What is set and was probably meant otherwise, as sentences for people: see {@link misspelt}. */
  readonly slips?: readonly string[];
  /** This user's private folder among the temporary ones, absolute, if somebody has made it. */
  readonly temporaryFolder: string;
  /** The {@link networkVariables} that are set: how this process is to reach the network. */
  readonly network: NetworkVariables;
  /** What `AWS_*` says, if anything; it counts for destinations in S3 alone, and is not checked before. */
  readonly aws?: AwsEnvironment;
}

/** Where S3 is, and all that AWS's own library is to find in its environment: secrets too. */
export interface AwsEnvironment {
  /** Of a server that is not AWS's own, and the variable that says so. */
  readonly endpoint?: { readonly text: string; readonly where: string };
  readonly region?: string;
  readonly variables: NetworkVariables;
}

/** Variables by their names. A proxy's URL can hold a password. */
export type NetworkVariables = Readonly<Record<string, string>>;

/** A file to be configured by, and who says so. */
export interface ConfigFile {
  /** Absolute. */
  readonly path: string;
  /** How messages call what named it. */
  readonly where: string;
}

/**
 * Variables of others that say how to reach the network. The Azure library and Node read them in the
 * environment of the thread that they run in; so the background thread, which inherits nothing else, gets
 * these. Not among them: `NODE_TLS_REJECT_UNAUTHORIZED`, with which anybody could read what is delivered.
 */
const networkVariables: readonly string[] = [
  ...["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"].flatMap((name) => [name, name.toLowerCase()]),
  ...["NODE_EXTRA_CA_CERTS", "NODE_USE_SYSTEM_CA", "SSL_CERT_FILE", "SSL_CERT_DIR"],
];

/**
 * Reads this product's environment variables; nothing else does. A variable that is empty or blank counts as
 * unset, and blanks around a value do not count. A bad value throws a `RangeError` that names the variable,
 * even where an option would have overruled it: it is a mistake, and somebody wants to hear of it.
 *
 * Which variable says which setting stands in `setting-table.ts`. Others are:
 *
 * | Variable | Meaning |
 * |-|-|
 * | `AZUREML_MDC_CONFIG_PATH` | what the platform configures its own data collector by: see `agent-file.ts` |
 * | `AZUREML_ARM_SUBSCRIPTION`, `AZUREML_ARM_RESOURCEGROUP`, `AZUREML_ARM_WORKSPACE_NAME` | the workspace of `azureml://datastores/…` |
 * | `AWS_ENDPOINT_URL_S3`, else `AWS_ENDPOINT_URL` | a server for `s3://` that is not AWS's own |
 * | `AWS_REGION`, else `AWS_DEFAULT_REGION` | the region of an `s3://` destination |
 * | `MDC_TRUSTED_HOSTS` | hosts beside Azure's own that may have an access token, separated by commas; `.example.com` is all hosts below it |
 *
 * `env` and `machine` are for tests; by default the process's own.
 */
export function readEnvironment(env: NodeJS.ProcessEnv = process.env, machine?: Machine): Environment {
  const workspace = readWorkspace(env);
  const trustedHosts = readTrustedHosts(env);
  const { credential, configFile, ...settings } = readSettings(env, workspace);
  const slips = misspelt(env);
  const aws = readAws(env);
  return {
    settings,
    credential,
    configFile: configFile === undefined ? undefined : { path: configFile, where: whereOf("MDC_CONFIG") },
    platformFile: readPlatformFile(env),
    workspace,
    ...(trustedHosts.length === 0 ? {} : { trustedHosts }),
    stateFolder: stateFolder(env, machine),
    ...(slips.length === 0 ? {} : { slips }),
    temporaryFolder: temporaryFolder(machine),
    network: readNetwork(env),
    ...(aws === undefined ? {} : { aws }),
  };
}

/**
 * Variables that are none of ours, and look as if they were meant to be: spelt almost like one, or like the
 * beginning of one or with more behind it, or called like a setting that no variable says. Others that begin
 * with `MDC_` belong to somebody else: Kubernetes, for one, sets `MDC_PORT` and more of a service `mdc`.
 */
export function misspelt(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const names = [...settingRows()].flatMap(([, { kind, variable }]) => namesOf(kind, variable));
  const ours = [...names.map(([name]) => name), trustedHostsName].filter((name) => name.startsWith(prefix));
  return (
    Object.keys(env)
      .filter((name) => name.toUpperCase().startsWith(prefix) && !serviceLink.test(name))
      // Windows takes names in whatever case.
      .filter((name) => !ours.includes(process.platform === "win32" ? name.toUpperCase() : name))
      .flatMap((name) => {
        const near = ours.find((one) => isCut(name, one)) ?? nearestOf(name, ours);
        if (near !== undefined) return [`environment variable ${name} is not read; did you mean ${near}?`];
        const option = optionLike(name);
        if (option === undefined) return [];
        return [`environment variable ${name} is not read; ${option} is set as an option or in a file`];
      })
  );
}

const prefix = "MDC_";
const platformFileName = "AZUREML_MDC_CONFIG_PATH";
const trustedHostsName = "MDC_TRUSTED_HOSTS";
/** What Kubernetes and Docker tell of services. */
const serviceLink = /_(SERVICE_(HOST|PORT.*)|PORT(_\d+_(TCP|UDP).*)?)$/;

/** Whether one is the beginning of the other, of which enough is left to tell. */
function isCut(name: string, ours: string): boolean {
  const [given, own] = [name.toUpperCase(), ours];
  return given.length >= prefix.length + 4 && (own.startsWith(given) || given.startsWith(own));
}

/** By what stands behind `MDC_`, which all have in common. */
function nearestOf(name: string, ours: readonly string[]): string | undefined {
  const near = nearest(
    name.slice(prefix.length),
    ours.map((one) => one.slice(prefix.length)),
  );
  return near === undefined ? undefined : prefix + near;
}

/** The setting that a variable is called like: `spool.maxBytes` for `MDC_SPOOL_MAX_BYTES`. */
function optionLike(name: string): string | undefined {
  const plain = name.slice(prefix.length).replaceAll("_", "").toLowerCase();
  return [...settingRows()].find(
    ([path, { option }]) => option !== false && path.replaceAll(".", "").toLowerCase() === plain,
  )?.[0];
}

/**
 * Variables of the platform from before it had a file: they count only where it names none, as for its own.
 */
const legacyNames: readonly string[] = ["AZUREML_MDC_ENABLED", "AZUREML_MDC_SAMPLE_RATE"];

function readSettings(env: NodeJS.ProcessEnv, workspace: Workspace | undefined): Settings {
  const settings: Settings = {};
  const isLegacy = (env[platformFileName]?.trim() ?? "") === "";
  for (const [path, { kind, variable }] of settingRows()) {
    const said = namesOf(kind, variable)
      .filter(([name]) => isLegacy || !legacyNames.includes(name))
      .map(([name, parse]) => read(env, name, parserAt(parse, { workspace })));
    const value = said.find((one) => one !== undefined);
    if (value !== undefined) putAt(settings, path, value);
  }
  return settings;
}

function readPlatformFile(env: NodeJS.ProcessEnv): ConfigFile | undefined {
  const name = platformFileName;
  const path = read(env, name, parserAt(kinds.file.parse, {}));
  return path === undefined ? undefined : { path, where: whereOf(name) };
}

function read<T>(env: NodeJS.ProcessEnv, name: string, parse: Parser<T>): T | undefined {
  const value = env[name]?.trim();
  return value === undefined || value === "" ? undefined : parse(value, whereOf(name));
}

function whereOf(name: string): string {
  return `environment variable ${name}`;
}

/**
 * What `MDC_TRUSTED_HOSTS` names, in lower case; a host alone, or `.` and a domain for all hosts below it.
 */
function readTrustedHosts(env: NodeJS.ProcessEnv): readonly string[] {
  const names = (env[trustedHostsName] ?? "").split(",").map((name) => name.trim().toLowerCase());
  return names
    .filter((name) => name !== "")
    .map((name) => {
      if (/^\.?[a-z0-9_-]+(\.[a-z0-9_-]+)+$/.test(name)) return name;
      const expected = "names of hosts, separated by commas, without scheme and port";
      throw wrongValue(whereOf(trustedHostsName), expected, name);
    });
}

/**
 * As they are, for what they mean is their readers' business; but for a proxy without scheme (`proxy:8080`),
 * which everybody takes for `http` and the Azure library for something else.
 */
function readNetwork(env: NodeJS.ProcessEnv): NetworkVariables {
  const values: Record<string, string> = {};
  for (const name of networkVariables) {
    const value = env[name]?.trim();
    if (value === undefined || value === "") continue;
    const isProxy = /(?<!no)_proxy$/i.test(name);
    values[name] = isProxy && !value.includes("://") ? `http://${value}` : value;
  }
  return values;
}

/**
 * The same variables as AWS's own tools, in their order. Their library, which finds credentials, reads all
 * that begins with `AWS_` in the environment of its thread.
 */
function readAws(env: NodeJS.ProcessEnv): AwsEnvironment | undefined {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (name.startsWith("AWS_") && value !== undefined) variables[name] = value;
  }
  const firstOf = (...names: string[]) =>
    names
      .map((name) => ({ text: env[name]?.trim() ?? "", where: whereOf(name) }))
      .find(({ text }) => text !== "");
  const ignored = variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]?.trim().toLowerCase() === "true";
  const endpoint = ignored ? undefined : firstOf("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
  const region = firstOf("AWS_REGION", "AWS_DEFAULT_REGION")?.text;
  if (Object.keys(variables).length === 0) return undefined;
  return { variables, ...(endpoint && { endpoint }), ...(region === undefined ? {} : { region }) };
}

/** Set by the platform, so what makes no sense is passed over: nobody here can mend it. */
function readWorkspace(env: NodeJS.ProcessEnv): Workspace | undefined {
  const workspace = {
    subscriptionId: env["AZUREML_ARM_SUBSCRIPTION"] ?? "",
    resourceGroup: env["AZUREML_ARM_RESOURCEGROUP"] ?? "",
    workspace: env["AZUREML_ARM_WORKSPACE_NAME"] ?? "",
  };
  return isWorkspace(workspace) ? workspace : undefined;
}
