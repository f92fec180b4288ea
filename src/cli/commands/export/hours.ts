import { join, resolve } from "node:path";
import { makeDirectories } from "../../../base/files/files.ts";
import type { Catalog } from "../../../reader/catalog.ts";
import type { Dataset } from "../../../reader/dataset.ts";
import type { ExportOptions } from "../../../reader/export/export-table.ts";
import { filesOf } from "../../../reader/table.ts";
import { rangeOption } from "../../../reader/time-option.ts";
import { UsageError } from "../../command.ts";
import type { Terminal } from "../../terminal.ts";
import { newFile, told, type WrittenFile } from "./new-file.ts";

const hourMs = 3_600_000;

/** What is read, and where it is said. */
interface Place {
  readonly data: Dataset;
  readonly catalog: Catalog;
  readonly terminal: Terminal;
}

/**
 * Writes a file of Azure's records for each hour of requests, as its monitoring looks for them in the folder
 * of a collection: `yyyy/MM/dd/HH/<collection>.jsonl`. Hours without a row get none. Tells which were
 * written.
 */
export async function writeHours(
  { data, catalog, terminal }: Place,
  name: string,
  options: ExportOptions,
  folder: string,
): Promise<WrittenFile[]> {
  if (options.limit !== undefined && Number.isFinite(options.limit))
    throw new UsageError("--rows: expected none, for the folder has a file for each hour");
  const range = rangeOption(options, "export");
  const hours = new Set<number>();
  for (const { start, end } of await filesOf(catalog, name, range))
    for (let hour = Math.floor(start / hourMs) * hourMs; hour < end; hour += hourMs) hours.add(hour);
  const written: WrittenFile[] = [];
  for (const hour of [...hours].sort((a, b) => a - b)) {
    const [from, to] = [Math.max(hour, range.from), Math.min(hour + hourMs, range.to)];
    if (from >= to) continue;
    const pieces = told(data.export(name, { ...options, from, to }), terminal);
    const first = await pieces.next();
    if (first.done === true) continue;
    const place = join(resolve(folder), new Date(hour).toISOString().slice(0, 13).replaceAll(/[-T]/g, "/"));
    await makeDirectories(place);
    written.push(await newFile(join(place, `${name}.jsonl`), withFirst(first.value, pieces)));
  }
  return written;
}

async function* withFirst(
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield first;
  yield* rest;
}
