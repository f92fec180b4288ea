import { isLoopback } from "./loopback.ts";

/**
 * The names under which Azure Storage answers, in the public cloud and those of China and the US government:
 * nobody but Microsoft can have a host below them.
 * https://learn.microsoft.com/azure/storage/common/storage-account-overview#storage-account-endpoints
 */
const azureSuffixes = [
  ".blob.core.windows.net",
  ".blob.storage.azure.net",
  ".blob.core.chinacloudapi.cn",
  ".blob.core.usgovcloudapi.net",
];

/**
 * True if a storage token may be sent to a host: Azure's own, this machine, or one that `trusted` names.
 * Whoever gets a token can use it for all that its owner may do in Azure Storage, until it ends. A name in
 * `trusted` is a host, or, when it begins with a dot, all hosts below it.
 */
export function mayHaveToken(hostname: string, trusted: readonly string[]): boolean {
  return (
    isLoopback(hostname) ||
    azureSuffixes.some((suffix) => hostname.endsWith(suffix)) ||
    trusted.some((name) => (name.startsWith(".") ? hostname.endsWith(name) : hostname === name))
  );
}

/**
 * True for the scopes of a storage token: what answers `401` may ask for one of a resource, and it is not to
 * choose.
 */
export function isStorageScope(scope: string, accountUrl: string): boolean {
  const host = URL.canParse(scope) ? new URL(scope).hostname : "";
  return host === "storage.azure.com" || host === new URL(accountUrl).hostname;
}
