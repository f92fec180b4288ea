import { wrongKind } from "../../base/errors.ts";
import { collectionKey } from "../../layout/collection-key.ts";
import { parsePath, pathPrefix } from "../../layout/dataset-path.ts";
import { overlaps, partitionSpan, type Span } from "../../layout/partition.ts";
import { CollectionProfile } from "../../profile/collection-profile.ts";
import { parseProfileLines, type ProfileLine, ProfileSums } from "../../profile/stored-profiles.ts";
import type { Catalog } from "../catalog.ts";
import { mapConcurrent } from "../map-concurrent.ts";
import { timeOption } from "../time-option.ts";

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

const objectsAtOnce = 16;
/** What is told of an hour can have been begun before it: by a day if partitions are days. */
const earlierMs = 2 * 86_400_000;

/** The profiles of a collection, one for each hour that has one, in their order. */
export async function readProfiles(catalog: Catalog, options: ProfilesOptions): Promise<CollectionProfile[]> {
  const { collection, columns } = options;
  if (typeof collection !== "string")
    throw wrongKind("profiles: collection", "the name of a collection", collection);
  const range = {
    from: timeOption(options.from, "profiles: from") ?? -Infinity,
    to: timeOption(options.to, "profiles: to") ?? Infinity,
  };
  const key = collectionKey(collection);
  const isWanted = (line: ProfileLine): boolean =>
    collectionKey(line.collection) === key &&
    overlaps(spanOf(line), range) &&
    (line.column === undefined || columns === undefined || columns.includes(line.column));
  // Of whatever process, deployment and endpoint.
  const sums = new ProfileSums(({ hour, span, collection }) => ({
    ...{ instance: "", hour },
    ...(span === undefined ? {} : { span }),
    collection: collectionKey(collection),
  }));
  const decoder = new TextDecoder();
  const read = async (path: string): Promise<ProfileLine[]> =>
    [...parseProfileLines(decoder.decode(await catalog.store.get(path)))].filter(isWanted);
  for await (const lines of mapConcurrent(await pathsFrom(catalog, range.from), objectsAtOnce, read))
    for (const line of lines) sums.add(line);
  return Array.from(sums.sums, ({ place, ...sum }) => {
    const { start, end } = spanOf(place);
    return CollectionProfile.of({ collection, from: new Date(start), to: new Date(end), ...sum });
  }).sort((a, b) => a.from.getTime() - b.from.getTime());
}

/** Those of a catalog, but for what was told long before `from`. */
async function pathsFrom({ store, scope }: Catalog, from: number): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of store.list(pathPrefix(scope.endpoint, scope.deployment))) {
    const stored = parsePath(path);
    if (stored?.kind !== "profile" || stored.begunAt < from - earlierMs) continue;
    if (scope.deployment === undefined || stored.deployment === scope.deployment) paths.push(path);
  }
  return paths;
}

function spanOf({ hour, span }: Pick<ProfileLine, "hour" | "span">): Span {
  return partitionSpan({ start: Date.parse(hour), rate: span ?? "hour" });
}
