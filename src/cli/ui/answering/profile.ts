import type { Catalog } from "../../../reader/catalog.ts";
import type { DataFile } from "../../../reader/data-file.ts";
import { PinnedTypes } from "../../../reader/lines/pinned-types.ts";
import type { OnUnusable } from "../../../reader/listing/table-files.ts";
import { mapConcurrent } from "../../../reader/map-concurrent.ts";
import { scanFile } from "../../../reader/scan-file.ts";
import { reasonOf } from "../../../reader/unreadable.ts";
import { isSystemColumn } from "../../../layout/system-columns.ts";
import { systemClock } from "../../../base/time/clock.ts";
import type { ColumnBatch } from "../../../layout/column-batch.ts";
import type { Profile, Progress } from "../answers.ts";
import { type Asked, BadFileList } from "../asked.ts";
import { ColumnTally } from "../shapes/column-tally.ts";
import { placeCatalog } from "./place-catalog.ts";

/** Rows of all columns, and of one alone: what is kept of a number is eight bytes. */
const maxRows = { all: 100_000, one: 2_000_000 };
const filesAtOnce = 4;
const tellEveryMs = 250;

/**
 * What is in the columns of a collection, or in one of them: of its newest rows in a range, as many as fit
 * into little memory.
 */
export async function profile(asked: Asked): Promise<Profile> {
  const { source, query } = asked;
  const range = query.range();
  const catalog = placeCatalog(source.catalog, query.place(), range);
  const column = query.optionalText("column");
  const files: DataFile[] = [];
  const bad = new BadFileList();
  const onUnusable: OnUnusable = (log, thrown) => bad.add({ path: log, reason: reasonOf(thrown) });
  for await (const file of catalog.files({ onUnusable })) files.push(file);
  files.sort((a, b) => b.start - a.start || (a.path < b.path ? 1 : -1));
  const tallies = new Tallies(column, column === undefined ? maxRows.all : maxRows.one);
  const read = mapConcurrent(files, filesAtOnce, (file) =>
    readFile(catalog, file, tallies, bad, asked.signal),
  );
  let [done, toldAt] = [0, systemClock.monotonic()];
  for await (const _ of read) {
    done++;
    if (tallies.isFull || asked.signal.aborted) break;
    if (systemClock.monotonic() - toldAt < tellEveryMs) continue;
    toldAt = systemClock.monotonic();
    asked.progress({ rows: tallies.rows, files: done, ofFiles: files.length } satisfies Progress);
  }
  return {
    rows: tallies.rows,
    isPart: tallies.isFull,
    columns: tallies.columns,
    unreadable: bad.told,
  };
}

async function readFile(
  catalog: Catalog,
  file: DataFile,
  tallies: Tallies,
  bad: BadFileList,
  signal: AbortSignal,
): Promise<void> {
  try {
    const options = {
      columns: (name: string) => tallies.isWanted(name),
      pins: new PinnedTypes(catalog.store),
    };
    for await (const batch of scanFile(catalog.store, file, { ...options, limit: tallies.left })) {
      if (tallies.isFull || signal.aborted) return;
      tallies.add(batch);
    }
  } catch (thrown) {
    bad.add({ path: file.path, reason: reasonOf(thrown) });
  }
}

/** The columns of many files, which need not have the same ones. */
class Tallies {
  rows = 0;
  readonly #column: string | undefined;
  readonly #maxRows: number;
  readonly #byName = new Map<string, ColumnTally>();

  constructor(column: string | undefined, maxRows: number) {
    this.#column = column;
    this.#maxRows = maxRows;
  }

  get left(): number {
    return Math.max(0, this.#maxRows - this.rows);
  }

  get isFull(): boolean {
    return this.rows >= this.#maxRows;
  }

  get columns(): Profile["columns"] {
    return Array.from(this.#byName.values(), (tally) => tally.shape);
  }

  isWanted(name: string): boolean {
    return this.#column === undefined ? !isSystemColumn(name) : name === this.#column;
  }

  add({ length, columns, types }: ColumnBatch): void {
    for (const [name, type] of types) {
      if (this.#byName.has(name)) continue;
      const tally = new ColumnTally(name, type, this.#maxRows);
      tally.add(undefined, this.rows);
      this.#byName.set(name, tally);
    }
    for (const [name, tally] of this.#byName) tally.add(columns.get(name), length);
    this.rows += length;
  }
}
