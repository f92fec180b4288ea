import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { ownJson } from "../base/own-json.ts";
import { inspectPath, readFileChunks, readFileRange, removeFile, writeNewFile } from "../base/files/files.ts";
import { fileNotes } from "../codec/parquet/file-notes.ts";
import { openParquet, readParquetColumns } from "../codec/parquet/parquet-decoder.ts";
import type { RangeSource } from "../codec/range-source.ts";
import { type TableRows, writeTable } from "../codec/parquet/tables/table-writer.ts";
import { typeText } from "../layout/column-type.ts";
import { type IdRange, idRangeName, idRangeText } from "../layout/filter/id-range.ts";
import { schemaFingerprint } from "../layout/schema.ts";
import { isSystemColumn, systemColumns } from "../layout/system-columns.ts";
import { parseDataFile } from "../reader/data-file.ts";
import { openStoredFile } from "../reader/stored-file.ts";
import type { ObjectBody, Store, StoreEntry, UpkeepStore } from "../store/store.ts";
import { done } from "./done.ts";
import { firstDifference } from "./first-difference.ts";
import type { LoadedRows } from "./loaded-rows.ts";

/** Rows of a row group; fewer where they are wide. */
const groupRows = 122_880;
const groupCells = 16_000_000;

/** A file of some rows, on this machine: not published yet. */
export class NewFile {
  readonly path: string;
  readonly size: number;
  readonly #rows: LoadedRows;
  readonly #order: Uint32Array;
  readonly #ids: IdRange | undefined;

  private constructor(
    path: string,
    size: number,
    rows: LoadedRows,
    order: Uint32Array,
    ids: IdRange | undefined,
  ) {
    this.path = path;
    this.size = size;
    this.#rows = rows;
    this.#order = order;
    this.#ids = ids;
  }

  /**
   * Writes the rows of this order into a file of a folder, reads that back, and compares all columns. Throws
   * if they are not the same, which would be a fault of this package.
   */
  static async write(rows: LoadedRows, order: Uint32Array, stem: string, folder: string): Promise<NewFile> {
    const { schema, required, filters } = rows;
    // Files of two collections that are made at once may have the same name.
    const path = join(folder, `${stem}-${randomBytes(8).toString("hex")}.parquet`);
    const batchRows = Math.max(1, Math.min(groupRows, Math.floor(groupCells / Math.max(1, schema.size))));
    const ids = new Ids();
    async function* batches(): AsyncGenerator<TableRows> {
      for (const batch of rows.batches(order, batchRows)) {
        ids.add(batch);
        yield batch;
      }
    }
    await writeNewFile(
      path,
      writeTable(schema, batches(), { required, filters, notes: notesOf(rows, stem) }),
    );
    const size = (await inspectPath(path))?.size ?? 0;
    const file = new NewFile(path, size, rows, order, ids.range());
    await file.#compare({ size, read: (start, end) => readFileRange(path, start, end) });
    return file;
  }

  /**
   * Creates the object, reads it back, and compares it: its bytes, or if somebody else has made it in other
   * ones, all columns. True if this call has made it.
   */
  async publish(store: UpkeepStore, path: string): Promise<boolean> {
    const range = this.#ids === undefined ? undefined : idRangeText(this.#ids);
    const metadata = {
      rows: String(this.#order.length),
      ...(range === undefined ? {} : { [idRangeName]: range }),
    };
    const contentType = "application/vnd.apache.parquet";
    const body: ObjectBody = { size: this.size, open: () => readFileChunks(this.path) };
    const status = done(await store.put(path, body, { metadata, contentType }));
    const entry = await entryOf(store, path);
    const file = entry === undefined ? undefined : parseDataFile(entry);
    if (entry === undefined || file === undefined)
      throw new Error(`${path}: it was stored, and is not there`);
    if (status !== "conflict" && (await hasBytesOf(store, entry, this))) return status === "stored";
    const stored = openStoredFile(store, file);
    try {
      await this.#compare(stored.source);
    } catch (thrown) {
      throw stored.explain(thrown);
    }
    return status === "stored";
  }

  /** Takes it away from this machine. */
  async remove(): Promise<void> {
    await removeFile(this.path);
  }

  async #compare(source: RangeSource): Promise<void> {
    const opened = await openParquet(source);
    let rows = 0;
    for await (const batch of readParquetColumns(opened, { timestamps: "micros" })) {
      const differs = firstDifference(this.#rows, this.#order, rows, batch);
      if (differs !== undefined) throw new Error(`the new file is not what was read: column ${differs}`);
      rows += batch.length;
    }
    if (rows !== this.#order.length)
      throw new Error(`the new file has ${rows} rows instead of ${this.#order.length}`);
  }
}

const partBytes = 8 * 1024 * 1024;

/** Whether an object, read back, has the bytes of a file of this machine. */
export async function hasBytesOf(
  store: Store,
  { path, size, etag }: StoreEntry,
  file: { readonly path: string; readonly size: number },
): Promise<boolean> {
  if (size !== file.size) return false;
  for (let start = 0; start < size; start += partBytes) {
    const range = { start, end: Math.min(size, start + partBytes) };
    const [there, here] = await Promise.all([
      store.get(path, { range, etag }),
      readFileRange(file.path, range.start, range.end),
    ]);
    if (Buffer.compare(there, here) !== 0) return false;
  }
  return true;
}

/** The object of a path, as it is listed. */
export async function entryOf(store: Store, path: string): Promise<StoreEntry | undefined> {
  for await (const entry of store.list(path)) if (entry.path === path) return entry;
  return undefined;
}

/** See `parquet-encoder.ts`: Spark asks in which calendar instants are. */
const calendar = { "org.apache.spark.version": "3.0.0" };

function notesOf({ schema, sdk, untyped, marks }: LoadedRows, stem: string): Record<string, string> {
  const features = new Map([...schema].filter(([name]) => !isSystemColumn(name)));
  const types = Object.fromEntries(Array.from(features, ([name, type]) => [name, typeText(type)]));
  return {
    [fileNotes.fingerprint]: schemaFingerprint(features),
    [fileNotes.schema]: ownJson(types),
    [fileNotes.sdk]: sdk,
    [fileNotes.segment]: stem,
    [fileNotes.untyped]: ownJson(untyped),
    ...calendar,
    [fileNotes.replaces]: [...marks].sort().join(""),
  };
}

/** The bounds of correlation ids, of which a listing may tell. */
class Ids {
  #first: string | undefined;
  #last: string | undefined;

  add({ length, columns }: TableRows): void {
    const ids = columns.get(systemColumns.correlationId.name);
    for (let i = 0; i < length; i++) {
      const id = String(ids?.[i] ?? "");
      if (this.#first === undefined || id < this.#first) this.#first = id;
      if (this.#last === undefined || id > this.#last) this.#last = id;
    }
  }

  range(): IdRange | undefined {
    return this.#first === undefined || this.#last === undefined
      ? undefined
      : { first: this.#first, last: this.#last };
  }
}
