import type { ResolvedDeployment } from "../config/resolve.ts";
import type { AccessToken, TokenSource } from "../store/azure/azure-credential.ts";
import { findMachineCredential } from "../store/azure/azure-machine-credential.ts";
import type { CredentialSpec } from "./compose.ts";

/** The caller's credential, split into what can cross into another thread and what is asked for on this one. */
export interface Credentials {
  readonly spec: CredentialSpec;
  getToken(scopes: string | string[]): Promise<AccessToken | null>;
}

type Given = Pick<ResolvedDeployment, "config" | "credential" | "trustedHosts">;

/**
 * Credentials for a destination. Without one given, `DefaultAzureCredential` of `@azure/identity` finds what the machine
 * offers (managed identity, workload identity, a developer's login); it is loaded when the first token is needed.
 */
export function credentialsOf({
  config: { destination, clientId },
  credential: given,
  trustedHosts,
}: Given): Credentials {
  const credential = destination.kind === "folder" ? undefined : given?.reveal();
  if (credential !== undefined && credential.kind !== "token") {
    return { spec: credential, getToken: () => Promise.resolve(null) };
  }
  let source: TokenSource | undefined = credential;
  return {
    spec: { kind: "token", trustedHosts },
    async getToken(scopes) {
      source ??= await findMachineCredential(clientId);
      return await source.getToken(scopes);
    },
  };
}
