import { installedVersion } from "../../../base/host/installed-version.ts";
import { agent } from "../../../base/version.ts";
import type { ResolvedDeployment } from "../../../config/resolve.ts";
import { type Finding, findingsOf } from "./findings.ts";

const { ok, hint } = findingsOf("versions");

/** Packages that users install for what needs them. */
const peers = [
  ["@azure/identity", "DefaultAzureCredential and managed identities"],
  ["@duckdb/node-api", "SQL"],
  ["@opentelemetry/api", "metrics and traces"],
  ["apache-arrow", "export as Arrow"],
] as const;

/** This package, Node and the machine. */
export function programVersions(): Finding[] {
  return [ok(`${agent} on ${process.platform} ${process.arch}`)];
}

/** The optional packages that are there, and the one that is wanted and is not. */
export function peerVersions({ config, credential }: ResolvedDeployment): Finding[] {
  const isRemote = config.destination.kind !== "folder";
  return peers.map(([name, use]) => {
    const version = installedVersion(name);
    if (version !== undefined) return ok(`${name} ${version}`);
    const isWanted = name === "@azure/identity" && isRemote && credential === undefined;
    const text = `${name} is not installed; ${use} would need it`;
    return isWanted ? hint(`${text}: npm install ${name}`) : ok(text);
  });
}
