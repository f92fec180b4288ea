import { collectionKey } from "../../layout/collection-key.ts";
import { partitionSpan, type Span } from "../../layout/partition.ts";
import { isDayStem } from "../../layout/paths/day-stem.ts";
import { parseProfileLine, type ProfileLine } from "../../profile/stored-profiles.ts";
import type { Catalog } from "../catalog.ts";
import { type ToldObject, toldObjects } from "../listing/told-objects.ts";
import { mapConcurrent } from "../map-concurrent.ts";
import { MergedDays } from "./merged-days.ts";

const objectsAtOnce = 16;
/** What is told of an hour can have been begun before it: by a day if partitions are days. */
const earlierMs = 2 * 86_400_000;

/** Which lines are wanted. */
export interface WantedLines {
  readonly collection: string;
  /** Of which columns; all, if undefined. */
  readonly columns: readonly string[] | undefined;
  /** No line of an hour that is over before. */
  readonly from: number;
  readonly isWanted: (span: Span) => boolean;
  /** Whether a line about this whole day does as well as those about its hours. Default: never. */
  readonly isWholeWanted?: (day: Span) => boolean;
}

/**
 * The stored profiles of a collection, of whatever process, deployment and endpoint: first merged days that
 * may stand for their hours, then what these do not tell, each in the order of objects' names.
 */
export async function* profileLines(
  catalog: Catalog,
  wanted: WantedLines,
): AsyncGenerator<ProfileLine, void, undefined> {
  const { store } = catalog;
  const { isWanted, isWholeWanted = () => false } = wanted;
  const lines = new LinesWanted(wanted);
  const objects = await toldObjects(catalog, "profile", wanted.from - earlierMs);
  objects.sort((a, b) => (a.entry.path < b.entry.path ? -1 : 1));
  const merged = new MergedDays((day) => {
    const start = Date.parse(day);
    return Array.from({ length: 24 }, (_, hour) => start + hour * hourMs).some((at) =>
      isWanted(partitionSpan({ start: at, rate: "hour" })),
    );
  });
  for await (const bytes of merged.read(store, objects, isWholeWanted))
    for (const line of lines.of(bytes)) yield line;
  const rest = objects.filter((object) => !isDayStem(object.stem) && !merged.coverAll(object));
  const read = async (object: ToldObject): Promise<[ToldObject, Uint8Array]> => [
    object,
    await store.get(object.entry.path),
  ];
  for await (const [object, bytes] of mapConcurrent(rest, objectsAtOnce, read))
    for (const line of lines.of(bytes, (hour) => merged.cover(object, hour))) yield line;
}

/** Picks lines: of other collections, columns and hours only the head is looked at. */
class LinesWanted {
  readonly #key: string;
  readonly #columns: ReadonlySet<string> | undefined;
  readonly #isWanted: (span: Span) => boolean;
  readonly #hours = new Map<string, boolean>();

  constructor({ collection, columns, isWanted }: WantedLines) {
    this.#key = collectionKey(collection);
    this.#columns = columns === undefined ? undefined : new Set(columns);
    this.#isWanted = isWanted;
  }

  /** The lines of an object that are wanted; `isTold` of an hour means that its lines are had elsewhere. */
  *of(bytes: Uint8Array, isTold?: (hour: number) => boolean): Generator<ProfileLine, void, undefined> {
    for (const line of linesOf(bytes)) {
      const head = line.toString("latin1", 0, headLength);
      if (isOther(head, "collection", (value) => collectionKey(value) === this.#key)) continue;
      if (isOther(head, "hour", (value) => this.#isHour(value))) continue;
      if (isOther(head, "column", (value) => this.#isColumn(value))) continue;
      const parsed = parseProfileLine(line.toString());
      if (parsed === undefined || collectionKey(parsed.collection) !== this.#key) continue;
      if (parsed.column !== undefined && !this.#isColumn(parsed.column)) continue;
      const span = spanOf(parsed);
      if (this.#isWanted(span) && isTold?.(span.start) !== true) yield parsed;
    }
  }

  #isColumn(name: string): boolean {
    return this.#columns?.has(name) !== false;
  }

  #isHour(hour: string): boolean {
    let is = this.#hours.get(hour);
    // Days and hours may begin at once: one of them is enough to look closer.
    if (is === undefined) {
      const start = Date.parse(hour);
      is = (["hour", "day"] as const).some((rate) => this.#isWanted(partitionSpan({ start, rate })));
      this.#hours.set(hour, is);
    }
    return is;
  }
}

const hourMs = 3_600_000;

function isOther(head: string, name: string, is: (value: string) => boolean): boolean {
  const value = fieldOf(head, name);
  return value !== undefined && !is(value);
}

/** The lines of a text, not decoded: most of them may be of no use. */
function* linesOf(bytes: Uint8Array): Generator<Buffer, void, undefined> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf(newline, from);
    const to = end < 0 ? text.length : end;
    if (to > from) yield text.subarray(from, to);
    from = to + 1;
  }
}

const newline = 10;

/** The hour, or day, that a line is about. */
export function spanOf({ hour, span }: Pick<ProfileLine, "hour" | "span">): Span {
  return partitionSpan({ start: Date.parse(hour), rate: span ?? "hour" });
}

/**
 * Lines as this package writes them have these near their beginning; nothing else in a line looks like them.
 * Names in other than ASCII are left to whoever parses the line.
 */
const fields = new Map(
  ["collection", "hour", "column"].map((name) => [name, new RegExp(`"${name}" *: *"([ !#-[\\]-~]*)"`)]),
);
const headLength = 1_024;

function fieldOf(head: string, name: string): string | undefined {
  return fields.get(name)?.exec(head)?.[1];
}
