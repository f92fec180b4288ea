import { wrongValue } from "../base/errors.ts";
import { accountHostFault, hasAccountInPath, isAccountInPath, isContainerName } from "./azure-names.ts";
import { type Credential, parseSharedAccessSignature } from "./credential.ts";
import type { Destination } from "./destination.ts";
import type { Secret } from "./secret.ts";
import { decodePath, joinPrefix, shownUrl } from "./url-text.ts";

/** Where in Blob Storage, and the secret that the URL held. */
export interface ParsedBlobUrl {
  readonly destination: Extract<Destination, { kind: "azure-blob" }>;
  readonly credential: Secret<Credential> | null;
}

const expected = "https://<account>.blob.core.windows.net/<container>/<prefix>";

/**
 * Reads `https://<host>/<container>/<prefix>`, or `http://127.0.0.1:10000/<account>/<container>/<prefix>`
 * where the host does not name the account. The prefix may be missing; the query must be a shared access
 * signature.
 */
export function parseBlobUrl(text: string, where: string): ParsedBlobUrl {
  const shown = shownUrl(text);
  const refuse = (what: string) => wrongValue(where, what, shown);

  const parts = /^(https?):\/\/([^/?#]+)([^?#]*)(\?[^#]*)?(#.*)?$/is.exec(text);
  // `new URL` would drop line breaks and turn backslashes into slashes without a word.
  if (parts === null || /[\s\\\p{Cc}]/u.test(text)) throw refuse(expected);
  const [, scheme = "", authority = "", path = "", query = "", fragment] = parts;
  if (authority.includes("@")) throw refuse(`${expected} without user and password`);
  if (fragment !== undefined) throw refuse(`${expected} without a fragment`);
  const host = parseHost(scheme, authority);
  if (host === undefined) throw refuse(expected);
  const fault = accountHostFault(host);
  if (fault !== undefined) throw refuse(fault);

  const names = decodePath(path, text, where);
  const account = hasAccountInPath(host) ? names.shift() : "";
  const container = names.shift();
  if (account === undefined || container === undefined) {
    const example = hasAccountInPath(host) ? `${host.origin}/<account>/<container>/<prefix>` : expected;
    throw refuse(`${example} (the container is missing)`);
  }
  if (account !== "" && !isAccountInPath(account)) throw refuse("an account name of a-z, 0-9 and -");
  if (!isContainerName(container)) {
    throw refuse('a container name of 3 to 63 a-z, 0-9 and single "-" between them');
  }
  return {
    destination: {
      kind: "azure-blob",
      accountUrl: account === "" ? host.origin : `${host.origin}/${account}`,
      container,
      prefix: joinPrefix(names, refuse),
    },
    credential: query.length > 1 ? parseSharedAccessSignature(query, `${where}, query of the URL`) : null,
  };
}

function parseHost(scheme: string, authority: string): URL | undefined {
  const url = `${scheme}://${authority}`;
  return URL.canParse(url) ? new URL(url) : undefined;
}
