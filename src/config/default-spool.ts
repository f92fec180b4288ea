import { basename, join } from "node:path";
import { sha256 } from "../base/checksum.ts";
import { wrongValue } from "../base/errors.ts";
import { ownJson } from "../base/own-json.ts";
import type { Destination } from "../destination/destination.ts";
import type { SettingValues, Surroundings } from "./setting-row.ts";

/**
 * A spool for each destination: whoever finds data in a spool delivers it to his own destination, so two
 * programs of one user that write to different places must not meet. Endpoint and deployment need not differ,
 * they are kept with the data. Throws a `RangeError` if this user has no place for it; empty if durability
 * `memory` needs none.
 */
export function defaultSpool(
  { destination, spool }: Pick<SettingValues, "destination" | "spool">,
  { stateFolder, callee }: Surroundings,
): string {
  if (stateFolder === undefined) {
    if (spool.durability === "memory") return "";
    throw wrongValue(
      `${callee} option spool.directory`,
      'a folder (or MDC_SPOOL_DIR, or spool.durability "memory"), because this user has no home folder',
      undefined,
    );
  }
  const { name, identity } = describeDestination(destination.destination);
  const hash = sha256(ownJson(identity)).slice(0, 16);
  const readable = name.replace(/[^A-Za-z0-9_-]+/g, "-").slice(0, 32);
  return join(stateFolder, "model-data-collector", "spool", `${readable}-${hash}`);
}

function describeDestination(destination: Destination): { name: string; identity: readonly string[] } {
  switch (destination.kind) {
    case "folder":
      return { name: basename(destination.path), identity: ["folder", destination.path] };
    case "azure-blob": {
      const { accountUrl, container, prefix } = destination;
      return { name: container, identity: ["azure-blob", accountUrl, container, prefix] };
    }
    case "azureml-datastore": {
      const { subscriptionId, resourceGroup, workspace, datastore, prefix } = destination;
      const identity = ["azureml-datastore", subscriptionId, resourceGroup, workspace, datastore, prefix];
      return { name: datastore, identity };
    }
  }
}
