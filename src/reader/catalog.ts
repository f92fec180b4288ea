import { collectionKey } from "../layout/collection-key.ts";
import { pathPrefix } from "../layout/dataset-path.ts";
import { everyTime, overlaps, type TimeRange } from "../layout/partition.ts";
import type { Store, StoreEntry } from "../store/store.ts";
import { type DataFile, parseDataFile } from "./data-file.ts";
import { filesInRange } from "./listing/files-in-range.ts";
import { type OnUnusable, TableFiles } from "./listing/table-files.ts";
import { withoutReplaced } from "./listing/without-replaced.ts";

/** The files of a store, narrowed to what a dataset looks at. */
export interface Catalog {
  readonly store: Store;
  /** What it is narrowed to; of all where it is undefined. */
  readonly scope: CatalogScope;
  /**
   * Every data file there is now, in path order: by endpoint, deployment, collection, partition, age. Of a
   * collection that is a Delta table, those that count by its log.
   */
  files(wanted?: WantedFiles): AsyncIterable<DataFile>;
}

/** Which files are wanted of a catalog. */
export interface WantedFiles {
  /** Those whose rows may be in this range of request times. Default: of all times. */
  readonly range?: TimeRange | undefined;
  /** Those of this collection. Default: of all. */
  readonly collection?: string | undefined;
  /**
   * Told of each file of a Delta table whose log cannot be used, instead of the file. Default: a
   * `CollectorError` is thrown.
   */
  readonly onUnusable?: OnUnusable | undefined;
}

/** One endpoint, or deployment. */
export interface CatalogScope {
  readonly endpoint?: string | undefined;
  readonly deployment?: string | undefined;
}

/**
 * So many objects are listed, of whatever time, before the folders of a range are looked for: as a page of a
 * listing has as many, most stores take one request.
 */
const maxPlainObjects = 2_000;

/** A catalog of one store's files of one endpoint or deployment, or of all. */
export function createCatalog(store: Store, scope: CatalogScope): Catalog {
  const { endpoint, deployment } = scope;
  const prefix = pathPrefix(endpoint, deployment);
  return {
    store,
    scope,
    files: ({ range = everyTime, collection, onUnusable } = {}) => {
      const tables = new TableFiles(store);
      return withoutReplaced(store, tables.current(filesOf(range, collection, tables), onUnusable));
    },
  };
  async function* filesOf(
    range: TimeRange,
    collection: string | undefined,
    tables: TableFiles,
  ): AsyncGenerator<DataFile, void, undefined> {
    const key = collection === undefined ? undefined : collectionKey(collection);
    const isWanted = (file: DataFile | undefined): file is DataFile =>
      file !== undefined &&
      (deployment === undefined || file.deployment === deployment) &&
      (key === undefined || collectionKey(file.collection) === key) &&
      overlaps(file, range);
    const narrow = Number.isFinite(range.from) || Number.isFinite(range.to);
    const found: DataFile[] = [];
    let listed = 0;
    for await (const entry of store.list(prefix)) {
      const file = parseDataFile(entry);
      if (narrow && ++listed > maxPlainObjects) {
        const onTable = (table: string): Promise<void> => tables.look(table);
        yield* sorted(await filesInRange(store, scope, range, onTable), isWanted);
        return;
      }
      tables.see(entry.path);
      if (!isWanted(file)) continue;
      if (narrow) found.push(file);
      else yield file;
    }
    yield* found;
  }
}

function* sorted(
  entries: readonly StoreEntry[],
  isWanted: (file: DataFile | undefined) => file is DataFile,
): Generator<DataFile> {
  const files = entries.map(parseDataFile).filter(isWanted);
  yield* files.sort((a, b) => (a.path < b.path ? -1 : 1));
}
