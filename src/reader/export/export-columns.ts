import { quote, told, wrongValue } from "../../base/errors.ts";
import { nearest } from "../../base/nearest.ts";
import { type ColumnType, parseType, typeText } from "../../layout/column-type.ts";
import type { TimeRange } from "../../layout/partition.ts";
import type { Schema } from "../../layout/schema.ts";
import { systemColumnList } from "../../layout/system-columns.ts";
import type { Catalog } from "../catalog.ts";
import type { DataFile } from "../data-file.ts";
import { readFooterSummary } from "../footer-summary.ts";
import { PinnedTypes } from "../lines/pinned-types.ts";
import { mapConcurrent } from "../map-concurrent.ts";
import { scanFile } from "../scan-file.ts";
import { filesOf } from "../table.ts";
import { reasonOf, type UnreadableFile } from "../unreadable.ts";

const filesAtOnce = 16;

/**
 * The columns of all files of a collection in a range of time, with one type each: where files disagree,
 * float64 for numbers, else text. `onUnreadable` is told of bad files, which are told again when their rows
 * are read. Throws a `RangeError` for a column of `asked` that no file has.
 */
export async function exportColumns(
  catalog: Catalog,
  name: string,
  range: TimeRange,
  asked: readonly string[] | undefined,
  onUnreadable?: (file: UnreadableFile) => void,
): Promise<Schema> {
  const pins = new PinnedTypes(catalog.store);
  const files = await filesOf(catalog, name, range);
  const found = new Map<string, ColumnType>();
  for await (const columns of mapConcurrent(files, filesAtOnce, (file) =>
    columnsOf(catalog, file, pins, onUnreadable),
  ))
    for (const [column, text] of columns) {
      const type = parseType(text) ?? "string";
      found.set(column, together(found.get(column) ?? type, type));
    }
  if (asked === undefined) return found;
  return new Map(
    asked.map((column) => {
      const type = found.get(column);
      if (type !== undefined || files.length === 0) return [column, type ?? "string"];
      const near = nearest(column, [...found.keys()]);
      const hint = near === undefined ? "" : `; did you mean ${quote(near)}?`;
      throw wrongValue("export: columns", `columns that a file has`, told(`${quote(column)}${hint}`));
    }),
  );
}

async function columnsOf(
  catalog: Catalog,
  file: DataFile,
  pins: PinnedTypes,
  onUnreadable: ((file: UnreadableFile) => void) | undefined,
): Promise<Iterable<readonly [name: string, type: string]>> {
  try {
    if (file.format === "parquet") {
      const { columns } = await readFooterSummary(catalog.store, file);
      return columns.map(({ name, type }) => [name, type] as const);
    }
    const pinned = await pins.of(file);
    if (pinned.size > 0)
      return [
        ...systemColumnList.map(({ name, type }) => [name, type] as const),
        ...[...pinned].map(([name, type]) => [name, typeText(type)] as const),
      ];
    const seen = new Map<string, string>();
    for await (const { types } of scanFile(catalog.store, file, { pins }))
      for (const [name, type] of types) seen.set(name, (seen.get(name) ?? type) === type ? type : "string");
    return seen;
  } catch (thrown) {
    const reason = reasonOf(thrown);
    onUnreadable?.({ path: file.path, reason });
    return [];
  }
}

function together(a: ColumnType, b: ColumnType): ColumnType {
  if (typeText(a) === typeText(b)) return a;
  return numbers.has(typeText(a)) && numbers.has(typeText(b)) ? "float64" : "string";
}

const numbers: ReadonlySet<string> = new Set(["float64", "int64", "int32"]);
