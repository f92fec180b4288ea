import { wrongValue } from "../../base/errors.ts";
import { type ParsedDestination, parseDestination } from "../../destination/parse-destination.ts";
import { shownUrl } from "../../destination/url-text.ts";
import { collectionKey } from "../../layout/collection-key.ts";
import type { Origin } from "../setting-row.ts";

/** What Azure ML is told of one collection beside its settings: where its data goes, and who writes it. */
export interface CollectionData {
  readonly name: string;
  readonly enabled: boolean;
  /** Path of its data asset; absent or null if that is registered elsewhere. */
  readonly data: string | null | undefined;
  readonly clientId: string | undefined;
  /** How messages call the place of a key below the collection. */
  where(...key: readonly string[]): string;
}

/**
 * The identity that writes: there is one destination, so there can be one only. Undefined if none is named.
 */
export function oneClient(
  collections: Iterable<CollectionData>,
): { readonly clientId: string; readonly where: string } | undefined {
  let found: { readonly clientId: string; readonly where: string } | undefined;
  for (const { enabled, clientId, where } of collections) {
    if (!enabled || clientId === undefined) continue;
    if (found !== undefined && clientId !== found.clientId) {
      throw wrongValue(where("client_id"), "the same identity for all collections", clientId);
    }
    found ??= { clientId, where: where("client_id") };
  }
  return found;
}

/**
 * The destination that the data assets' paths have in common. Azure's own are
 * `<destination>/<endpoint>/<deployment>/<collection>`, as this product's are.
 */
export function destinationOfData(
  collections: Iterable<CollectionData>,
  { endpoint, deployment }: { readonly endpoint: string; readonly deployment: string },
  origin: Origin,
): ParsedDestination | undefined {
  let found: { readonly root: string; readonly where: string } | undefined;
  for (const { name, enabled, data, where: at } of collections) {
    if (!enabled || data === undefined || data === null) continue;
    const where = at("data", "path");
    const end = `/${endpoint}/${deployment}/${name}`;
    const path = data.replace(/\/+$/, "");
    if (collectionKey(path.slice(-end.length)) !== collectionKey(end)) {
      throw wrongValue(where, `a path that ends in ${end}, or a destination that is set`, shownUrl(data));
    }
    const root = path.slice(0, -end.length);
    if (found !== undefined && root !== found.root) {
      throw wrongValue(
        where,
        `the same beginning as in ${found.where}, or a destination that is set`,
        shownUrl(data),
      );
    }
    found = { root, where };
  }
  return found === undefined ? undefined : parseDestination(found.root, found.where, origin);
}
