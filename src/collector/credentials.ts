import { messageOf } from "../base/errors.ts";
import type { ResolvedDeployment } from "../config/resolve.ts";
import type { AccessToken, AzureCredential } from "../store/azure/azure-credential.ts";
import { loadProof, proofOf } from "../store/open-store.ts";
import type { CredentialSpec } from "./compose.ts";

/**
 * The caller's credential, split into what can cross into another thread and what is asked for on this one.
 */
export interface Credentials {
  /** All of it, for this thread. */
  readonly proof: AzureCredential;
  readonly spec: CredentialSpec;
  readonly getToken: (scopes: string | string[]) => Promise<AccessToken | null>;
  /** Gets ready what they need; tells, before anything is delivered, if that is not installed. */
  readonly load: (tell: (why: string) => void) => void;
}

type Given = Pick<ResolvedDeployment, "config" | "credential" | "trustedHosts">;

/** Credentials for a destination; a folder's gives nothing away. */
export function credentialsOf({ config, credential, trustedHosts }: Given): Credentials {
  const { destination, clientId } = config;
  const given = destination.kind === "folder" ? undefined : credential?.reveal();
  const proof = proofOf({ credential: given ?? null, clientId, trustedHosts });
  const load: Credentials["load"] = (tell) => {
    loadProof(destination, given ?? null).catch((thrown: unknown) => tell(messageOf(thrown)));
  };
  if (proof.kind !== "token") return { proof, spec: proof, getToken: () => Promise.resolve(null), load };
  return {
    proof,
    spec: { kind: "token", trustedHosts },
    load,
    async getToken(scopes) {
      return await proof.getToken(scopes);
    },
  };
}
