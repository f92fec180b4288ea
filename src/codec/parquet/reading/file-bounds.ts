import type { OpenedParquet } from "../parquet-file.ts";
import type { ChunkStatistics, ColumnChunk } from "./metadata.ts";

/** What a file's footer tells of one flat column's values, of all row groups together. */
export interface FileBounds {
  /** Undefined where a row group does not say. */
  readonly nulls: number | undefined;
  /**
   * The least and the greatest value, as they are decoded: instants are bigints of microseconds since 1970
   * UTC. Undefined where there is no value, or where a row group does not say or has them cut.
   */
  readonly exact: { readonly min: unknown; readonly max: unknown } | undefined;
}

/** The bounds of a file's columns; those whose values are nested have none here. */
export function fileBounds({ metadata, schema }: OpenedParquet): ReadonlyMap<string, FileBounds> {
  const flat = schema.children.filter(({ children }) => children.length === 0);
  const bounds = new Map<string, FileBounds>();
  for (const { element } of flat) {
    const chunks = metadata.rowGroups.map(({ columns }) =>
      columns.find(({ path }) => path[0] === element.name),
    );
    bounds.set(element.name, boundsOf(chunks));
  }
  return bounds;
}

function boundsOf(chunks: readonly (ColumnChunk | undefined)[]): FileBounds {
  let nulls: number | undefined = 0;
  let exact: FileBounds["exact"];
  let isKnown = true;
  for (const chunk of chunks) {
    const count = chunk?.statistics?.nulls;
    nulls = nulls === undefined || count === undefined ? undefined : nulls + count;
    if (count !== undefined && count === chunk?.values) continue;
    const own = exactOf(chunk?.statistics);
    isKnown &&= own !== undefined;
    if (own === undefined) continue;
    exact = exact === undefined ? own : { min: least(exact.min, own.min), max: greatest(exact.max, own.max) };
  }
  return { nulls, exact: isKnown ? exact : undefined };
}

/** A bound of so many bytes may be one that was cut, where a file does not say. */
const maxUncutBytes = 60;

function exactOf(statistics: ChunkStatistics | undefined): FileBounds["exact"] {
  const { min, max, isMinExact: low, isMaxExact: high } = statistics ?? {};
  if (min === undefined || max === undefined) return undefined;
  // A zero is given with either sign and as inexact: in every order that there is it is the bound.
  const isExact = (value: unknown, said: boolean | undefined): boolean =>
    value === 0 || (said ?? (typeof value !== "string" || Buffer.byteLength(value) <= maxUncutBytes));
  return isExact(min, low) && isExact(max, high) ? { min, max } : undefined;
}

function least(a: unknown, b: unknown): unknown {
  return compare(b, a) < 0 ? b : a;
}

function greatest(a: unknown, b: unknown): unknown {
  return compare(b, a) > 0 ? b : a;
}

/** Texts as their bytes in UTF-8, in the order of which statistics are. */
function compare(a: unknown, b: unknown): number {
  if (typeof a === "string" && typeof b === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}
