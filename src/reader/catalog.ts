import { pathPrefix } from "../layout/dataset-path.ts";
import type { Store } from "../store/store.ts";
import { type DataFile, parseDataFile } from "./data-file.ts";

/** The files of a store, narrowed to what a dataset looks at. */
export interface Catalog {
  readonly store: Store;
  /** What it is narrowed to; of all where it is undefined. */
  readonly scope: CatalogScope;
  /** Every data file there is now, in path order: by endpoint, deployment, collection, partition, age. */
  files(): AsyncIterable<DataFile>;
}

/** One endpoint, or deployment. */
export interface CatalogScope {
  readonly endpoint?: string | undefined;
  readonly deployment?: string | undefined;
}

/** A catalog of one store's files of one endpoint or deployment, or of all. */
export function createCatalog(store: Store, scope: CatalogScope): Catalog {
  const { endpoint, deployment } = scope;
  const prefix = pathPrefix(endpoint, deployment);
  return {
    store,
    scope,
    async *files() {
      for await (const entry of store.list(prefix)) {
        const file = parseDataFile(entry);
        if (file === undefined || (deployment !== undefined && file.deployment !== deployment)) continue;
        yield file;
      }
    },
  };
}
