import { systemClock } from "../base/time/clock.ts";
import { type Environment, readEnvironment } from "../config/environment.ts";
import { resolveDeployment } from "../config/resolve.ts";
import { parseCredential, type TokenCredential } from "../destination/credential.ts";
import { parseDestination } from "../destination/parse-destination.ts";
import { createFolderStore } from "../store/folder-store.ts";
import { openStore, proofOf } from "../store/open-store.ts";
import { createRetryingStore } from "../store/retrying-store.ts";
import type { UpkeepStore } from "../store/store.ts";

/** A `TokenCredential` of `@azure/identity`, a storage connection string, or a shared access signature. */
export type DatasetCredential = TokenCredential | string;

/**
 * The store to read from, where and as whom a deployment of this process would write: what is given, then the
 * environment, then the configuration file that it names, then the default. A folder that is given needs
 * neither of them, and they may be wrong.
 */
export function openRoot(root: string | undefined, given: DatasetCredential | undefined): UpkeepStore {
  let environment: Environment | undefined;
  const read = (): Environment => (environment ??= readEnvironment());
  if (root !== undefined) {
    const surroundings = {
      get workspace() {
        return read().workspace;
      },
    };
    const { destination } = parseDestination(root, "openDataset: root", surroundings);
    if (destination.kind === "folder") return openFolder(destination.path);
  }
  // For the name of what is wrong; below it is an option like others.
  if (given !== undefined) parseCredential(given, "openDataset: credential");
  const { config, credential, trustedHosts } = resolveDeployment(
    {
      ...(root === undefined ? {} : { destination: root }),
      ...(given === undefined ? {} : { credential: given }),
      // Whoever only reads needs no folder for a spool, and may have none.
      spool: { durability: "memory" },
    },
    read(),
    "openDataset",
  );
  const { destination, clientId } = config;
  if (destination.kind === "folder") return openFolder(destination.path);
  const store = openStore(
    destination,
    proofOf({ credential: credential?.reveal() ?? null, clientId, trustedHosts }),
  );
  return createRetryingStore(store, { clock: systemClock });
}

function openFolder(root: string): UpkeepStore {
  return createFolderStore({ root, isBrief: true });
}
