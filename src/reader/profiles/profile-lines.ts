import { collectionKey } from "../../layout/collection-key.ts";
import { parsePath, pathPrefix } from "../../layout/dataset-path.ts";
import { partitionSpan, type Span } from "../../layout/partition.ts";
import { parseProfileLine, type ProfileLine } from "../../profile/stored-profiles.ts";
import type { Catalog } from "../catalog.ts";
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
  const isOther = (name: string, is: (value: string) => boolean, line: string): boolean => {
    const value = fieldOf(line, name);
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
  const decoder = new TextDecoder();
  const read = async (path: string): Promise<string> => decoder.decode(await catalog.store.get(path));
  for await (const text of mapConcurrent(await pathsFrom(catalog, from), objectsAtOnce, read)) {
    for (const line of text.split("\n")) {
      if (isOther("collection", (value) => collectionKey(value) === key, line)) continue;
      if (isOther("hour", isHour, line)) continue;
      if (wanted !== undefined && isOther("column", (value) => wanted.has(value), line)) continue;
      const parsed = parseProfileLine(line);
      if (parsed === undefined || collectionKey(parsed.collection) !== key) continue;
      if (wanted !== undefined && parsed.column !== undefined && !wanted.has(parsed.column)) continue;
      if (isWanted(spanOf(parsed))) yield parsed;
    }
  }
}

/** The hour, or day, that a line is about. */
export function spanOf({ hour, span }: Pick<ProfileLine, "hour" | "span">): Span {
  return partitionSpan({ start: Date.parse(hour), rate: span ?? "hour" });
}

/** Lines as this package writes them have it near their beginning; nothing else in a line looks like it. */
const fields = new Map(
  ["collection", "hour", "column"].map((name) => [name, new RegExp(`"${name}" *: *"([^"\\\\]*)"`)]),
);
const headLength = 1_024;

function fieldOf(line: string, name: string): string | undefined {
  return fields.get(name)?.exec(line.slice(0, headLength))?.[1];
}

/** Those of a catalog, but for what was told long before `from`. */
async function pathsFrom({ store, scope }: Catalog, from: number): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of store.list(pathPrefix(scope.endpoint, scope.deployment))) {
    const stored = parsePath(path);
    if (stored?.kind !== "profile" || stored.begunAt < from - earlierMs) continue;
    if (scope.deployment === undefined || stored.deployment === scope.deployment) paths.push(path);
  }
  return paths.sort();
}
