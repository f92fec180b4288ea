import { ownJson } from "../../base/own-json.ts";
import { partitionSpan, type Span } from "../../layout/partition.ts";
import { isDayStem } from "../../layout/paths/day-stem.ts";
import { ObjectNotFoundError, type Store } from "../../store/store.ts";
import type { ToldObject } from "../listing/told-objects.ts";
import { mapConcurrent } from "../map-concurrent.ts";

/*
 * Of days that are over, the profiles may stand merged beside those that they were made of: a week, or a
 * year, is then read in as many objects as it has days, and not in all that was told every ten minutes by
 * every process. The first line says which objects a day was made of, and of each which days its lines are
 * about:
 *
 *     {"kind":"day","day":"2026-11-22","of":{"20261122T050000000Z-<32 hex digits>":["2026-11-22"]}}
 *
 * The other lines are those of stored profiles, with `span` `day`. What came since, or could not be merged,
 * is read beside it.
 */

/** What a merged day was made of: by the names of objects, without their ending, the days of their lines. */
export interface DaySources {
  /** `yyyy-MM-dd`. */
  readonly day: string;
  readonly of: Readonly<Record<string, readonly string[]>>;
}

const daysAtOnce = 4;

/** The first line of a merged day. */
export function daySourcesLine({ day, of }: DaySources): string {
  return `${ownJson({ kind: "day", day, of })}\n`;
}

/** The day, `yyyy-MM-dd`, that a time falls in. */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** Merged days that stand for the objects that they were made of. */
export class MergedDays {
  /** By the object's folders and name: the days that are told of it here, and all its days. */
  readonly #sources = new Map<string, { readonly told: Set<string>; readonly all: readonly string[] }>();
  readonly #isAsked: (day: string) => boolean;

  /** `isAsked` says whether anything of a day is asked for. */
  constructor(isAsked: (day: string) => boolean) {
    this.#isAsked = isAsked;
  }

  /**
   * Reads the merged days among these objects that may stand for their hours, each day's bytes in turn. Of
   * several of a day that counts which was made of the most objects.
   */
  async *read(
    store: Pick<Store, "get">,
    objects: readonly ToldObject[],
    isWhole: (day: Span) => boolean,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const byDay = new Map<string, ToldObject[]>();
    for (const object of objects) {
      if (!isDayStem(object.stem)) continue;
      if (!isWhole(partitionSpan({ start: object.begunAt, rate: "day" }))) continue;
      const folder = folderOf(object.entry.path);
      byDay.set(folder, [...(byDay.get(folder) ?? []), object]);
    }
    const read = async (several: readonly ToldObject[]): Promise<MergedDay | undefined> => {
      const found = await Promise.all(several.map((one) => readDay(store, one)));
      const most = (one: MergedDay | undefined): number => Object.keys(one?.sources.of ?? {}).length;
      return found.reduce((best, one) => (most(one) > most(best) ? one : best), undefined);
    };
    for await (const found of mapConcurrent(byDay.values(), daysAtOnce, read)) {
      if (found === undefined) continue;
      const { root, bytes, sources } = found;
      for (const [name, all] of Object.entries(sources.of)) {
        const key = `${root}${name}`;
        const known = this.#sources.get(key);
        if (known === undefined) this.#sources.set(key, { told: new Set([sources.day]), all });
        else known.told.add(sources.day);
      }
      yield bytes;
    }
  }

  /** True if all that is asked for of an object is told by merged days. */
  coverAll({ entry, stem }: ToldObject): boolean {
    const source = this.#sources.get(`${rootOf(entry.path)}${stem}`);
    return source !== undefined && source.all.every((day) => source.told.has(day) || !this.#isAsked(day));
  }

  /** True if what an object tells of a time is told by a merged day. */
  cover({ entry, stem }: ToldObject, time: number): boolean {
    return this.#sources.get(`${rootOf(entry.path)}${stem}`)?.told.has(dayOf(time)) === true;
  }
}

interface MergedDay {
  /** The folder that the folders of days are in. */
  readonly root: string;
  readonly bytes: Uint8Array;
  readonly sources: DaySources;
}

/** Undefined for what is gone meanwhile, and does not say what it was made of: then that is read itself. */
async function readDay(
  store: Pick<Store, "get">,
  { entry, begunAt }: ToldObject,
): Promise<MergedDay | undefined> {
  try {
    const bytes = await store.get(entry.path);
    const end = bytes.indexOf(newline);
    const sources = parseSources(Buffer.from(bytes.subarray(0, Math.max(end, 0))).toString());
    return sources?.day === dayOf(begunAt) ? { root: rootOf(entry.path), bytes, sources } : undefined;
  } catch (thrown) {
    if (thrown instanceof ObjectNotFoundError) return undefined;
    throw thrown;
  }
}

const newline = 10;

function parseSources(line: string): DaySources | undefined {
  try {
    const { kind, day, of } = JSON.parse(line) as Partial<DaySources & { kind: string }>;
    const isNamed = typeof of === "object" && of !== null && Object.values(of).every(Array.isArray);
    return kind === "day" && typeof day === "string" && isNamed ? { day, of } : undefined;
  } catch {
    return undefined;
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

function rootOf(path: string): string {
  return folderOf(folderOf(path).slice(0, -1));
}
