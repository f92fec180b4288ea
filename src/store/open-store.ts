import type { Credential } from "../destination/credential.ts";
import type { Destination } from "../destination/destination.ts";
import { createAzureBlobStore } from "./azure/azure-blob-store.ts";
import { loadAzureLibrary } from "./azure/azure-container.ts";
import type { AzureCredential, TokenSource } from "./azure/azure-credential.ts";
import { createAzureDatastoreStore } from "./azure/azure-datastore-store.ts";
import { findMachineCredential, loadIdentity } from "./azure/azure-machine-credential.ts";
import { createFolderStore } from "./folder-store.ts";
import { loadS3 } from "./s3/s3-client.ts";
import { createS3Store } from "./s3/s3-store.ts";
import type { UpkeepStore } from "./store.ts";

/** Who somebody is at a destination, as far as it was said. */
export interface Identity {
  /** Null leaves it to what the machine offers. */
  readonly credential: Credential | null;
  /** Chooses among several managed identities of the machine. */
  readonly clientId: string | null;
  /** Hosts beside Azure's own that may have an access token: see `destination/token-host.ts`. */
  readonly trustedHosts: readonly string[];
}

/**
 * How to prove it. Without a credential `DefaultAzureCredential` of `@azure/identity` finds what the machine
 * offers (managed identity, workload identity, a developer's login); it is loaded when the first token is
 * needed, and kept, because it caches its tokens itself.
 */
export function proofOf({ credential, clientId, trustedHosts }: Identity): AzureCredential {
  if (credential !== null) return credential.kind === "token" ? { ...credential, trustedHosts } : credential;
  let source: TokenSource | undefined;
  return {
    kind: "token",
    trustedHosts,
    async getToken(scopes) {
      source ??= await findMachineCredential(clientId);
      return await source.getToken(scopes);
    },
  };
}

/**
 * Loads what finds the machine's own credential, if nobody gave one and the destination needs it: better
 * now than when requests are served. Rejects if it cannot be had.
 */
export async function loadProof(destination: Destination, credential: Credential | null): Promise<void> {
  const isAzure = destination.kind === "azure-blob" || destination.kind === "azureml-datastore";
  if (isAzure && credential === null) await loadIdentity();
}

/**
 * The store of a destination. Throws if destination and credential do not go together. A folder needs no
 * credential; for S3 AWS's own library finds it.
 */
export function openStore(destination: Destination, credential: AzureCredential): UpkeepStore {
  switch (destination.kind) {
    case "folder":
      return createFolderStore({ root: destination.path });
    case "azure-blob":
      return createAzureBlobStore({ ...destination, credential });
    case "s3":
      return createS3Store(destination);
    case "azureml-datastore":
      return createAzureDatastoreStore({ ...destination, credential });
  }
}

/**
 * Loads the library that the store of a destination will need. Never rejects: what is missing is told at the
 * first use.
 */
export async function loadStore({ kind }: Destination): Promise<void> {
  if (kind === "folder") return;
  await (kind === "s3" ? loadS3() : loadAzureLibrary()).catch(() => {});
}
