import { libraryError } from "./azure-library.ts";
import type { TokenSource } from "./azure-credential.ts";

/**
 * The credential that the machine offers: a managed or workload identity, or a developer's login.
 * `DefaultAzureCredential` of `@azure/identity` looks for them in its documented order; it is loaded when
 * this is called, not before. `clientId` chooses among several managed identities.
 */
export async function findMachineCredential(clientId: string | null): Promise<TokenSource> {
  const { DefaultAzureCredential } = await import("@azure/identity").catch((thrown: unknown) => {
    throw libraryError("@azure/identity", thrown);
  });
  const { credentialHttpClient } = await import("./azure-http.ts");
  const options = { httpClient: credentialHttpClient, redirectOptions: { maxRetries: 0 } };
  return new DefaultAzureCredential(
    clientId === null ? options : { ...options, managedIdentityClientId: clientId },
  );
}
