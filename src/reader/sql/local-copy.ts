import { makeSparseFile, writeFileRange } from "../../base/files/sparse-file.ts";
import { openParquet } from "../../codec/parquet/parquet-file.ts";
import type { FileMetadata } from "../../codec/parquet/reading/metadata.ts";
import { chunkExtent } from "../../codec/parquet/reading/offset-index.ts";
import { ObjectNotFoundError, type Store, type StoreEntry } from "../../store/store.ts";

/** Which columns of files are asked for; of undefined all that is in them. */
export type AskedColumns = ((column: string) => boolean) | undefined;

/** Bytes of a file that are fetched together, or not. */
interface Stretch {
  readonly start: number;
  readonly end: number;
  /** The column whose they are; undefined for what is not a column's. */
  readonly column: string | undefined;
  isHere: boolean;
}

/** Bytes that are asked for and not here. */
export interface MissingBytes {
  readonly start: number;
  readonly end: number;
  /** Fetches them. */
  fetch(): Promise<void>;
}

/** A file that is fetched whole: its footer first, then its columns, would take as long. */
const maxWholeBytes = 4 * 1024 * 1024;
/** Stretches with fewer bytes between them are fetched together: a request takes as long as so many do. */
const maxGapBytes = 512 * 1024;
const maxFetchBytes = 8 * 1024 * 1024;

/**
 * A stored file on this machine: of a large one of Parquet the footer, and the columns that were asked for.
 * All else are zeros, at which whoever reads them stops, for no page's header begins so.
 */
export class LocalCopy {
  readonly path: string;
  readonly #store: Store;
  readonly #entry: StoreEntry;
  /** They cover the file, in order. */
  #stretches: readonly Stretch[];
  /** Whether columns can be fetched by themselves. */
  #hasColumns = false;

  private constructor(store: Store, entry: StoreEntry, path: string) {
    this.path = path;
    this.#store = store;
    this.#entry = entry;
    this.#stretches = [{ start: 0, end: entry.size, column: undefined, isHere: false }];
  }

  /** Begins a copy at this path, which nothing has, with the footer that tells of columns. */
  static async begin(store: Store, entry: StoreEntry, path: string): Promise<LocalCopy> {
    const copy = new LocalCopy(store, entry, path);
    await makeSparseFile(path, entry.size);
    if (entry.path.endsWith(".parquet") && entry.size > maxWholeBytes) await copy.#findColumns();
    return copy;
  }

  /** Bytes that are here. */
  get bytes(): number {
    return sizeOf(this.#stretches.filter(({ isHere }) => isHere));
  }

  /** Whether all of the file is here. */
  get isWhole(): boolean {
    return this.#stretches.every(({ isHere }) => isHere);
  }

  /** What of these columns is not here. */
  missing(asked: AskedColumns): MissingBytes[] {
    const all = asked === undefined || !this.#hasColumns;
    const isMissing = ({ isHere, column }: Stretch): boolean =>
      !isHere && (all || (column !== undefined && asked(column)));
    const found: MissingBytes[] = [];
    let [start, end] = [0, 0];
    const take = (): void => {
      for (let at = start; at < end; at += maxFetchBytes)
        found.push(this.#missingBytes(at, Math.min(end, at + maxFetchBytes)));
    };
    for (const stretch of this.#stretches.filter(isMissing)) {
      if (stretch.start - end > maxGapBytes) {
        take();
        start = stretch.start;
      } else if (start === end) start = stretch.start;
      end = stretch.end;
    }
    take();
    return found;
  }

  #missingBytes(start: number, end: number): MissingBytes {
    const fetch = async (): Promise<void> => {
      await this.#fetch(start, end);
    };
    return { start, end, fetch };
  }

  async #fetch(start: number, end: number): Promise<Uint8Array> {
    const { path, etag } = this.#entry;
    const bytes = await this.#store.get(path, { range: { start, end }, etag });
    if (bytes.length < end - start)
      throw new ObjectNotFoundError(`${path}: it has lost bytes since it was listed`);
    await writeFileRange(this.path, start, bytes);
    this.#note(start, end);
    return bytes;
  }

  /** Remembers that bytes are here. */
  #note(start: number, end: number): void {
    this.#stretches = this.#stretches.flatMap((stretch) => {
      const [from, to] = [Math.max(start, stretch.start), Math.min(end, stretch.end)];
      if (stretch.isHere || from >= to) return [stretch];
      const parts = [
        { ...stretch, end: from },
        { ...stretch, start: from, end: to, isHere: true },
        { ...stretch, start: to },
      ];
      return parts.filter((part) => part.start < part.end);
    });
  }

  async #findColumns(): Promise<void> {
    const { size } = this.#entry;
    let failure: { readonly thrown: unknown } | undefined;
    const read = (start: number, end: number): Promise<Uint8Array> =>
      this.#fetch(start, end).catch((thrown: unknown) => {
        failure = { thrown };
        throw thrown;
      });
    // One that is damaged is fetched whole: whoever reads it tells what is wrong with it.
    const opened = await openParquet({ size, read }, "end").catch(() => undefined);
    if (failure !== undefined) throw failure.thrown;
    const columns = opened === undefined ? undefined : columnsIn(opened.metadata, size);
    if (columns === undefined) return;
    const here = this.#stretches.filter(({ isHere }) => isHere);
    this.#stretches = columns;
    this.#hasColumns = true;
    for (const { start, end } of here) this.#note(start, end);
  }
}

/** The stretches of a file's columns, and of what is between them; undefined if some are of two columns. */
function columnsIn({ rowGroups }: FileMetadata, size: number): Stretch[] | undefined {
  const known = rowGroups
    .flatMap(({ columns }) => columns)
    .flatMap((chunk): Stretch[] => {
      const { filterAt, filterLength } = chunk;
      const column = chunk.path[0] ?? "";
      const pages = { ...chunkExtent(chunk), column, isHere: false };
      const filter = { start: filterAt, end: filterAt + filterLength, column, isHere: false };
      return [pages, filter].filter(({ start, end }) => start < end);
    })
    .sort((a, b) => a.start - b.start);
  const stretches: Stretch[] = [];
  let at = 0;
  for (const stretch of [...known, { start: size, end: size, column: undefined, isHere: false }]) {
    if (stretch.start < at) return undefined;
    if (stretch.start > at)
      stretches.push({ start: at, end: stretch.start, column: undefined, isHere: false });
    if (stretch.end > stretch.start) stretches.push(stretch);
    at = stretch.end;
  }
  return stretches;
}

function sizeOf(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, { start, end }) => sum + end - start, 0);
}
