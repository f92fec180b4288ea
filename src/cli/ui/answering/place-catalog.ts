import type { TimeRange } from "../../../layout/partition.ts";
import { type Catalog, createCatalog } from "../../../reader/catalog.ts";
import type { Place } from "../answers.ts";

/** The files of one collection and range of request times, and no others. */
export function placeCatalog({ store }: Catalog, place: Place, range: TimeRange): Catalog {
  const { endpoint, deployment, collection } = place;
  const scope = { endpoint, deployment };
  const whole = createCatalog(store, scope);
  return {
    store,
    scope,
    files: ({ onUnusable } = {}) => whole.files({ range, collection, onUnusable }),
  };
}
