import { isLoopback } from "./loopback.ts";

/*
 * What Azure allows in the names that a destination is made of. Whoever reads a destination, and whoever
 * makes requests from one, asks here, so that what is taken when a deployment is opened is delivered to.
 */

/**
 * Azure: "Naming and referencing containers, blobs, and metadata". Not the containers that begin with `$`:
 * names in `$root` must have no slash, and all of ours have; the service alone writes `$logs` and
 * `$blobchangefeed`; `$web` is what the whole web may read.
 */
export function isContainerName(name: string): boolean {
  return /^[a-z0-9](?:-?[a-z0-9])+$/.test(name) && name.length >= 3 && name.length <= 63;
}

/**
 * The name of an account in the path of a URL: an emulator's may be longer than Azure's own, and have
 * hyphens.
 */
export function isAccountInPath(name: string): boolean {
  return /^[a-z0-9-]{3,63}$/.test(name);
}

/** Azure: "Storage account overview", storage account name. */
export function isStorageAccountName(name: string): boolean {
  return /^[a-z0-9]{3,24}$/.test(name);
}

const maxPrefixLength = 512;
/** With a hierarchical namespace there may be 63 folders, and below the prefix are seven. */
const maxPrefixFolders = 50;

/**
 * What should stand in place of a prefix, given as its decoded parts, for a message; undefined if nothing is
 * wrong.
 */
export function prefixFault(parts: readonly string[]): string | undefined {
  if (parts.join("/").length > maxPrefixLength) return `a prefix of at most ${maxPrefixLength} characters`;
  if (parts.length > maxPrefixFolders) return `a prefix of at most ${maxPrefixFolders} folders`;
  return parts.map(pathPartFault).find((fault) => fault !== undefined);
}

/**
 * What should stand in place of one decoded part of a path, for a message; undefined if nothing is wrong.
 * Refused are parts that would leave the folder or that somebody on the way treats specially: `.`, `..`,
 * empty ones, slashes that were hidden by encoding, a dot at the end, characters that are none or that XML
 * cannot say (Azure: "Naming and referencing containers, blobs, and metadata"), and `%`, `?` and `#`, which
 * one engine would take as they are and the next decode.
 */
export function pathPartFault(part: string): string | undefined {
  if (part.endsWith(".") || !/^[^/\\\p{Cc}\p{Cs}\p{Co}\p{Cn}]+$/u.test(part)) {
    return 'a path whose parts are not empty, do not end in "." and hold no backslash or control character';
  }
  return /[%?#]/.test(part) ? "a path without %, ? and # in its parts" : undefined;
}

const label = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const hostName = new RegExp(`^(?:\\[[0-9a-f:.]+\\]|${label}(?:\\.${label})*)$`);
const gen2Host = /^([a-z0-9-]+|[a-z0-9-]+\.[a-z0-9-]+)\.dfs\.(.+)$/;

/**
 * What should stand in place of the scheme and host of an account's URL, for a message; undefined if nothing
 * is wrong. A name with a dot at its end is refused: neither certificates nor the names of those who may have
 * a token are written so.
 */
export function accountHostFault(url: URL): string | undefined {
  const { protocol, hostname, port } = url;
  if (protocol !== "https:" && protocol !== "http:") return "an https URL of a storage account";
  if (!hostName.test(hostname) || port === "0") {
    return "a host of a-z, 0-9, - and _ in parts joined by single dots, and no port 0";
  }
  if (protocol === "http:" && !isLoopback(hostname) && !isEmulator(url)) {
    return "https (http is only for this machine, and for an emulator, as http://azurite:10000)";
  }
  const [, account, domain] = gen2Host.exec(hostname) ?? [];
  return account === undefined ? undefined : `the account's blob endpoint, https://${account}.blob.${domain}`;
}

/**
 * True if the path of an account's URL begins with its name, because the host does not name it: the rules of
 * `@azure/storage-blob` (`getAccountNameFromUrl`, `isIpEndpointStyle`), to which the emulator keeps.
 */
export function hasAccountInPath({ hostname, port }: URL): boolean {
  if (hostname.split(".")[1] === "blob") return false;
  return (
    hostname.startsWith("[") ||
    /^\d+(\.\d+){3}$/.test(hostname) ||
    hostname === "localhost" ||
    hostname === "host.docker.internal" ||
    /^1[01][01]0[0-4]$/.test(port)
  );
}

/**
 * An emulator in a private network, by the name that docker compose or Kubernetes gives it: without a dot,
 * so that no name server of the world has it. What the host does not name, the account, must be in the path.
 */
function isEmulator(url: URL): boolean {
  const isPrivate = /^[a-z0-9_-]+$/.test(url.hostname) || url.hostname === "host.docker.internal";
  return isPrivate && hasAccountInPath(url);
}
