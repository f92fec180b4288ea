import { resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { wrongKind, wrongValue } from "../base/errors.ts";
import { parseBlobUrl } from "./blob-url.ts";
import type { Destination } from "./destination.ts";
import { type Credential, hidden } from "./credential.ts";
import { parseDatastoreUri, type Workspace } from "./datastore-uri.ts";
import { parseS3Url } from "./s3-url.ts";
import type { Secret } from "./secret.ts";
import { shownUrl } from "./url-text.ts";
/** A destination, and apart from it the secret that was written into its URL. */
export interface ParsedDestination {
  readonly destination: Destination;
  /** The shared access signature of a URL with a query, else null. */
  readonly credential: Secret<Credential> | null;
}

const expected =
  "a folder, a blob URL (https://<account>.blob.core.windows.net/<container>/<prefix>), s3://<bucket>/<prefix> " +
  "or an Azure ML datastore (azureml://subscriptions/…/datastores/<datastore>/paths/<prefix>)";

/** What a destination can be relative to. */
export interface DestinationSurroundings {
  /** Of the short form of a datastore's path. Default none: then it is refused. */
  readonly workspace?: Workspace | undefined;
  /** Of a relative path. Default the current directory. */
  readonly folder?: string | undefined;
}

/**
 * Reads where files go:
 * - a folder: a path, taken from the current directory at this moment unless `from` says otherwise, or a
 *   `file://` URL;
 * - a container of Azure Blob Storage in any cloud, behind a private endpoint or a custom domain, or of an
 *   emulator; a shared access signature in its query is handed back apart;
 * - `s3://`: a bucket of Amazon S3, or of a server like it, which the environment names;
 * - `azureml://` in its long form, or in its short one if `from` knows the workspace.
 *
 * Throws a `TypeError` or `RangeError` that begins with `where` and shows neither query nor password of a
 * URL.
 */
export function parseDestination(
  value: unknown,
  where: string,
  from: DestinationSurroundings = {},
): ParsedDestination {
  const text = isUrl(value) ? value.href : value;
  if (typeof text !== "string") throw wrongKind(where, expected, value);
  if (/\b(AccountKey|SharedAccessSignature)=/i.test(text)) {
    throw wrongValue(
      where,
      `${expected}; a connection string belongs into AZURE_STORAGE_CONNECTION_STRING`,
      hidden,
    );
  }
  switch (scheme(text)) {
    case undefined:
      return folder(text, where, from.folder);
    case "file":
      return folder(pathOfFileUrl(text, where), where);
    case "http":
    case "https":
      return parseBlobUrl(text, where);
    case "s3":
      return { destination: parseS3Url(text, where), credential: null };
    case "azureml":
      return { destination: parseDatastoreUri(text, where, from.workspace), credential: null };
    default:
      throw wrongValue(where, expected, shownUrl(text));
  }
}

/** True for a URL, also of another realm or a library: it need not be our own class, for it is only read. */
function isUrl(value: unknown): value is { readonly href: string } {
  if (Object.prototype.toString.call(value) !== "[object URL]") return false;
  return typeof (value as { href?: unknown }).href === "string";
}

/**
 * The scheme of what looks like a URL. A drive letter (`C:\data`) is none, nor is what stands before a lone
 * colon.
 */
function scheme(text: string): string | undefined {
  const match = /^([a-z][a-z0-9+.-]+):\/\//i.exec(text) ?? /^(azureml|file|https?|s3):/i.exec(text);
  return match?.[1]?.toLowerCase();
}

function folder(path: string, where: string, base = ""): ParsedDestination {
  if (path.trim() === "" || path.includes("\0")) throw wrongValue(where, expected, path);
  if (/^[\w-]+\.(blob|dfs)\.|[?&]sig=/i.test(path)) {
    throw wrongValue(where, "a blob URL to begin with https://", shownUrl(path));
  }
  if (/^~($|[/\\])/.test(path))
    throw wrongValue(where, 'a folder written out in full ("~" means nothing here)', path);
  const absolute = resolve(base, path);
  // What file systems take at most, with room for what is made in the folder.
  if (
    Buffer.byteLength(absolute) > 3_500 ||
    absolute.split(sep).some((name) => Buffer.byteLength(name) > 255)
  ) {
    throw wrongValue(where, "a folder whose path has at most 3500 bytes, and each name in it 255", path);
  }
  return { destination: { kind: "folder", path: absolute }, credential: null };
}

function pathOfFileUrl(text: string, where: string): string {
  try {
    // "file:data" would silently become "/data".
    if (/^file:\/\/[^?#]*$/i.test(text)) return fileURLToPath(text);
  } catch {
    // Falls through: another host, or an encoded slash.
  }
  throw wrongValue(where, "a file URL of this machine (file:///path/of/folder)", shownUrl(text));
}
