import { collectionKey } from "../../../layout/collection-key.ts";
import type { TimeRange } from "../../../layout/partition.ts";
import { type Catalog, createCatalog } from "../../../reader/catalog.ts";
import type { DataFile } from "../../../reader/data-file.ts";
import type { Place } from "../answers.ts";

/** The files of one collection and range of request times, and no others. */
export function placeCatalog({ store }: Catalog, place: Place, range: TimeRange): Catalog {
  const { endpoint, deployment, collection } = place;
  const scope = { endpoint, deployment };
  const whole = createCatalog(store, scope);
  return {
    store,
    scope,
    async *files(): AsyncGenerator<DataFile> {
      for await (const file of whole.files(range))
        if (collectionKey(file.collection) === collectionKey(collection)) yield file;
    },
  };
}
