/*
 * What the page is answered, as JSON. The page's own code (`page/`) is built from these types, too, so they
 * import nothing. Times are milliseconds since 1970 UTC; texts are as `cell.ts` makes them.
 */

/*
 * What turns a line around, ends it, or is nothing that can be seen. Joiners and variation selectors are
 * left: letters and emoji are made with them. So are tabs and line ends, which a page can show.
 */
const unsafe =
  /(?![\t\n\r\u200c\u200d]|\p{Variation_Selector})[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** A text in which nothing can hide: `\u{202e}` stands for a mark that would turn the line around. */
export function shownText(text: string): string {
  return text.replace(unsafe, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** What can be said of a span of time: the reader's own `Verdict`. */
export type Told = "complete" | "short" | "unknown" | "waiting" | "purged";

/** Where data belongs. */
export interface Place {
  readonly endpoint: string;
  readonly deployment: string;
  readonly collection: string;
}

/** A file that could not be read, and why. */
export interface BadFile {
  readonly path: string;
  readonly reason: string;
}

/** Bad files: the first of them, and how many there are. */
export interface BadFiles {
  readonly count: number;
  readonly first: readonly BadFile[];
}

/** `overview`: what there is, as paths tell; no file is opened for it. */
export interface Overview {
  readonly root: string;
  readonly version: string;
  readonly collections: readonly (Place & {
    readonly format: "parquet" | "jsonl";
    readonly files: number;
    readonly bytes: number;
    /** Start of the first partition. */
    readonly from: number;
    /** End of the last one. */
    readonly to: number;
  })[];
  /** What waits in this machine's spool, as lines for people. */
  readonly waiting: readonly string[];
  /** Delta logs that cannot be used. */
  readonly unreadable: BadFiles;
}

/** `volume`: what came when, and whether all of it is there. */
export interface Volume {
  readonly from: number;
  readonly to: number;
  /** Length of a bin. */
  readonly binMs: number;
  readonly series: readonly VolumeSeries[];
}

/** The volume of one collection. */
export interface VolumeSeries extends Place, VolumeSums {
  /** Those that have something, in time order. */
  readonly bins: readonly VolumeBin[];
}

/** Frames and rows of a span of time; see `HourCompleteness`. */
export interface VolumeSums {
  /** Rows in files; of JSON lines, which are not read, those that were put there. */
  readonly rows: number;
  readonly offered: number;
  readonly stored: number;
  readonly dropped: number;
  /** Sampled out, or switched off. */
  readonly leftOut: number;
  readonly pending: number;
  readonly unaccounted: number;
  /** The worst of its hours. */
  readonly verdict: Told;
}

/** A span of a series. */
export interface VolumeBin extends VolumeSums {
  readonly start: number;
  /** The first reasons why it is not complete. */
  readonly reasons: readonly string[];
}

/** `columns`: the columns of a collection, of the files in a range of time. */
export interface Columns {
  readonly rows: number | null;
  readonly files: number;
  readonly bytes: number;
  /** Features first, then ours. */
  readonly columns: readonly { readonly name: string; readonly type: string; readonly isSystem: boolean }[];
  readonly unreadable: BadFiles;
}

/** `profile`: what a collection's columns have in them. */
export interface Profile {
  /** Rows that were looked at, the newest. */
  readonly rows: number;
  /** Whether there are more that were not. */
  readonly isPart: boolean;
  readonly columns: readonly ColumnShape[];
  readonly unreadable: BadFiles;
}

/** How far a profile has come: lines of these stand before it. */
export interface Progress {
  readonly rows: number;
  readonly files: number;
  readonly ofFiles: number;
}

/** What a column has in it. */
export interface ColumnShape {
  readonly name: string;
  readonly type: string;
  /** Rows without a value. */
  readonly nulls: number;
  readonly shape: NumberShape | TextShape | undefined;
}

/** Numbers, instants, or sizes. */
export interface NumberShape {
  readonly kind: "numbers" | "times" | "sizes";
  readonly values: number;
  /** `NaN` and infinite ones, which no bin has. */
  readonly special: number;
  readonly min: number;
  readonly max: number;
  /** Null where it is beyond all numbers. */
  readonly mean: number | null;
  readonly deviation: number | null;
  readonly median: number;
  /** Start of the first bin, and the end of the last one. */
  readonly from: number;
  readonly to: number;
  readonly bins: readonly number[];
  /** Values that lie far outside, left of the bins and right of them. */
  readonly below: number;
  readonly above: number;
}

/** Texts and truth values. */
export interface TextShape {
  readonly kind: "texts";
  readonly values: number;
  readonly distinct: number;
  /** Whether there are more distinct values than are told apart. */
  readonly isMore: boolean;
  /** The most frequent ones. */
  readonly top: readonly { readonly text: string; readonly count: number }[];
}

/** A value, for showing. */
export interface Cell {
  readonly kind: "none" | "number" | "boolean" | "text" | "time" | "bytes" | "json";
  /** The value, or its beginning. */
  readonly text: string;
  /** Present when `text` is not all: characters, or bytes, of the whole. */
  readonly size?: number;
  /** How `text` was made of bytes: `gzip`, `hex`. */
  readonly read?: string;
}

/** Rows by column, `columns.length` cells each. */
export interface CellTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** `find`: rows by value, the latest partitions first. */
export interface Found {
  readonly limit: number;
  /** Whether there are more than were asked for. */
  readonly isMore: boolean;
  readonly groups: readonly FoundGroup[];
  /** Columns that were asked about and are in no file. */
  readonly missing: readonly string[];
  readonly unreadable: BadFiles;
}

/** What was found in one collection. */
export interface FoundGroup extends Place, CellTable {
  /** Of each row. */
  readonly ids: readonly string[];
  readonly times: readonly number[];
}

/** `trace`: one request. */
export interface Request {
  readonly id: string;
  readonly requestTime: number | null;
  readonly records: readonly RequestRecord[];
  readonly unreadable: BadFiles;
}

/** What one call of `collect` stored, or will. */
export interface RequestRecord extends Place, CellTable {
  readonly eventId: string;
  readonly eventTime: number;
  /** False: it waits in this machine's spool. */
  readonly delivered: boolean;
  /** All there are; `rows` has the first of them. */
  readonly rowCount: number;
}

/** `value`: a cell of a request, whole or as much of it as is shown. */
export interface Value {
  readonly cell: Cell;
}

/** `body`: a body that is an object of its own, or its beginning. */
export interface Body {
  readonly cell: Cell;
}

/** What went wrong. */
export interface Failure {
  readonly error: string;
}
