import { pathPrefix } from "../layout/dataset-path.ts";
import type { Store } from "../store/store.ts";
import { type DataFile, type ListedFile, parseListedFile } from "./data-file.ts";

/** The files of a store, narrowed to what a dataset looks at. */
export interface Catalog {
  readonly store: Store;
  /** What it is narrowed to; of all where it is undefined. */
  readonly scope: CatalogScope;
  /** Every data file there is now, in path order: by endpoint, deployment, collection, partition, age. */
  files(): AsyncIterable<DataFile>;
  /** The same with the files of JSON lines, which nothing here reads. */
  listed(): AsyncIterable<ListedFile>;
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
  async function* listed(): AsyncGenerator<ListedFile, void, undefined> {
    for await (const entry of store.list(prefix)) {
      const found = parseListedFile(entry);
      if (found === undefined) continue;
      if (deployment !== undefined && found.file.deployment !== deployment) continue;
      yield found;
    }
  }
  return {
    store,
    scope,
    listed,
    async *files() {
      for await (const { format, file } of listed()) if (format === "parquet") yield file;
    },
  };
}
