import { writeTable, type TableRows } from "../../codec/parquet/tables/table-writer.ts";
import { wrongKind, wrongValue } from "../../base/errors.ts";
import { type ColumnType, typeText } from "../../layout/column-type.ts";
import type { Schema } from "../../layout/schema.ts";
import type { Catalog } from "../catalog.ts";
import { createTable, type TableOptions } from "../table.ts";
import { rangeOption } from "../time-option.ts";
import { exportColumns } from "./export-columns.ts";
import { csvHeader, csvLine, jsonLine, jsonText } from "./export-text.ts";

/**
 * What a table is exported as.
 *
 * | | |
 * |-|-|
 * | `csv` | RFC 4180 with a header, in UTF-8; a text that a spreadsheet would run is made inert by an apostrophe |
 * | `jsonl` | an object a line, with every column; integers have all their digits |
 * | `parquet` | one file in the types that are stored, exact to the microsecond |
 */
export type ExportFormat = "csv" | "jsonl" | "parquet";

/** The formats, in the order in which messages name them. */
export const exportFormats: readonly ExportFormat[] = ["csv", "jsonl", "parquet"];

/** Options of `Dataset.export`: those of `table`, and the format. */
export interface ExportOptions extends TableOptions {
  readonly format: ExportFormat;
}

/** The bytes of a table as one file. Throws for options that are not what {@link ExportOptions} says. */
export function exportTable(
  catalog: Catalog,
  name: string,
  options: ExportOptions,
): AsyncIterable<Uint8Array> {
  if (typeof name !== "string") throw wrongKind("export: name", "the name of a collection", name);
  if (typeof options !== "object") throw wrongKind("export: options", "an object with a format", options);
  const { format } = options;
  if (!exportFormats.includes(format)) {
    const names = exportFormats.map((one) => JSON.stringify(one)).join(", ");
    throw wrongValue("export: format", `one of ${names}`, format);
  }
  const range = rangeOption(options, "export");
  // For its checks: what is read is decided when the columns are known.
  createTable(catalog, name, options);
  return {
    async *[Symbol.asyncIterator]() {
      const schema = await exportColumns(catalog, name, range, options.columns);
      const table = createTable(catalog, name, { ...options, columns: [...schema.keys()] }, "micros");
      const batches = conformed(table, schema);
      if (format === "parquet") yield* writeTable(schema, batches);
      else yield* textOf(format, schema, batches);
    },
  };
}

/** Rows so many at a time, so that no text becomes long. */
const rowsAtOnce = 1_024;

async function* textOf(
  format: "csv" | "jsonl",
  schema: Schema,
  batches: AsyncIterable<TableRows>,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (format === "csv") yield Buffer.from(csvHeader(schema));
  for await (const { length, columns } of batches) {
    const line = format === "csv" ? csvLine(schema, columns) : jsonLine(schema, columns);
    for (let row = 0; row < length; ) {
      let text = "";
      for (const end = Math.min(length, row + rowsAtOnce); row < end; row++) text += line(row);
      yield Buffer.from(text);
    }
  }
}

/** The batches with one type for each column. */
async function* conformed(
  batches: AsyncIterable<TableRows & { readonly types: ReadonlyMap<string, string> }>,
  schema: Schema,
): AsyncGenerator<TableRows, void, undefined> {
  for await (const { length, columns, types } of batches) {
    const conforming = [...schema].map(([name, type]) => {
      const values = columns.get(name) ?? [];
      const stored = types.get(name);
      const same = stored === undefined || stored === typeText(type);
      return [name, same ? values : Array.from(values, converter(stored, type))] as const;
    });
    yield { length, columns: new Map(conforming) };
  }
}

/** What a value is in a column whose type is not its own. */
function converter(stored: string, type: ColumnType): (value: unknown) => unknown {
  const isTime = stored.includes("timestamp");
  return (value) => {
    if (value === null || value === undefined) return null;
    if (type === "float64") return Number(value);
    if (typeof value === "string") return value;
    const text = jsonText(value, isTime);
    return text.startsWith('"') ? (JSON.parse(text) as string) : text;
  };
}
