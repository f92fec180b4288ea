import { systemClock } from "../../base/time/clock.ts";
import { isError, told, wrongValue } from "../../base/errors.ts";
import { DeadlineError, withDeadline } from "../deadline.ts";
import { StoreError } from "../store-error.ts";

/** How to prove to Azure Storage who asks. */
export type AzureCredential =
  /** An account key or SAS as the portal shows it, or `UseDevelopmentStorage=true` for a local emulator. */
  | { readonly kind: "connection-string"; readonly connectionString: string }
  /** A shared access signature, with or without its leading `?`. */
  | { readonly kind: "sas"; readonly token: string }
  /** Anything shaped like `TokenCredential` of `@azure/core-auth`, for instance `DefaultAzureCredential`. */
  | ({ readonly kind: "token" } & TokenSource);

/** The shape of `TokenCredential`. */
export interface TokenSource {
  getToken(scopes: string | string[], options?: TokenRequest): Promise<AccessToken | null>;
  /** Hosts that may have its tokens, beside Azure's own: see `mayHaveToken`. Default none. */
  readonly trustedHosts?: readonly string[];
}

/** Options of a token request that we read; others are passed on. */
export interface TokenRequest {
  readonly abortSignal?: unknown;
  /** A claims challenge: the cached token will not do. */
  readonly claims?: string;
  readonly tenantId?: string;
}

/** A bearer token. */
export interface AccessToken {
  readonly token: string;
  /** Milliseconds since 1970 UTC. */
  readonly expiresOnTimestamp: number;
}

/** A new token is asked for this long before the old one ends, so that a short outage of the token service costs nothing. */
const RENEW_BEFORE_MS = 5 * 60_000;
/** After a failed renewal the old token is used this long before the next try. */
const RENEW_PAUSE_MS = 30_000;
/** A renewal that may fail, since the old token still holds, gets this part of the deadline. */
const RENEWAL_SHARE = 1 / 3;

/**
 * A `TokenCredential` for the Azure libraries around one that may hang, reject with anything, or not cache.
 *
 * The libraries keep one refresh under way and let everybody wait for it, for ever if it never settles, and repeat some
 * refreshes with nobody listening for the rejection. So we hand out every token as already expired: they then ask for each
 * request and wait for the answer, and caching, deadlines and renewal are ours.
 */
export function createTokenCredential(
  source: TokenSource,
  options: { readonly deadlineMs: number; readonly now?: () => number },
): TokenSource {
  const { deadlineMs, now = systemClock.now } = options;
  let cached: { key: string; token: AccessToken; renewAt: number } | undefined;
  return {
    async getToken(scopes, request = {}) {
      const key = JSON.stringify([scopes, request.tenantId]);
      const old =
        cached?.key === key && cached.token.expiresOnTimestamp > now() && !request.claims
          ? cached
          : undefined;
      if (!old || old.renewAt <= now()) {
        try {
          const patience = old ? deadlineMs * RENEWAL_SHARE : deadlineMs;
          const token = await requestToken(source, scopes, request, patience);
          cached = { key, token, renewAt: token.expiresOnTimestamp - RENEW_BEFORE_MS };
        } catch (thrown) {
          if (!old) throw thrown;
          old.renewAt = now() + RENEW_PAUSE_MS;
        }
      }
      const token = cached?.key === key ? cached.token.token : old?.token.token;
      return token === undefined ? null : { token, expiresOnTimestamp: now() };
    },
  };
}

/** One token, or a {@link StoreError} that holds nothing of what the credential threw but its name. */
export async function requestToken(
  source: TokenSource,
  scopes: string | string[],
  options: TokenRequest,
  deadlineMs: number,
): Promise<AccessToken> {
  const operation = "token";
  let token: AccessToken | null;
  try {
    token = await withDeadline(async (abortSignal) => source.getToken(scopes, { abortSignal, ...options }), {
      deadlineMs,
    });
  } catch (thrown) {
    if (thrown instanceof DeadlineError) {
      throw new StoreError("transient", `the credential gave no token: ${thrown.message}`, { operation });
    }
    if (thrown instanceof StoreError) throw thrown;
    throw new StoreError("configuration", `the credential gave no token (${reasonOf(thrown)})`, {
      operation,
    });
  }
  if (typeof token?.token !== "string" || token.token === "") {
    throw new StoreError("configuration", "the credential gave no token (its answer was empty)", {
      operation,
    });
  }
  return token;
}

/** The error's name and, if it is Microsoft Entra's, its numbered code: what to look up, and never a secret. */
function reasonOf(thrown: unknown): string {
  if (!isError(thrown)) return "it threw no error";
  if (thrown.name === "CredentialUnavailableError" || thrown.name === "AggregateAuthenticationError") {
    return `${thrown.name}: sign in, or set up a managed identity or environment variables`;
  }
  const name = /^[A-Za-z][A-Za-z0-9]{0,63}$/.test(thrown.name) ? thrown.name : "Error";
  const code = /\bAADSTS\d{4,8}\b/.exec(thrown.message)?.[0];
  return code === undefined ? name : `${name}, ${code}`;
}

/** A credential as the client is made from it. */
export type ResolvedCredential =
  | { readonly kind: "key"; readonly accountName: string; readonly accountKey: string }
  /** The public key of a local emulator. */
  | { readonly kind: "emulator" }
  /** The query of a shared access signature, without `?`. */
  | { readonly kind: "sas"; readonly query: string }
  | { readonly kind: "token"; readonly source: TokenSource };

/**
 * Reads a credential. Of a connection string only the "who" counts (`AccountName` with `AccountKey`, or
 * `SharedAccessSignature`, or `UseDevelopmentStorage=true`): where, the destination says. Throws, without showing
 * anything of it, what is none.
 */
export function resolveCredential(credential: AzureCredential, where: string): ResolvedCredential {
  switch (credential.kind) {
    case "token":
      return { kind: "token", source: credential };
    case "sas":
      return { kind: "sas", query: checkSas(credential.token, where) };
    case "connection-string": {
      const fields = new Map<string, string>();
      for (const part of credential.connectionString.split(";")) {
        const equals = part.indexOf("=");
        if (equals > 0) fields.set(part.slice(0, equals).trim().toLowerCase(), part.slice(equals + 1).trim());
      }
      const accountName = fields.get("accountname");
      const accountKey = fields.get("accountkey");
      if (accountName && accountKey) return { kind: "key", accountName, accountKey };
      const sas = fields.get("sharedaccesssignature");
      if (sas) return { kind: "sas", query: checkSas(sas, where) };
      if (fields.get("usedevelopmentstorage")?.toLowerCase() === "true") return { kind: "emulator" };
      throw wrongValue(
        where,
        "a connection string with AccountName and AccountKey, or SharedAccessSignature",
        HIDDEN,
      );
    }
  }
}

const HIDDEN = told('"(not shown)"');

function checkSas(token: string, where: string): string {
  const query = token.trim().replace(/^\?/, "");
  if (!/(^|&)sig=[^&]+/.test(query) || /[\s#?]/.test(query)) {
    throw wrongValue(where, "a shared access signature (…&sig=…)", HIDDEN);
  }
  return query;
}
