import { createHash, type Hash } from "node:crypto";
import { join } from "node:path";
import { inspectPath, readFileChunks, readFileRange, removeFile, writeNewFile } from "../base/files/files.ts";
import { ownJson } from "../base/own-json.ts";
import {
  recordOfRows,
  replacedByLines,
  type WholeRecord,
  wholeRecords,
} from "../codec/jsonl/replacing-lines.ts";
import type { RangeSource } from "../codec/range-source.ts";
import { idRangeName, idRangeText } from "../layout/filter/id-range.ts";
import { replacedMark } from "../layout/upkeep/upkeep-path.ts";
import type { DataFile } from "../reader/data-file.ts";
import { besideReader } from "../reader/lines/scan-lines.ts";
import { stemOf } from "../reader/listing/without-replaced.ts";
import { openStoredFile } from "../reader/stored-file.ts";
import type { Store, UpkeepStore } from "../store/store.ts";
import { done } from "./done.ts";
import { entryOf, hasBytesOf } from "./new-file.ts";
import type { ReplacingFile } from "./replace-files.ts";

/** A file of JSON lines without some rows of another one, on this machine: not published yet. */
export class NewLines implements ReplacingFile {
  readonly #old: DataFile;
  readonly #folder: string;
  readonly #name: string;
  readonly #beside: readonly string[];
  readonly #rows: number;

  private constructor(old: DataFile, folder: string, name: string, beside: readonly string[], rows: number) {
    this.#old = old;
    this.#folder = folder;
    this.#name = name;
    this.#beside = beside;
    this.#rows = rows;
  }

  /**
   * Writes the records of a file without the rows in these places, and what they refer to; reads that back,
   * and compares all that is kept. Undefined if no record is left.
   */
  static async write(
    store: Store,
    old: DataFile,
    going: ReadonlySet<number>,
    stem: string,
    folder: string,
  ): Promise<NewLines | undefined> {
    const stored = openStoredFile(store, old);
    const name = `${stem}.jsonl`;
    const beside: string[] = [];
    const [wanted, found] = [new Digest(), new Digest()];
    async function* lines(): AsyncGenerator<Uint8Array, void, undefined> {
      let marks: string | undefined = (await replacedByLines(stored.source)) + replacedMark(stemOf(old.path));
      let row = 0;
      for await (const record of wholeRecords(stored.source, besideReader(store, old))) {
        const start = row;
        row += record.rows.length;
        const places = Array.from(record.rows.keys()).filter((place) => !going.has(start + place));
        const written = recordOfRows(record, places, {
          stem,
          next: beside.length,
          ...(marks === undefined ? {} : { marks }),
        });
        if (written === undefined) continue;
        marks = undefined;
        wanted.add(record, places);
        for (const [other, text] of written.beside) {
          beside.push(other);
          await writeNewFile(join(folder, other), [Buffer.from(text)]);
        }
        yield Buffer.from(written.line);
      }
    }
    try {
      await writeNewFile(join(folder, name), lines());
    } catch (thrown) {
      throw stored.explain(thrown);
    }
    const file = new NewLines(old, folder, name, beside, wanted.rows);
    const { path, size } = await file.#local(name);
    const source: RangeSource = { size, read: (start, end) => readFileRange(path, start, end) };
    const read = async (other: string): Promise<Uint8Array> => {
      const local = await file.#local(other);
      return await readFileRange(local.path, 0, local.size);
    };
    for await (const record of wholeRecords(source, read)) found.add(record, [...record.rows.keys()]);
    if (found.text() !== wanted.text()) throw new Error("the new file is not what was read");
    if (size > 0) return file;
    await file.remove();
    return undefined;
  }

  async publish(store: UpkeepStore, path: string): Promise<boolean> {
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    for (const name of this.#beside) await this.#put(store, `${folder}${name}`, name, "application/json");
    const range = this.#old.ids === undefined ? undefined : idRangeText(this.#old.ids);
    const metadata = {
      rows: String(this.#rows),
      ...(range === undefined ? {} : { [idRangeName]: range }),
    };
    return (await this.#put(store, path, this.#name, "application/x-ndjson", metadata)) === "stored";
  }

  async remove(): Promise<void> {
    for (const name of [this.#name, ...this.#beside]) await removeFile(join(this.#folder, name));
  }

  async #local(name: string): Promise<{ readonly path: string; readonly size: number }> {
    const path = join(this.#folder, name);
    return { path, size: (await inspectPath(path))?.size ?? 0 };
  }

  /** Creates an object, reads it back, and compares it. */
  async #put(
    store: UpkeepStore,
    path: string,
    name: string,
    contentType: string,
    metadata: Readonly<Record<string, string>> = {},
  ): Promise<"stored" | "exists" | "conflict"> {
    const file = await this.#local(name);
    const body = { size: file.size, open: () => readFileChunks(file.path) };
    const status = done(await store.put(path, body, { metadata, contentType }));
    const entry = await entryOf(store, path);
    if (entry === undefined || !(await hasBytesOf(store, entry, file)))
      throw new Error(`${path}: it was stored, and is not what was written`);
    return status;
  }
}

/** Members whose texts depend on which rows a record has, and where they are. */
const changing: ReadonlySet<string> = new Set(
  "data dataref contentrange mdcrejected mdcrejectedref mdcrowindex mdcreplaces".split(" "),
);

/** What is the same in records before and after rows were taken out. */
class Digest {
  rows = 0;
  readonly #hash: Hash = createHash("sha256");

  add({ members, rows, misfits, numbers }: WholeRecord, places: readonly number[]): void {
    const facts = [...members]
      .filter(([name]) => !changing.has(name))
      .map(([name, { text }]) => [name, text]);
    const kept = places.map((place) => [numbers[place], rows[place]?.text, misfits[place]?.text ?? "null"]);
    this.#hash.update(`${ownJson([facts, kept])}\n`);
    this.rows += places.length;
  }

  text(): string {
    return this.#hash.digest("hex");
  }
}
