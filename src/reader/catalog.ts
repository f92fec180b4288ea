import { pathPrefix } from "../layout/dataset-path.ts";
import type { Store } from "../store/store.ts";
import { type DataFile, parseDataFile } from "./data-file.ts";

/** The files of a store, narrowed to what a dataset looks at. */
export interface Catalog {
  readonly store: Store;
  /** Every data file there is now, in path order: by endpoint, deployment, collection, partition, age. */
  files(): AsyncIterable<DataFile>;
}

/** A catalog of one store's files of one endpoint or deployment, or of all. */
export function createCatalog(
  store: Store,
  scope: { readonly endpoint?: string | undefined; readonly deployment?: string | undefined },
): Catalog {
  const { endpoint, deployment } = scope;
  const prefix = pathPrefix(endpoint, deployment);
  return {
    store,
    async *files() {
      for await (const entry of store.list(prefix)) {
        const file = parseDataFile(entry);
        if (file === undefined) continue;
        if (deployment !== undefined && file.deployment !== deployment) continue;
        yield file;
      }
    },
  };
}
