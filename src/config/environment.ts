import { wrongValue } from "../base/errors.ts";
import {
  type Credential,
  parseConnectionString,
  parseSharedAccessSignature,
} from "../destination/credential.ts";
import { parseDestination } from "../destination/parse-destination.ts";
import { isWorkspace, type Workspace } from "../destination/datastore-uri.ts";
import { type Parser, present, share } from "../base/fields.ts";
import { parseName } from "../layout/collection-key.ts";
import type { Secret } from "../destination/secret.ts";
import { modelText, parseFile, parseFolder, parseFormat, type Settings } from "./settings.ts";
import { type Machine, stateFolder } from "./state-folder.ts";

/** What the environment says, read once and checked. */
export interface Environment {
  /** From the `MDC_*` variables. */
  readonly settings: Partial<Settings>;
  /** From `AZURE_STORAGE_CONNECTION_STRING`, else `AZURE_STORAGE_SAS_TOKEN`. */
  readonly credential: Secret<Credential> | undefined;
  /** The file that the process is to be configured by. */
  readonly configFile: ConfigFile | undefined;
  /** The Azure ML workspace that this process belongs to. */
  readonly workspace: Workspace | undefined;
  /** From `MDC_TRUSTED_HOSTS`: hosts beside Azure's own that may have an access token. */
  readonly trustedHosts?: readonly string[];
  /** Where this user's programs keep what must outlive them, if there is such a place: see `state-folder.ts`. */
  readonly stateFolder: string | undefined;
}

/** A file to be configured by, and who says so. */
export interface ConfigFile {
  /** Absolute. */
  readonly path: string;
  /** `deployment`: an Azure ML deployment YAML. `agent`: what the platform tells its own data collector. */
  readonly kind: "deployment" | "agent";
  /** How messages call what named it. */
  readonly where: string;
}

/**
 * Reads this product's environment variables; nothing else does. A variable that is empty or blank counts as unset,
 * and blanks around a value do not count. A bad value throws a `RangeError` that names the variable, even where an
 * option would have overruled it: it is a mistake, and somebody wants to hear of it.
 *
 * | Variable | Setting |
 * |-|-|
 * | `MDC_ENDPOINT`, `MDC_DEPLOYMENT` | `endpoint`, `deployment` |
 * | `MDC_MODEL_NAME`, `MDC_MODEL_VERSION` | `modelName`, `modelVersion` |
 * | `MDC_DESTINATION`, `MDC_FORMAT` | `destination`, `format` |
 * | `MDC_SAMPLING_RATE` | `samplingRate`, 0 to 1, as a decimal number |
 * | `MDC_DISABLED` | `1`, `true`, `yes`, `on`: `enabled` is false; `0`, `false`, `no`, `off`: true |
 * | `MDC_SPOOL_DIR` | `spool.directory` |
 * | `MDC_CONFIG` | a deployment YAML: see `deployment-file.ts` |
 * | `AZUREML_MDC_CONFIG_PATH` | what the platform configures its own data collector by: see `agent-file.ts` |
 * | `AZUREML_ARM_SUBSCRIPTION`, `AZUREML_ARM_RESOURCEGROUP`, `AZUREML_ARM_WORKSPACE_NAME` | the workspace of `azureml://datastores/…` |
 * | `MDC_TRUSTED_HOSTS` | hosts beside Azure's own that may have an access token, separated by commas; `.example.com` is all hosts below it |
 * | `AZURE_STORAGE_CONNECTION_STRING`, `AZURE_STORAGE_SAS_TOKEN` | the credential; never in a message |
 *
 * `env` and `machine` are for tests; by default the process's own.
 */
export function readEnvironment(env: NodeJS.ProcessEnv = process.env, machine?: Machine): Environment {
  const read = <T>(name: string, parse: Parser<T>): T | undefined => {
    const value = env[name]?.trim();
    return value === undefined || value === "" ? undefined : parse(value, `environment variable ${name}`);
  };
  const configFile = (name: string, kind: ConfigFile["kind"]): ConfigFile | undefined =>
    read(name, (value, where) => ({ path: parseFile(value, where), kind, where }));
  const workspace = readWorkspace(env);
  const trustedHosts = readTrustedHosts(env);
  const disabled = read("MDC_DISABLED", flag);
  const directory = read("MDC_SPOOL_DIR", parseFolder);
  const connectionString = read("AZURE_STORAGE_CONNECTION_STRING", parseConnectionString);
  const sharedAccessSignature = read("AZURE_STORAGE_SAS_TOKEN", parseSharedAccessSignature);
  return {
    settings: present<Settings>({
      endpoint: read("MDC_ENDPOINT", parseName),
      deployment: read("MDC_DEPLOYMENT", parseName),
      modelName: read("MDC_MODEL_NAME", modelText),
      modelVersion: read("MDC_MODEL_VERSION", modelText),
      destination: read("MDC_DESTINATION", (value, where) => parseDestination(value, where, { workspace })),
      format: read("MDC_FORMAT", parseFormat),
      samplingRate: read("MDC_SAMPLING_RATE", decimalShare),
      enabled: disabled === undefined ? undefined : !disabled,
      spool: directory === undefined ? undefined : { directory },
    }),
    credential: connectionString ?? sharedAccessSignature,
    configFile: configFile("MDC_CONFIG", "deployment") ?? configFile("AZUREML_MDC_CONFIG_PATH", "agent"),
    workspace,
    ...(trustedHosts.length === 0 ? {} : { trustedHosts }),
    stateFolder: stateFolder(env, machine),
  };
}

/** What `MDC_TRUSTED_HOSTS` names, in lower case; a host alone, or `.` and a domain for all hosts below it. */
function readTrustedHosts(env: NodeJS.ProcessEnv): readonly string[] {
  const names = (env["MDC_TRUSTED_HOSTS"] ?? "").split(",").map((name) => name.trim().toLowerCase());
  return names
    .filter((name) => name !== "")
    .map((name) => {
      if (/^\.?[a-z0-9_-]+(\.[a-z0-9_-]+)+$/.test(name)) return name;
      const expected = "names of hosts, separated by commas, without scheme and port";
      throw wrongValue("environment variable MDC_TRUSTED_HOSTS", expected, name);
    });
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

const flag: Parser<boolean> = (value, where) => {
  const word = String(value).toLowerCase();
  if (["1", "true", "yes", "on"].includes(word)) return true;
  if (["0", "false", "no", "off"].includes(word)) return false;
  throw wrongValue(where, "1, true, yes, on, 0, false, no or off", value);
};

const decimalShare: Parser<number> = (value, where) => {
  // `Number` alone would also take "0x1", "1e-1" and "".
  const isDecimal = /^(\d+\.?\d*|\.\d+)$/.test(String(value));
  if (!isDecimal) throw wrongValue(where, "a number from 0 to 1", value);
  const rate = Number(value);
  if (rate > 1) throw wrongValue(where, "a number from 0 to 1", rate);
  return share(rate, where);
};
