import { systemClock } from "../base/time/clock.ts";
import { type Credential, parseCredential, type TokenCredential } from "../destination/credential.ts";
import { type ParsedDestination, parseDestination } from "../destination/parse-destination.ts";
import { readEnvironment, readTrustedHosts } from "../config/environment.ts";
import { type AzureCredential, createAzureBlobStore } from "../store/azure/azure-blob-store.ts";
import { createAzureDatastoreStore } from "../store/azure/azure-datastore-store.ts";
import type { TokenSource } from "../store/azure/azure-credential.ts";
import { findMachineCredential } from "../store/azure/azure-machine-credential.ts";
import { createFolderStore } from "../store/folder-store.ts";
import { createRetryingStore } from "../store/retrying-store.ts";
import type { Store } from "../store/store.ts";

/** A `TokenCredential` of `@azure/identity`, a storage connection string, or a shared access signature. */
export type DatasetCredential = TokenCredential | string;

/**
 * The store of a destination, for reading: `root` as a deployment takes it, already parsed or not. Who we are: the
 * credential given, else the URL's own signature, else the environment, else `DefaultAzureCredential`.
 */
export function openRoot(root: string | ParsedDestination, given: DatasetCredential | undefined): Store {
  const parsed = typeof root === "string" ? parseDestination(root, "openDataset: root") : root;
  const { destination } = parsed;
  if (destination.kind === "folder") return createFolderStore({ root: destination.path });
  const credential = credentialFor(parsed, given);
  const store =
    destination.kind === "azure-blob"
      ? createAzureBlobStore({ ...destination, credential })
      : createAzureDatastoreStore({ ...destination, credential });
  return createRetryingStore(store, { clock: systemClock });
}

function credentialFor(parsed: ParsedDestination, given: DatasetCredential | undefined): AzureCredential {
  const secret =
    given === undefined
      ? (parsed.credential ?? readEnvironment().credential)
      : parseCredential(given, "openDataset: credential");
  const credential = secret?.reveal() ?? machineCredential();
  return credential.kind === "token" ? { ...credential, trustedHosts: readTrustedHosts() } : credential;
}

/** Looks for what the machine offers when the first token is needed, and keeps it: it caches its tokens itself. */
function machineCredential(): Credential {
  let source: TokenSource | undefined;
  return {
    kind: "token",
    async getToken(scopes) {
      source ??= await findMachineCredential(null);
      return await source.getToken(scopes);
    },
  };
}
