import { writeTable, type TableRows } from "../../codec/parquet/tables/table-writer.ts";
import { wrongKind, wrongValue } from "../../base/errors.ts";
import { type ColumnType, typeText } from "../../layout/column-type.ts";
import type { Schema } from "../../layout/schema.ts";
import type { Catalog } from "../catalog.ts";
import { createTable, type TableOptions } from "../table.ts";
import { rangeOption } from "../time-option.ts";
import { arrowBytes } from "./arrow-bytes.ts";
import { recordColumns, recordLines } from "./azureml-records.ts";
import { exportColumns } from "./export-columns.ts";
import { jsonText, textLines } from "./export-text.ts";
import { collectionMltable } from "./mltable.ts";

/**
 * What a table is exported as.
 *
 * | | |
 * |-|-|
 * | `csv` | RFC 4180 with a header, in UTF-8; a text that a spreadsheet would run is made inert by an apostrophe |
 * | `jsonl` | an object a line, with every column; integers have all their digits |
 * | `parquet` | one file in the types that are stored, exact to the microsecond |
 * | `arrow`, `arrows` | an Arrow IPC file, or stream, in the same types; needs `apache-arrow`, an optional peer |
 * | `azureml` | Azure Machine Learning's records, a line for each frame, as its monitoring reads them |
 * | `mltable` | the text of an `MLTable` that names the stored Parquet files, which are not read |
 */
export type ExportFormat = "csv" | "jsonl" | "parquet" | "arrow" | "arrows" | "azureml" | "mltable";

/** The formats, in the order in which messages name them. */
export const exportFormats: readonly ExportFormat[] = [
  "csv",
  "jsonl",
  "parquet",
  "arrow",
  "arrows",
  "azureml",
  "mltable",
];

/**
 * Options of `Dataset.export`: those of `table`, and the format. An `mltable` takes `from`, `to`, which
 * choose whole files, and `columns`; rows are chosen by whoever reads it.
 */
export interface ExportOptions extends TableOptions {
  /** Only these columns, in this order. Default: all. */
  readonly columns?: readonly string[];
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
  if (format === "mltable") {
    for (const option of ["where", "limit"] as const)
      if (options[option] !== undefined && options[option] !== Number.POSITIVE_INFINITY)
        throw wrongValue(`export: ${option}`, "nothing, for an MLTable names whole files", options[option]);
  }
  return {
    async *[Symbol.asyncIterator]() {
      if (format === "mltable") {
        yield Buffer.from(await collectionMltable(catalog, name, range, options.columns));
        return;
      }
      const found = await exportColumns(catalog, name, range, options.columns);
      const schema = format === "azureml" ? recordColumns(found) : found;
      const table = createTable(catalog, name, { ...options, columns: [...schema.keys()] }, "micros");
      yield* bytesOf(format, schema, conformed(table, schema));
    },
  };
}

/** Rows that have one type for each column, in a format. */
export function bytesOf(
  format: Exclude<ExportFormat, "mltable">,
  schema: Schema,
  batches: AsyncIterable<TableRows>,
): AsyncIterable<Uint8Array> {
  switch (format) {
    case "parquet":
      return writeTable(schema, batches);
    case "arrow":
      return arrowBytes("file", schema, batches);
    case "arrows":
      return arrowBytes("stream", schema, batches);
    case "azureml":
      return recordLines(schema, batches);
    case "csv":
    case "jsonl":
      return textLines(format, schema, batches);
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
