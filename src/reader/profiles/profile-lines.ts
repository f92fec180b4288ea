import { collectionKey } from "../../layout/collection-key.ts";
import { partitionSpan, type Span } from "../../layout/partition.ts";
import { parseProfileLine, type ProfileLine } from "../../profile/stored-profiles.ts";
import type { Catalog } from "../catalog.ts";
import { toldObjects } from "../listing/told-objects.ts";
import { mapConcurrent } from "../map-concurrent.ts";

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
}

/**
 * The stored profiles of a collection, of whatever process, deployment and endpoint, in the order of their
 * objects' names. Of lines of other collections, columns and hours only the head is looked at.
 */
export async function* profileLines(
  catalog: Catalog,
  { collection, columns, from, isWanted }: WantedLines,
): AsyncGenerator<ProfileLine, void, undefined> {
  const key = collectionKey(collection);
  const wanted = columns === undefined ? undefined : new Set(columns);
  const isOther = (name: string, is: (value: string) => boolean, head: string): boolean => {
    const value = fieldOf(head, name);
    return value !== undefined && !is(value);
  };
  const spans = new Map<string, boolean>();
  const isHour = (hour: string): boolean => {
    let is = spans.get(hour);
    // Days and hours may begin at once: one of them is enough to look closer.
    if (is === undefined) {
      const start = Date.parse(hour);
      is =
        isWanted(partitionSpan({ start, rate: "hour" })) || isWanted(partitionSpan({ start, rate: "day" }));
      spans.set(hour, is);
    }
    return is;
  };
  const read = (path: string): Promise<Uint8Array> => catalog.store.get(path);
  for await (const bytes of mapConcurrent(await pathsFrom(catalog, from), objectsAtOnce, read)) {
    for (const line of linesOf(bytes)) {
      const head = line.toString("latin1", 0, headLength);
      if (isOther("collection", (value) => collectionKey(value) === key, head)) continue;
      if (isOther("hour", isHour, head)) continue;
      if (wanted !== undefined && isOther("column", (value) => wanted.has(value), head)) continue;
      const parsed = parseProfileLine(line.toString());
      if (parsed === undefined || collectionKey(parsed.collection) !== key) continue;
      if (wanted !== undefined && parsed.column !== undefined && !wanted.has(parsed.column)) continue;
      if (isWanted(spanOf(parsed))) yield parsed;
    }
  }
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

/** Those of a catalog, but for what was told long before `from`. */
async function pathsFrom(catalog: Catalog, from: number): Promise<string[]> {
  const objects = await toldObjects(catalog, "profile", from - earlierMs);
  return objects.map(({ entry }) => entry.path).sort();
}
