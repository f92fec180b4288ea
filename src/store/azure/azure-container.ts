import { isDeepStrictEqual } from "node:util";
import type { ContainerClient, RequestPolicyFactory, StoragePipelineOptions } from "@azure/storage-blob";
import { told, wrongKind, wrongValue } from "../../base/errors.ts";
import {
  accountHostFault,
  hasAccountInPath,
  isAccountInPath,
  isContainerName,
  prefixFault,
} from "../../destination/azure-names.ts";
import { hidden } from "../../destination/credential.ts";
import { isStorageScope, mayHaveToken } from "../../destination/token-host.ts";
import { createTokenCredential, type ResolvedCredential, type TokenSource } from "./azure-credential.ts";
import { libraryError } from "./azure-library.ts";
import { StoreError } from "../store-error.ts";

/** A container, and the folder in it that a store may touch. */
export interface AzureLocation {
  /**
   * `https://<account>.blob.core.windows.net`, or an emulator's `http://127.0.0.1:10000/<account>`; no query.
   */
  readonly accountUrl: string;
  readonly container: string;
  /** Without leading or trailing `/`; may be empty. */
  readonly prefix: string;
}

/**
 * `location`, checked, with a normalised URL. Throws `TypeError` or `RangeError`; never shows a query or a
 * user name.
 */
export function checkLocation(
  { accountUrl, container, prefix }: AzureLocation,
  credential: ResolvedCredential,
  where: string,
): AzureLocation {
  const url = checkAccountUrl(accountUrl, credential, `${where}: accountUrl`);
  if (!isContainerName(container)) {
    const expected = "3 to 63 lower-case letters, digits and single hyphens";
    throw wrongValue(`${where}: container`, expected, container);
  }
  const fault = prefix === "" ? undefined : prefixFault(prefix.split("/"));
  if (fault !== undefined) throw wrongValue(`${where}: prefix`, fault, prefix);
  return { accountUrl: url, container, prefix };
}

function checkAccountUrl(text: string, credential: ResolvedCredential, where: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw wrongKind(where, "an https URL of a storage account", hidden);
  }
  const refuse = (expected: string): Error => wrongValue(where, expected, told(url.host));
  if (url.search !== "" || url.hash !== "" || url.username !== "" || url.password !== "") {
    throw refuse("a URL without query and user (a SAS is a credential)");
  }
  const fault = accountHostFault(url);
  if (fault !== undefined) throw refuse(fault);
  const account = url.pathname.replace(/^\/|\/+$/g, "");
  if (account !== "" && !(hasAccountInPath(url) && isAccountInPath(account))) {
    throw refuse("a URL without path, or with the account of an emulator as path");
  }
  if (credential.kind === "token") {
    if (url.protocol === "http:") throw refuse("https, without which no token is sent");
    if (!mayHaveToken(url.hostname, credential.source.trustedHosts ?? [])) {
      throw refuse(
        "a host of Azure Storage, or one that MDC_TRUSTED_HOSTS names, without which no token is sent",
      );
    }
  }
  return account === "" ? url.origin : `${url.origin}/${account}`;
}

/**
 * The Azure library, loaded by the first call: a few hundred milliseconds in which its thread does nothing
 * else. Rejects if it cannot be loaded.
 */
export async function loadAzureLibrary(): Promise<void> {
  await Promise.all([import("@azure/storage-blob"), import("./azure-http.ts")]);
}

/** The same credential, which gives out no token of another resource, whatever the service asks for. */
function forStorage(source: TokenSource, accountUrl: string): TokenSource {
  return {
    getToken: (scopes, options) => {
      if ([scopes].flat().every((scope) => isStorageScope(scope, accountUrl)))
        return source.getToken(scopes, options);
      return Promise.reject(
        new StoreError("configuration", "the service asked for a token of something else", {
          operation: "token",
        }),
      );
    },
  };
}

/**
 * The version of the service's protocol that we speak: the oldest with all that we need (Put Blob of more
 * than 256 MiB, and the challenge to a bearer token). The library's own is newer than what many an emulator
 * knows, also the newest one. https://learn.microsoft.com/rest/api/storageservices/version-2019-12-12
 */
const serviceVersion = "2019-12-12";

/** Puts it in place of the library's own, before the request is signed. */
const inOurVersion: RequestPolicyFactory = {
  create: (next) => ({
    sendRequest(request) {
      request.headers.set("x-ms-version", serviceVersion);
      return next.sendRequest(request);
    },
  }),
};

/** Opens a client; one token may take `tokenDeadlineMs`. The client holds the secret: never print it. */
export async function openContainer(
  location: AzureLocation,
  credential: ResolvedCredential,
  tokenDeadlineMs: number,
): Promise<ContainerClient> {
  const blob = await import("@azure/storage-blob").catch((thrown: unknown) => {
    throw libraryError("@azure/storage-blob", thrown);
  });
  const { blobHttpClient } = await import("./azure-http.ts");
  const url = `${location.accountUrl}/${location.container}`;
  const options: StoragePipelineOptions & { readonly redirectOptions: { readonly maxRetries: number } } = {
    // The delivery loop retries: it knows the service's Retry-After, keeps to the object's name and survives
    // the process.
    retryOptions: { maxTries: 1 },
    // The service never redirects; what does (a captive portal, a proxy) must not be followed with a signed
    // request.
    redirectOptions: { maxRetries: 0 },
    httpClient: blobHttpClient,
    userAgentOptions: { userAgentPrefix: "model-data-collector" },
  };
  const open = (as: Parameters<typeof blob.newPipeline>[0], query = ""): ContainerClient => {
    const pipeline = blob.newPipeline(as, options);
    pipeline.factories.push(inOurVersion);
    try {
      return new blob.ContainerClient(url + query, pipeline);
    } catch {
      // All that it reads here, and that was not checked.
      const message = "the URL of the proxy (HTTPS_PROXY) is malformed";
      throw new StoreError("configuration", message, { operation: "open" });
    }
  };
  switch (credential.kind) {
    case "token": {
      const source = forStorage(credential.source, location.accountUrl);
      return open(createTokenCredential(source, { deadlineMs: tokenDeadlineMs }));
    }
    case "sas":
      return open(new blob.AnonymousCredential(), `?${credential.query}`);
    case "key":
      return open(new blob.StorageSharedKeyCredential(credential.accountName, credential.accountKey));
    case "emulator":
      return open(blob.BlobServiceClient.fromConnectionString("UseDevelopmentStorage=true").credential);
  }
}

/** Whether a request to this URL goes to a blob of that name, and nowhere else. */
export function isUrlOf(url: string, { accountUrl, container }: AzureLocation, name: string): boolean {
  // Compared as the service decodes them: how the library writes an apostrophe or a plus is its own
  // business.
  const { pathname } = new URL(accountUrl);
  const expected = `${pathname.replace(/\/$/, "")}/${container}/${name}`.split("/");
  return isDeepStrictEqual(new URL(url).pathname.split("/").map(decodeURIComponent), expected);
}
