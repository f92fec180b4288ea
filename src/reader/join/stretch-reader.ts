import { readFooterSummary } from "../footer-summary.ts";
import { mapConcurrent } from "../map-concurrent.ts";
import { type KeyReading, type KeyRows, readKeyRows, type StoreReading } from "./key-rows.ts";
import { type KnownIds, shareOf } from "./known-ids.ts";
import {
  divideStretch,
  halveStretch,
  planStretches,
  scansOf,
  type SideFile,
  type Stretch,
} from "./stretches.ts";

/** How much is in memory at once. */
export interface JoinLimits {
  /** Rows of all sides. */
  readonly maxRows: number;
  /** Rows of all sides that are known by their UUIDs alone. */
  readonly maxPlainRows: number;
  /** Bytes of files that are read together before it is known how many rows they have. */
  readonly maxBytes: number;
  /** Ids that are looked up together where their rows are not in one stretch. */
  readonly maxStrays: number;
}

const maxParts = 64;
const footersAtOnce = 16;

type Columns = KeyReading["columns"];

/** Reads the rows of a deployment, never more at once than limits say. */
export class StretchReader {
  readonly #files: readonly SideFile[];
  readonly #reading: StoreReading;
  readonly #limits: JoinLimits;
  readonly #isTaken: (id: string, side: number) => boolean;

  /** Of rows whose ids are not to be taken nothing is seen. */
  constructor(
    files: readonly SideFile[],
    reading: StoreReading,
    limits: JoinLimits,
    isTaken: (id: string, side: number) => boolean,
  ) {
    this.#files = files;
    this.#reading = reading;
    this.#limits = limits;
    this.#isTaken = isTaken;
  }

  /** All there is, before anything was read. */
  plan(): Stretch[] {
    return planStretches(this.#files, this.#limits.maxBytes);
  }

  /** The rows of a stretch, in as many parts as it takes. */
  async *parts(
    whole: Stretch,
    columns: Columns,
  ): AsyncGenerator<{ readonly stretch: Stretch; readonly rows: KeyRows }, void, undefined> {
    const rows = whole.rows ?? 0;
    const left = rows > this.#limits.maxRows ? this.#even(whole, rows).toReversed() : [whole];
    for (let stretch = left.pop(); stretch !== undefined; stretch = left.pop()) {
      const { part, of } = stretch.share;
      const { rows: found, isWhole } = await readKeyRows(scansOf(stretch), {
        ...this.#reading,
        columns,
        isWanted: (id, side) => this.#isTaken(id, side) && (of === 1 || shareOf(id, of) === part),
        maxRows: stretch.isLeast ? Infinity : this.#limits.maxRows,
      });
      if (isWhole) yield { stretch, rows: found };
      else left.push(...(await this.#divided(stretch, found)).toReversed());
    }
  }

  /** The rows of a stretch with some ids; undefined if they are too many. */
  async some(stretch: Stretch, columns: Columns, ids: ReadonlySet<string>): Promise<KeyRows | undefined> {
    const { rows, isWhole } = await readKeyRows(scansOf(stretch), {
      ...this.#reading,
      columns,
      isWanted: (id, side) => ids.has(id) && this.#isTaken(id, side),
      maxRows: this.#limits.maxRows,
    });
    return isWhole ? rows : undefined;
  }

  /** The rows of some ids, wherever they are, so many ids at a time. */
  async *everywhere(ids: KnownIds, columns: Columns): AsyncGenerator<KeyRows, void, undefined> {
    const shares = Math.ceil(ids.size / this.#limits.maxStrays);
    const scans = this.#files.map(({ side, file }) => ({ side, file, from: -Infinity, to: Infinity }));
    for (let share = 0; share < shares; share++) {
      const { rows } = await readKeyRows(scans, {
        ...this.#reading,
        columns,
        isWanted: (id, side) => this.#isTaken(id, side) && shareOf(id, shares) === share && ids.has(id),
        maxRows: Infinity,
      });
      yield rows;
    }
  }

  /** A stretch with too many rows, of which these were read, in parts. */
  async #divided(stretch: Stretch, { requestTimes }: KeyRows): Promise<Stretch[]> {
    if (stretch.from === -Infinity && stretch.to === Infinity && stretch.share.of === 1) {
      const parts = this.#even(stretch, await this.#footerRows(stretch));
      if (parts.length > 2) return parts;
    }
    const times = requestTimes.toSorted((a, b) => a - b);
    const middle = Math.floor((times[times.length >> 1] ?? 0) / 1_000);
    return halveStretch(stretch, middle) ?? [{ ...stretch, isLeast: true }];
  }

  /** A stretch of so many rows in parts of the same length. */
  #even(stretch: Stretch, rows: number): Stretch[] {
    const parts = Math.ceil((rows * 1.5) / this.#limits.maxRows);
    return divideStretch(stretch, Math.min(maxParts, Math.max(2, parts)));
  }

  /** How many rows the footers of a stretch's files tell of. */
  async #footerRows({ files }: Stretch): Promise<number> {
    let rows = 0;
    const counts = mapConcurrent(files, footersAtOnce, async ({ file }) => {
      if (file.format !== "parquet") return 0;
      return await readFooterSummary(this.#reading.store, file).then(
        (footer) => footer.rows,
        // A bad file is told of where its rows are read.
        () => 0,
      );
    });
    for await (const count of counts) rows += count;
    return rows;
  }
}
