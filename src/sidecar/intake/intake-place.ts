import { asError, messageOf, told, wrongValue } from "../../base/errors.ts";
import { readTextFile } from "../../base/files/text-file.ts";
import type { ListenAddress } from "../listening/listen-address.ts";
import { tls } from "../listening/node-modules.ts";

/** Certificate and key of a server, in PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** Where an intake is to be. */
export interface IntakePlace {
  readonly listen: ListenAddress;
  /** Undefined for HTTP alone. */
  readonly tls?: TlsFiles;
}

/**
 * Reads a certificate and its key. Throws a `RangeError` that begins with `where` if they cannot be read, or
 * are no such pair.
 */
export function readTlsFiles(cert: string, key: string, where: string): TlsFiles {
  const files = { cert: read(cert, where), key: read(key, where) };
  try {
    tls().createSecureContext(files);
  } catch {
    throw wrongValue(where, "a certificate and its private key, in PEM", told("another pair of files"));
  }
  return files;
}

function read(path: string, where: string): string {
  try {
    return readTextFile(path);
  } catch (thrown) {
    throw wrongValue(where, "files that can be read", told(messageOf(asError(thrown))));
  }
}
