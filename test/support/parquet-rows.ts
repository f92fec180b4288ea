import {
  type OpenedParquet,
  type ParquetReadOptions,
  readParquetColumns,
} from "../../src/codec/parquet/parquet-decoder.ts";
import type { RangeSource } from "../../src/codec/range-source.ts";

/** Reads a file as objects, an array of them per row group; see {@link readParquetColumns}. */
export async function* readParquetRows(
  source: RangeSource | OpenedParquet,
  options: ParquetReadOptions = {},
): AsyncIterable<Record<string, unknown>[]> {
  for await (const { length, columns } of readParquetColumns(source, options)) {
    const entries = [...columns];
    yield Array.from({ length }, (_, row) =>
      Object.fromEntries(entries.map(([name, column]) => [name, column[row]])),
    );
  }
}
