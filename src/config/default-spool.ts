import { basename, join } from "node:path";
import { sha256 } from "../base/checksum.ts";
import { ownJson } from "../base/own-json.ts";
import type { Destination } from "../destination/destination.ts";
import type { SettingValues, Surroundings } from "./setting-row.ts";

/** A folder that the spool can be in. */
export interface SpoolFolder {
  readonly directory: string;
  /** A folder above it that nobody else may write to either. */
  readonly home?: string;
}

/**
 * A spool for each destination: whoever finds data in a spool delivers it to his own destination, so two
 * programs of one user that write to different places must not meet. Endpoint and deployment need not differ,
 * they are kept with the data. Frames for the local agent have it for their place. The first is the default,
 * the others stand in where it cannot be written: below the user's state folder, if there is one; then in a
 * private folder among the temporary ones.
 */
export function defaultSpools(
  { destination, format, agent }: Pick<SettingValues, "destination" | "format" | "agent">,
  { stateFolder, temporaryFolder }: Pick<Surroundings, "stateFolder" | "temporaryFolder">,
): readonly [SpoolFolder, ...SpoolFolder[]] {
  const { name, identity } =
    format === "azureml"
      ? { name: "azureml-agent", identity: ["azureml-agent", agent.host, String(agent.port)] }
      : describeDestination(destination.destination);
  const hash = sha256(ownJson(identity)).slice(0, 16);
  const readable = name.replace(/[^A-Za-z0-9_-]+/g, "-").slice(0, 32);
  const below = (home: string): string => join(home, "spool", `${readable}-${hash}`);
  const temporary = { directory: below(temporaryFolder), home: temporaryFolder };
  if (stateFolder === undefined) return [temporary];
  return [{ directory: below(join(stateFolder, "model-data-collector")) }, temporary];
}

/** The first of {@link defaultSpools}. */
export function defaultSpool(values: SettingValues, surroundings: Surroundings): string {
  return defaultSpools(values, surroundings)[0].directory;
}

function describeDestination(destination: Destination): { name: string; identity: readonly string[] } {
  switch (destination.kind) {
    case "folder":
      return { name: basename(destination.path), identity: ["folder", destination.path] };
    case "azure-blob": {
      const { accountUrl, container, prefix } = destination;
      return { name: container, identity: ["azure-blob", accountUrl, container, prefix] };
    }
    case "s3": {
      const { endpoint, bucket, prefix } = destination;
      return { name: bucket, identity: ["s3", endpoint ?? "", bucket, prefix] };
    }
    case "azureml-datastore": {
      const { subscriptionId, resourceGroup, workspace, datastore, prefix } = destination;
      const identity = ["azureml-datastore", subscriptionId, resourceGroup, workspace, datastore, prefix];
      return { name: datastore, identity };
    }
  }
}
