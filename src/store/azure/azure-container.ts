import type { ContainerClient, StoragePipelineOptions } from "@azure/storage-blob";
import { told, wrongKind, wrongValue } from "../../base/errors.ts";
import { isLoopback } from "../../destination/loopback.ts";
import { isStorageScope, mayHaveToken } from "./azure-host.ts";
import { blobHttpClient } from "./azure-http.ts";
import { createTokenCredential, type ResolvedCredential, type TokenSource } from "./azure-credential.ts";
import { StoreError } from "../store-error.ts";

/** A container, and the folder in it that a store may touch. */
export interface AzureLocation {
  /** `https://<account>.blob.core.windows.net`, or an emulator's `http://127.0.0.1:10000/<account>`; no query. */
  readonly accountUrl: string;
  readonly container: string;
  /** Without leading or trailing `/`; may be empty. */
  readonly prefix: string;
}

/** `location`, checked, with a normalised URL. Throws `TypeError` or `RangeError`; never shows a query or a user name. */
export function checkLocation(
  location: AzureLocation,
  credential: ResolvedCredential,
  where: string,
): AzureLocation {
  const { container, prefix } = location;
  const url = URL.canParse(location.accountUrl) ? new URL(location.accountUrl) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw wrongKind(`${where}: accountUrl`, "an https URL of a storage account", told('"(not shown)"'));
  }
  const plain = `${url.origin}${url.pathname}`.replace(/\/+$/, "");
  if (url.search !== "" || url.hash !== "" || url.username !== "" || url.password !== "") {
    throw wrongValue(
      `${where}: accountUrl`,
      "a URL without query and user (a SAS is a credential)",
      told(`one at ${url.host}`),
    );
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw wrongValue(
      `${where}: accountUrl`,
      "https (plain http only for an emulator on this machine)",
      told(url.host),
    );
  }
  if (credential.kind === "token") {
    if (url.protocol === "http:")
      throw wrongValue(`${where}: accountUrl`, "https, without which no token is sent", told(url.host));
    if (!mayHaveToken(url.hostname, credential.source.trustedHosts ?? [])) {
      const expected =
        "a host of Azure Storage, or one that MDC_TRUSTED_HOSTS names, without which no token is sent";
      throw wrongValue(`${where}: accountUrl`, expected, told(url.host));
    }
  }
  if (!isContainerName(container)) {
    throw wrongValue(
      `${where}: container`,
      "3 to 63 lower-case letters, digits and single hyphens",
      container,
    );
  }
  const unsafe = prefix.split("/").some((part) => part === "" || part === "." || part === "..");
  if (prefix !== "" && (unsafe || prefix.length > 512 || /[\p{Cc}\p{Cs}\\?#%]/u.test(prefix))) {
    throw wrongValue(
      `${where}: prefix`,
      "folder names joined by /, without . or .. and without \\ ? # %",
      prefix,
    );
  }
  return { accountUrl: plain, container, prefix };
}

/** https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata */
export function isContainerName(name: string): boolean {
  return (
    name === "$root" || (/^[a-z0-9](?:-?[a-z0-9])+$/.test(name) && name.length >= 3 && name.length <= 63)
  );
}

/** The Azure library, loaded by the first call: a few hundred milliseconds in which its thread does nothing else. Rejects if it is not installed. */
export async function loadAzureLibrary(): Promise<void> {
  await import("@azure/storage-blob");
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

/** Opens a client; one token may take `tokenDeadlineMs`. The client holds the secret: never print it. */
export async function openContainer(
  location: AzureLocation,
  credential: ResolvedCredential,
  tokenDeadlineMs: number,
): Promise<ContainerClient> {
  const blob = await import("@azure/storage-blob").catch(() => {
    throw new StoreError("configuration", "the package @azure/storage-blob is not installed", {
      operation: "open",
    });
  });
  const url = `${location.accountUrl}/${location.container}`;
  const options: StoragePipelineOptions & { readonly redirectOptions: { readonly maxRetries: number } } = {
    // The delivery loop retries: it knows the service's Retry-After, keeps to the object's name and survives the process.
    retryOptions: { maxTries: 1 },
    // The service never redirects; what does (a captive portal, a proxy) must not be followed with a signed request.
    redirectOptions: { maxRetries: 0 },
    httpClient: blobHttpClient,
    userAgentOptions: { userAgentPrefix: "model-data-collector" },
  };
  switch (credential.kind) {
    case "token":
      return new blob.ContainerClient(
        url,
        createTokenCredential(forStorage(credential.source, location.accountUrl), {
          deadlineMs: tokenDeadlineMs,
        }),
        options,
      );
    case "sas":
      return new blob.ContainerClient(`${url}?${credential.query}`, new blob.AnonymousCredential(), options);
    case "key": {
      const { accountName, accountKey } = credential;
      return new blob.ContainerClient(
        url,
        new blob.StorageSharedKeyCredential(accountName, accountKey),
        options,
      );
    }
    case "emulator": {
      const account = blob.BlobServiceClient.fromConnectionString("UseDevelopmentStorage=true");
      return new blob.ContainerClient(url, account.credential, options);
    }
  }
}
