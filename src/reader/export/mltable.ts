import { isAbsolute } from "node:path";
import { wrongValue } from "../../base/errors.ts";
import type { TimeRange } from "../../layout/partition.ts";
import type { Catalog } from "../catalog.ts";
import { filesOf } from "../table.ts";

/** What an `MLTable` is to say. */
export interface MltableOptions {
  /** Where its files are: URLs, paths, or what is relative to the `MLTable` file itself. */
  readonly paths: readonly string[];
  /** Only these columns. Default: all. */
  readonly columns?: readonly string[] | undefined;
}

/**
 * The text of an `MLTable` file over Parquet files (Azure Machine Learning, "CLI (v2) MLtable YAML schema").
 * Whoever registers its folder as a data asset has them as one table, which is what the service's monitors
 * and AutoML take.
 */
export function mltableText({ paths, columns }: MltableOptions): string {
  return [
    "$schema: https://azuremlschemas.azureedge.net/latest/MLTable.schema.json",
    "type: mltable",
    "paths:",
    ...paths.map((path) => `  - file: ${yamlText(path)}`),
    "transformations:",
    "  - read_parquet:",
    "      include_path_column: false",
    ...(columns === undefined ? [] : [`  - keep_columns: [${columns.map(yamlText).join(", ")}]`]),
    "",
  ].join("\n");
}

/** That of the stored files of a collection in a range of time. A `RangeError` where none is Parquet. */
export async function collectionMltable(
  catalog: Catalog,
  name: string,
  range: TimeRange,
  columns: readonly string[] | undefined,
): Promise<string> {
  const files = await filesOf(catalog, name, range);
  const parquet = files.filter(({ format }) => format === "parquet");
  if (parquet.length === 0)
    throw wrongValue("export: name", "a collection with Parquet files in that time, for an MLTable", name);
  const root = catalog.store.description;
  // A datastore is known by its name here, and not by where it is.
  if (!isAbsolute(root) && !root.startsWith("https://"))
    throw wrongValue("export: format", "another one than mltable for a datastore: give its blob URL", root);
  return mltableText({ paths: parquet.map(({ path }) => `${root}/${path}`), columns });
}

/** A text in double quotes: as JSON has it, YAML has it too (YAML 1.2, section 1.3). */
function yamlText(text: string): string {
  return JSON.stringify(text);
}
