import { reading, type Told, told, wrongKind, wrongValue } from "../base/errors.ts";
import { Secret } from "./secret.ts";

/**
 * Gives out access tokens: what every class of `@azure/identity` does. Declared here by its shape, so that nobody needs
 * that package to use this one.
 */
export interface TokenCredential {
  /** A token for the scopes, or null if there is none. */
  getToken(
    scopes: string | string[],
    options?: { abortSignal?: AbortSignal },
  ): Promise<{ token: string; expiresOnTimestamp: number } | null>;
}

/** How the service is told who we are. */
export type Credential =
  | { readonly kind: "connection-string"; readonly connectionString: string }
  /** A shared access signature, without the leading `?`. */
  | { readonly kind: "sas"; readonly token: string }
  | { readonly kind: "token"; readonly getToken: TokenCredential["getToken"] };

const expected =
  "a token credential (an object with getToken), an Azure storage connection string or a shared access signature";

/** Recognises a credential by its shape. What was given never appears in an error. */
export function parseCredential(value: unknown, where: string): Secret<Credential> {
  if (typeof value === "string") {
    if (isSharedAccessSignature(value)) return new Secret(sas(value));
    if (isConnectionString(value)) return new Secret({ kind: "connection-string", connectionString: value });
    throw wrongValue(where, expected, hidden);
  }
  const credential = value as Partial<TokenCredential> | null;
  const getToken =
    typeof credential === "object" && credential !== null
      ? reading(where, () => credential.getToken)
      : undefined;
  if (typeof getToken === "function") {
    return new Secret({ kind: "token", getToken: getToken.bind(credential) });
  }
  throw wrongKind(where, expected, value);
}

/** A connection string: see {@link parseCredential}. */
export function parseConnectionString(value: unknown, where: string): Secret<Credential> {
  if (typeof value !== "string" || !isConnectionString(value)) {
    throw wrongValue(
      where,
      "an Azure storage connection string (AccountName and AccountKey, BlobEndpoint and SharedAccessSignature, " +
        "or UseDevelopmentStorage=true)",
      hidden,
    );
  }
  return new Secret({ kind: "connection-string", connectionString: value });
}

/** A shared access signature, with or without a leading `?`: see {@link parseCredential}. */
export function parseSharedAccessSignature(value: unknown, where: string): Secret<Credential> {
  if (typeof value !== "string" || !isSharedAccessSignature(value)) {
    throw wrongValue(where, "a shared access signature (a URL query with sv and sig)", hidden);
  }
  return new Secret(sas(value));
}

/** Stands in messages for a text that may be a secret. */
export const hidden: Told = told('"(not shown)"');

function sas(value: string): Credential {
  return { kind: "sas", token: value.replace(/^\?/, "") };
}

/** Every SAS names its version (`sv`) and ends in a signature (`sig`), whatever its kind. */
function isSharedAccessSignature(value: string): boolean {
  if (/[\s;#]/.test(value)) return false;
  const fields = new URLSearchParams(value);
  return Boolean(fields.get("sv")) && Boolean(fields.get("sig"));
}

function isConnectionString(value: string): boolean {
  const fields = new Map<string, string>();
  for (const part of value.split(";")) {
    const equals = part.indexOf("=");
    if (equals > 0) fields.set(part.slice(0, equals).trim().toLowerCase(), part.slice(equals + 1).trim());
  }
  const has = (name: string) => Boolean(fields.get(name));
  return (
    fields.get("usedevelopmentstorage")?.toLowerCase() === "true" ||
    (has("accountname") && has("accountkey")) ||
    (has("blobendpoint") && has("sharedaccesssignature"))
  );
}
