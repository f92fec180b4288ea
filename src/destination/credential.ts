import { reading, type Told, told, wrongKind, wrongValue } from "../base/errors.ts";
import { readConnectionString } from "./connection-string.ts";
import { Secret } from "./secret.ts";
import { readSharedAccessSignature } from "./shared-access-signature.ts";

/**
 * Gives out access tokens: what every class of `@azure/identity` does. Declared here by its shape, so that
 * nobody needs that package to use this one.
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
    const credential = signature(value) ?? connection(value);
    if (credential !== undefined) return new Secret(credential);
    throw wrongValue(where, expected, hidden);
  }
  if (typeof value === "object" && value !== null && reading(where, () => "accessKeyId" in value))
    throw wrongKind(where, expected, told("keys of AWS, which are given as AWS's own variables or files"));
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
  const credential = typeof value === "string" ? connection(value) : undefined;
  if (credential !== undefined) return new Secret(credential);
  throw wrongValue(
    where,
    "an Azure storage connection string (AccountName and AccountKey, BlobEndpoint and SharedAccessSignature, " +
      "or UseDevelopmentStorage=true)",
    hidden,
  );
}

/** A shared access signature, with or without a leading `?`: see {@link parseCredential}. */
export function parseSharedAccessSignature(value: unknown, where: string): Secret<Credential> {
  const credential = typeof value === "string" ? signature(value) : undefined;
  if (credential !== undefined) return new Secret(credential);
  throw wrongValue(where, "a shared access signature (a URL query with sv and sig)", hidden);
}

/** Stands in messages for a text that may be a secret. */
export const hidden: Told = told('"(not shown)"');

function signature(text: string): Credential | undefined {
  const token = readSharedAccessSignature(text);
  return token === undefined ? undefined : { kind: "sas", token };
}

function connection(connectionString: string): Credential | undefined {
  if (readConnectionString(connectionString) === undefined) return undefined;
  return { kind: "connection-string", connectionString };
}
