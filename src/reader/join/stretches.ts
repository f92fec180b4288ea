import type { DataFile } from "../data-file.ts";
import type { Span } from "../../layout/partition.ts";
import type { KeyScan } from "./key-rows.ts";

/** A file of a collection of a join. */
export interface SideFile {
  readonly side: number;
  readonly file: DataFile;
}

/**
 * A stretch of time whose rows are read at once. Milliseconds since 1970 UTC, `to` not included; infinite at
 * the ends of what there is, for files of others may hold rows that are not of their partition.
 */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly files: readonly SideFile[];
  /** Of its ids only this share: where a moment has more rows than are read at once. */
  readonly share: { readonly part: number; readonly of: number };
  /** How many rows it has, if that is known. */
  readonly rows: number | undefined;
  /** Whether it cannot be divided. */
  readonly isLeast: boolean;
}

const whole = { part: 0, of: 1 };

/**
 * Files as stretches of time, cut where no file is: partitions that are small are read together. Those of a
 * larger one are for whoever reads them to divide.
 */
export function planStretches(files: readonly SideFile[], maxBytes: number): Stretch[] {
  const sorted = files.toSorted((a, b) => a.file.start - b.file.start);
  const stretches: SideFile[][] = [];
  let bytes = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const one of sorted) {
    const together = stretches.at(-1);
    const isCut = one.file.start >= end && bytes + one.file.size > maxBytes;
    if (together === undefined || isCut) {
      stretches.push([one]);
      bytes = 0;
    } else together.push(one);
    bytes += one.file.size;
    end = Math.max(end, one.file.end);
  }
  return stretches.map((of) => ({
    from: -Infinity,
    to: Infinity,
    files: of,
    share: whole,
    rows: undefined,
    isLeast: false,
  }));
}

/** The rows of a stretch, to be read. */
export function scansOf({ from, to, files }: Pick<Stretch, "from" | "to" | "files">): KeyScan[] {
  return files
    .filter(({ file }) => from === -Infinity || file.end > from)
    .filter(({ file }) => to === Infinity || file.start < to)
    .map(({ side, file }) => ({
      side,
      file,
      // Of a file's own rows the first and last parts have also those outside of its partition.
      from: file.start >= from ? -Infinity : from,
      to: file.end <= to ? Infinity : to,
    }));
}

/** A stretch in so many parts of the same length. */
export function divideStretch(given: Stretch, parts: number): Stretch[] {
  const stretch = { ...given, rows: undefined };
  const { start: from, end: to } = spanOf(stretch);
  const step = Math.ceil((to - from) / parts);
  const cuts: number[] = [];
  for (let cut = from + step; cut < to; cut += step) cuts.push(cut);
  return [...cuts, stretch.to].map((end, i) => ({ ...stretch, from: cuts[i - 1] ?? stretch.from, to: end }));
}

/** So many shares of the ids of a moment are enough. */
const maxShares = 4_096;

/**
 * A stretch in two: at a time that halves its rows, in milliseconds, or where it is but a moment, by ids.
 * Undefined when it cannot be less.
 */
export function halveStretch(stretch: Stretch, middle: number): Stretch[] | undefined {
  const { start: from, end: to } = spanOf(stretch);
  const { share } = stretch;
  if (share.of === 1 && to - from > 1) {
    const cut = Math.min(Math.max(middle, from + 1), to - 1);
    return [
      { ...stretch, to: cut },
      { ...stretch, from: cut },
    ];
  }
  const of = share.of * 2;
  return of > maxShares
    ? undefined
    : [share.part, share.part + share.of].map((part) => ({ ...stretch, share: { part, of } }));
}

/** The times between which its files' partitions are. */
export function spanOf({ from, to, files }: Stretch): Span {
  let [first, last] = [Infinity, -Infinity];
  for (const { file } of files) {
    first = Math.min(first, file.start);
    last = Math.max(last, file.end);
  }
  return { start: Math.max(from, first), end: Math.min(to, last) };
}
