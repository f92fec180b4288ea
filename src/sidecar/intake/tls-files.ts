import type { Server } from "node:https";
import { asError, messageOf, told, wrongValue } from "../../base/errors.ts";
import { readTextFile, watchTextFiles } from "../../base/files/text-file.ts";
import { systemClock } from "../../base/time/clock.ts";
import { https, tls } from "../listening/node-modules.ts";

/** Certificate and key of a server, in PEM, and where they are read. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly paths: { readonly cert: string; readonly key: string };
}

/** How often the files are looked at, milliseconds. A change holds after two looks that saw the same. */
const everyMs = 1_000;
const minVersion = "TLSv1.2";

/**
 * Reads a certificate and its key. Throws a `RangeError` that begins with `where` if they cannot be read, or
 * are no such pair.
 */
export function readTlsFiles(cert: string, key: string, where: string): TlsFiles {
  const pair = { cert: read(cert, where), key: read(key, where) };
  try {
    tls().createSecureContext(pair);
  } catch {
    throw wrongValue(where, "a certificate and its private key, in PEM", told("another pair of files"));
  }
  return { ...pair, paths: { cert, key } };
}

/**
 * A server with this certificate, that takes another one for new connections when the files change, as when
 * a Secret is renewed. Two that are no pair are told, and change nothing.
 */
export function createTlsServer(
  { cert, key, paths }: TlsFiles,
  options: { readonly keepAliveTimeout: number },
): Server {
  const server = https().createServer({ cert, key, minVersion, ...options });
  const watch = watchTextFiles({
    files: [paths.cert, paths.key].map((path) => ({ path, isOptional: false })),
    contents: [cert, key],
    clock: systemClock,
    everyMs,
    onChange: ([nextCert, nextKey]) => {
      try {
        server.setSecureContext({ cert: nextCert, key: nextKey, minVersion });
      } catch {
        warn(`${paths.cert} and ${paths.key} are no certificate and its private key, in PEM`);
      }
    },
    onTrouble: (path, error) => warn(`${path} cannot be read (${messageOf(error)})`),
  });
  server.once("close", () => watch[Symbol.dispose]());
  return server;
}

function warn(why: string): void {
  process.emitWarning(`${why}; the certificate of before still holds`, {
    type: "ModelDataCollectorWarning",
    code: "CONFIGURATION",
  });
}

function read(path: string, where: string): string {
  try {
    return readTextFile(path);
  } catch (thrown) {
    throw wrongValue(where, "files that can be read", told(messageOf(asError(thrown))));
  }
}
