import { systemClock } from "../../base/time/clock.ts";
import { wrongKind, wrongValue } from "../../base/errors.ts";
import { isContainerName, isStorageAccountName } from "../../destination/azure-names.ts";
import { isDatastoreName, isWorkspace } from "../../destination/datastore-uri.ts";
import { isLoopback } from "../../destination/loopback.ts";
import { mayHaveToken } from "../../destination/token-host.ts";
import type { AzureLocation } from "./azure-container.ts";
import { requestToken, type TokenSource } from "./azure-credential.ts";
import { toAzureFailure } from "./azure-error.ts";
import { libraryError } from "./azure-library.ts";
import { withDeadline } from "../deadline.ts";
import { StoreError } from "../store-error.ts";

/**
 * The parts of `azureml://subscriptions/<s>/resourcegroups/<g>/workspaces/<w>/datastores/<d>/paths/<prefix>`.
 */
export interface AzureDatastoreReference {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly workspace: string;
  readonly datastore: string;
  /** Below the datastore's container; may be empty. */
  readonly prefix: string;
}

/** How to ask. */
export interface ResolveDatastoreOptions {
  readonly credential: TokenSource;
  /** Azure Resource Manager. Default `https://management.azure.com`; other clouds have their own. */
  readonly managementUrl?: string;
  /** For the token and the answer together. Default 15 000. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

/** https://learn.microsoft.com/rest/api/azureml/datastores/get */
const apiVersion = "2024-10-01";

/**
 * Asks the workspace where its datastore is: account, container, and the prefix unchanged. Datastores of Blob
 * Storage and of Data Lake Storage Gen2 (which answers blob requests too). Only reads; it asks for none of
 * the datastore's secrets. Throws {@link StoreError}.
 */
export async function resolveAzureDatastore(
  reference: AzureDatastoreReference,
  options: ResolveDatastoreOptions,
): Promise<AzureLocation> {
  const { signal, deadlineMs = 15_000 } = options;
  checkDatastoreRequest(reference, options.managementUrl, "resolveAzureDatastore");
  const url = requestUrl(reference, options.managementUrl ?? "https://management.azure.com");
  const subject = `${reference.workspace}/${reference.datastore}`;
  try {
    const properties = await withDeadline(
      async (abortSignal) => {
        const { token } = await requestToken(
          options.credential,
          `${url.origin}/.default`,
          { abortSignal },
          deadlineMs,
        );
        return await fetchProperties(url, token, abortSignal);
      },
      { deadlineMs, signal },
    );
    return toLocation(properties, reference, subject, options.credential.trustedHosts ?? []);
  } catch (thrown) {
    if (signal?.aborted) throw thrown;
    throw toAzureFailure(thrown, "datastore", subject, systemClock.now()).error;
  }
}

/** Throws `TypeError` or `RangeError` unless every name can be a part of the request. */
export function checkDatastoreRequest(
  reference: AzureDatastoreReference,
  managementUrl: string | undefined,
  where: string,
): void {
  for (const key of ["subscriptionId", "resourceGroup", "workspace", "datastore"] as const) {
    if (typeof reference[key] !== "string") throw wrongKind(`${where}: ${key}`, "a name", reference[key]);
  }
  if (!isWorkspace(reference)) {
    throw wrongValue(
      `${where}: workspace`,
      "the id of a subscription, a resource group and a workspace in it",
      reference,
    );
  }
  if (!isDatastoreName(reference.datastore)) {
    throw wrongValue(`${where}: datastore`, "a name of letters, digits, _ and -", reference.datastore);
  }
  if (managementUrl === undefined) return;
  const url = URL.canParse(managementUrl) ? new URL(managementUrl) : undefined;
  if (url?.protocol !== "https:" && !(url?.protocol === "http:" && isLoopback(url.hostname))) {
    throw wrongValue(`${where}: managementUrl`, "an https URL", managementUrl);
  }
}

function requestUrl(reference: AzureDatastoreReference, managementUrl: string): URL {
  const { subscriptionId, resourceGroup, workspace, datastore } = reference;
  const parts = ["subscriptions", subscriptionId, "resourceGroups", resourceGroup];
  parts.push(
    "providers",
    "Microsoft.MachineLearningServices",
    "workspaces",
    workspace,
    "datastores",
    datastore,
  );
  const { origin } = new URL(managementUrl);
  return new URL(`${origin}/${parts.map(encodeURIComponent).join("/")}?api-version=${apiVersion}`);
}

async function fetchProperties(
  url: URL,
  token: string,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const [core, { coreHttpClient }] = await Promise.all([loadCore(), import("./azure-http.ts")]);
  // The way to the network that all other requests go: through the proxy of the environment, if there is one.
  const pipeline = core.createEmptyPipeline();
  pipeline.addPolicy(core.proxyPolicy());
  const headers = core.createHttpHeaders({ authorization: `Bearer ${token}`, accept: "application/json" });
  const request = core.createPipelineRequest({ url: url.href, headers, abortSignal: signal });
  const response = await pipeline.sendRequest(coreHttpClient, request);
  if (response.status < 200 || response.status >= 300) {
    const { error } = parseAnswer(response.bodyAsText) as { error?: { code?: unknown } };
    throw { statusCode: response.status, code: error?.code, response, request };
  }
  const { properties } = parseAnswer(response.bodyAsText);
  return typeof properties === "object" && properties !== null ? (properties as Record<string, unknown>) : {};
}

async function loadCore() {
  return await import("@azure/core-rest-pipeline").catch((thrown: unknown) => {
    throw libraryError("@azure/core-rest-pipeline", thrown);
  });
}

/** The JSON object of an answer; an empty one for what is none. */
function parseAnswer(text: string | null | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function toLocation(
  properties: Record<string, unknown>,
  { prefix }: AzureDatastoreReference,
  subject: string,
  trustedHosts: readonly string[],
): AzureLocation {
  const { datastoreType, accountName } = properties;
  const container =
    datastoreType === "AzureDataLakeGen2" ? properties["filesystem"] : properties["containerName"];
  const endpoint = properties["endpoint"] ?? "core.windows.net";
  const known = datastoreType === "AzureBlob" || datastoreType === "AzureDataLakeGen2";
  const operation = "datastore";
  if (!known) {
    const message = `datastore ${subject}: expected one of Blob Storage or Data Lake Storage Gen2`;
    throw new StoreError("configuration", message, { operation });
  }
  const complete =
    typeof accountName === "string" &&
    isStorageAccountName(accountName) &&
    typeof endpoint === "string" &&
    /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(endpoint) &&
    typeof container === "string" &&
    isContainerName(container);
  if (!complete) {
    const message = `datastore ${subject}: the workspace's answer names no account or container`;
    throw new StoreError("configuration", message, { operation });
  }
  const host = `${accountName}.blob.${endpoint}`;
  if (!mayHaveToken(host, trustedHosts)) {
    const message = `datastore ${subject}: the workspace names a host that is not Azure's; MDC_TRUSTED_HOSTS can name it`;
    throw new StoreError("configuration", message, { operation });
  }
  return { accountUrl: `https://${host}`, container, prefix };
}
