import { systemClock } from "../../base/time/clock.ts";
import { isError, wrongValue } from "../../base/errors.ts";
import { type ConnectionSecret, readConnectionString } from "../../destination/connection-string.ts";
import { type Credential, hidden } from "../../destination/credential.ts";
import { readSharedAccessSignature } from "../../destination/shared-access-signature.ts";
import { DeadlineError, withDeadline } from "../deadline.ts";
import { StoreError } from "../store-error.ts";

/**
 * How to prove to Azure Storage who asks. Of kind `token` is anything shaped like `TokenCredential` of
 * `@azure/core-auth`.
 */
export type AzureCredential =
  | Exclude<Credential, { kind: "token" }>
  | ({ readonly kind: "token" } & TokenSource);

/** The shape of `TokenCredential`. */
export interface TokenSource {
  getToken(scopes: string | string[], options?: TokenRequest): Promise<AccessToken | null>;
  /** Hosts that may have its tokens, beside Azure's own: see `destination/token-host.ts`. Default none. */
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

/**
 * A new token is asked for this long before the old one ends, so that a short outage of the token service
 * costs nothing.
 */
const renewBeforeMs = 5 * 60_000;
/** After a failed renewal the old token is used this long before the next try. */
const renewPauseMs = 30_000;
/** A renewal that may fail, since the old token still holds, gets this part of the deadline. */
const renewalShare = 1 / 3;

/**
 * A `TokenCredential` for the Azure libraries around one that may hang, reject with anything, or not cache.
 *
 * The libraries keep one refresh under way and let everybody wait for it, for ever if it never settles, and
 * repeat some refreshes with nobody listening for the rejection. So we hand out every token as already
 * expired: they then ask for each request and wait for the answer, and caching, deadlines and renewal are
 * ours.
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
          const patience = old ? deadlineMs * renewalShare : deadlineMs;
          const token = await requestToken(source, scopes, request, patience);
          cached = { key, token, renewAt: token.expiresOnTimestamp - renewBeforeMs };
        } catch (thrown) {
          if (!old) throw thrown;
          old.renewAt = now() + renewPauseMs;
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
    throw tokenError(thrown);
  }
  if (typeof token?.token !== "string" || token.token === "") {
    throw new StoreError("configuration", "the credential gave no token (its answer was empty)", {
      operation,
    });
  }
  return token;
}

/**
 * What a credential threw, as it can be told: our own error as it is, of any other its name. Where the
 * credential lives on another thread, this is to be made there: crossing over, errors lose their names.
 */
export function tokenError(thrown: unknown): StoreError {
  if (thrown instanceof StoreError) return thrown;
  const message = `the credential gave no token (${reasonOf(thrown)})`;
  return new StoreError("configuration", message, { operation: "token" });
}

/**
 * The error's name and, if it is Microsoft Entra's, its numbered code: what to look up, and never a secret.
 */
function reasonOf(thrown: unknown): string {
  if (!isError(thrown)) return "it threw no error";
  const name = /^[A-Za-z][A-Za-z0-9]{0,63}$/.test(thrown.name) ? thrown.name : "Error";
  // Of several credentials that were tried, the one that was answered is meant to be used.
  const code = /\bAADSTS\d{4,8}\b/.exec(thrown.message)?.[0];
  if (code !== undefined) return `${name}, ${code}`;
  if (name === "CredentialUnavailableError" || name === "AggregateAuthenticationError") {
    return `${name}: sign in, or set up a managed identity or environment variables`;
  }
  return name;
}

/** A credential as the client is made from it. */
export type ResolvedCredential = ConnectionSecret | { readonly kind: "token"; readonly source: TokenSource };

/** Reads a credential. Throws, without showing anything of it, what is none. */
export function resolveCredential(credential: AzureCredential, where: string): ResolvedCredential {
  switch (credential.kind) {
    case "token":
      return { kind: "token", source: credential };
    case "sas": {
      const query = readSharedAccessSignature(credential.token);
      if (query === undefined) throw wrongValue(where, "a shared access signature (with sv and sig)", hidden);
      return { kind: "sas", query };
    }
    case "connection-string": {
      const expected = "a connection string with AccountName and AccountKey, or SharedAccessSignature";
      const secret = readConnectionString(credential.connectionString);
      if (secret === undefined) throw wrongValue(where, expected, hidden);
      return secret;
    }
  }
}
