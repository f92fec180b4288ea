import { wrongKind } from "../../base/errors.ts";
import { collectionKey } from "../../layout/collection-key.ts";
import { overlaps } from "../../layout/partition.ts";
import { CollectionProfile } from "../../profile/collection-profile.ts";
import { ProfileSums } from "../../profile/stored-profiles.ts";
import type { Catalog } from "../catalog.ts";
import { timeOption } from "../time-option.ts";
import { profileLines, spanOf } from "./profile-lines.ts";

/** Options of `Dataset.profiles`. */
export interface ProfilesOptions {
  /** The collection's name; its case does not matter. */
  readonly collection: string;
  /** Only hours that end after this time: a Date, milliseconds since 1970 UTC, or an ISO 8601 text. */
  readonly from?: Date | number | string;
  /** Only hours that begin before this time. */
  readonly to?: Date | number | string;
  /** Only these columns. Default: all. */
  readonly columns?: readonly string[];
}

/** The profiles of a collection, one for each hour that has one, in their order. */
export async function readProfiles(catalog: Catalog, options: ProfilesOptions): Promise<CollectionProfile[]> {
  const { collection, columns } = options;
  if (typeof collection !== "string")
    throw wrongKind("profiles: collection", "the name of a collection", collection);
  const range = {
    from: timeOption(options.from, "profiles: from") ?? -Infinity,
    to: timeOption(options.to, "profiles: to") ?? Infinity,
  };
  // Of whatever process, deployment and endpoint.
  const sums = new ProfileSums(({ hour, span }) => ({
    ...{ instance: "", hour },
    ...(span === undefined ? {} : { span }),
    collection: collectionKey(collection),
  }));
  const isWanted = (span: { readonly start: number; readonly end: number }): boolean => overlaps(span, range);
  for await (const line of profileLines(catalog, { collection, columns, from: range.from, isWanted }))
    sums.add(line);
  return Array.from(sums.sums, ({ place, ...sum }) => {
    const { start, end } = spanOf(place);
    return CollectionProfile.of({ collection, from: new Date(start), to: new Date(end), ...sum });
  }).sort((a, b) => a.from.getTime() - b.from.getTime());
}
