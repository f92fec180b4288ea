import { createHash } from "node:crypto";
import { collectionKey } from "../../layout/collection-key.ts";
import { dayProfilePath } from "../../layout/dataset-path.ts";
import { partitionSpan, partitionStart } from "../../layout/partition.ts";
import { dayStem, isDayStem } from "../../layout/paths/day-stem.ts";
import {
  addTo,
  linesOf,
  parseProfileLine,
  type ProfileLine,
  ProfileSums,
} from "../../profile/stored-profiles.ts";
import type { CatalogScope } from "../../reader/catalog.ts";
import { type ToldObject, toldObjects } from "../../reader/listing/told-objects.ts";
import { mapConcurrent } from "../../reader/map-concurrent.ts";
import { dayOf, daySourcesLine } from "../../reader/profiles/merged-days.ts";
import { spanOf } from "../../reader/profiles/profile-lines.ts";
import { ObjectNotFoundError, type UpkeepStore } from "../../store/store.ts";
import { done } from "../done.ts";

/** Which days to merge. */
export interface MergeDaysOptions extends CatalogScope {
  /** Now, milliseconds since 1970 UTC. */
  readonly now: number;
  /** A day is left alone until its end is so long ago, milliseconds: profiles still come. */
  readonly olderThanMs: number;
  /** Say what would be done, and do nothing. */
  readonly dryRun: boolean;
  /** Told of each day that was merged. */
  readonly onDay: (day: MergedDay) => void;
}

/** A day of a deployment whose profiles were merged; with `dryRun`, would be. */
export interface MergedDay {
  /** Its folder. */
  readonly folder: string;
  /** How many objects it was made of: they stay. */
  readonly objects: number;
  readonly bytesBefore: number;
  /** Of the object that stands for them; 0 with `dryRun`. */
  readonly bytesAfter: number;
}

/** What is begun so long before a day or after it mostly has nothing of it; if it has, it is read itself. */
const besideMs = 3_600_000;
const objectsAtOnce = 8;

/**
 * Merges the stored profiles of each day that is over to one object beside them, so that windows of days are
 * read in a day's time each. Nothing is taken away but a day's earlier object, when its profiles have become
 * others. It can be stopped at any point, and many may do it at once.
 */
export async function mergeProfileDays(store: UpkeepStore, options: MergeDaysOptions): Promise<void> {
  const { endpoint, deployment, now, olderThanMs, dryRun, onDay } = options;
  const objects = await toldObjects({ store, scope: { endpoint, deployment } }, "profile", -Infinity);
  for (const own of byDeployment(objects).values()) {
    const plain = own.filter(({ stem }) => !isDayStem(stem));
    for (const start of new Set(plain.map(({ begunAt }) => partitionStart(begunAt, "day")))) {
      const { end } = partitionSpan({ start, rate: "day" });
      if (end + olderThanMs > now) continue;
      const sources = plain.filter(({ begunAt }) => begunAt >= start - besideMs && begunAt < end + besideMs);
      if (sources.length < 2) continue;
      const stem = stemOf(sources);
      const known = own.filter((one) => isDayStem(one.stem) && one.begunAt === start);
      const isNew = known.every((one) => one.stem !== stem);
      const folder = folderOf(sources.find(({ begunAt }) => begunAt >= start && begunAt < end) as ToldObject);
      if (isNew) {
        const bytesBefore = sources.reduce((sum, { entry }) => sum + entry.size, 0);
        const bytesAfter = dryRun ? 0 : await mergeDay(store, folder, { start, stem, sources });
        onDay({ folder, objects: sources.length, bytesBefore, bytesAfter });
      }
      if (dryRun) continue;
      for (const { entry, stem: old } of known)
        if (old !== stem) await store.delete(entry.path, { etag: entry.etag });
    }
  }
}

interface Day {
  readonly start: number;
  readonly stem: string;
  readonly sources: readonly ToldObject[];
}

/** Writes a day; gives how many bytes it has. */
async function mergeDay(store: UpkeepStore, folder: string, { start, stem, sources }: Day): Promise<number> {
  const day = dayOf(start);
  const sums = new ProfileSums(({ collection }) => ({
    ...{ instance: "", hour: new Date(start).toISOString(), span: "day" as const },
    collection: collectionKey(collection),
  }));
  const of: Record<string, string[]> = {};
  const read = async (source: ToldObject): Promise<[ToldObject, Uint8Array | undefined]> => [
    source,
    await bytesOf(store, source),
  ];
  for await (const [source, bytes] of mapConcurrent(sources, objectsAtOnce, read)) {
    const lines = bytes === undefined ? undefined : wholeLines(bytes);
    if (lines === undefined) continue;
    const days = new Set(lines.map((line) => dayOf(spanOf(line).start)));
    if (!days.has(day)) continue;
    for (const line of lines) if (dayOf(spanOf(line).start) === day) addTo(sums, line);
    of[source.stem] = [...days].sort();
  }
  const body = Buffer.from([daySourcesLine({ day, of }), ...linesOf(sums)].join(""));
  const [endpoint = "", deployment = ""] = folder.split("/");
  const path = dayProfilePath({ endpoint, deployment }, start, stem);
  done(await store.put(path, body, { contentType: "application/x-ndjson" }));
  return body.length;
}

/** Undefined for what was taken away meanwhile. */
async function bytesOf(store: UpkeepStore, { entry }: ToldObject): Promise<Uint8Array | undefined> {
  try {
    return await store.get(entry.path);
  } catch (thrown) {
    if (thrown instanceof ObjectNotFoundError) return undefined;
    throw thrown;
  }
}

/**
 * The lines of an object that can be merged as a whole; undefined where that cannot be: what this version
 * does not know stays where it is, and so do rows that another object may tell of again.
 */
function wholeLines(bytes: Uint8Array): readonly ProfileLine[] | undefined {
  const lines: ProfileLine[] = [];
  for (const line of Buffer.from(bytes).toString().split("\n")) {
    if (line === "") continue;
    const parsed = parseProfileLine(line);
    if (parsed === undefined || parsed.segment !== undefined) return undefined;
    lines.push(parsed);
  }
  return lines;
}

function byDeployment(objects: readonly ToldObject[]): ReadonlyMap<string, ToldObject[]> {
  const found = new Map<string, ToldObject[]>();
  for (const object of objects.toSorted((a, b) => (a.entry.path < b.entry.path ? -1 : 1))) {
    const [endpoint, deployment] = object.entry.path.split("/", 2);
    const key = `${endpoint}/${deployment}`;
    const own = found.get(key);
    if (own === undefined) found.set(key, [object]);
    else own.push(object);
  }
  return found;
}

function stemOf(sources: readonly ToldObject[]): string {
  const names = sources.map(({ stem }) => stem).sort();
  return dayStem(createHash("sha256").update(names.join("\n")).digest("hex").slice(0, 32));
}

function folderOf({ entry }: ToldObject): string {
  return entry.path.slice(0, entry.path.lastIndexOf("/"));
}
