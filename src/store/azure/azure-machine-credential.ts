import type { DefaultAzureCredential } from "@azure/identity";
import { libraryError } from "./azure-library.ts";
import type { TokenSource } from "./azure-credential.ts";

interface Identity {
  readonly DefaultAzureCredential: typeof DefaultAzureCredential;
}

/**
 * The credential that the machine offers: a managed or workload identity, or a developer's login.
 * `DefaultAzureCredential` of `@azure/identity` looks for them in its documented order; it is loaded when
 * this is called, not before; whoever has a credential of another kind need not install it. `clientId`
 * chooses among several managed identities.
 */
export async function findMachineCredential(clientId: string | null): Promise<TokenSource> {
  const { DefaultAzureCredential: Found } = await loadIdentity();
  const { coreHttpClient } = await import("./azure-http.ts");
  const options = { httpClient: coreHttpClient, redirectOptions: { maxRetries: 0 } };
  return new Found(clientId === null ? options : { ...options, managedIdentityClientId: clientId });
}

/** Rejects with a `StoreError` that says what to install. */
export async function loadIdentity(): Promise<Identity> {
  // Inside of `try`, where webpack lets what is not installed be.
  try {
    return await import("@azure/identity");
  } catch (thrown) {
    throw libraryError("@azure/identity", thrown);
  }
}
