import { type TableRows, writeTable } from "../../codec/parquet/tables/table-writer.ts";
import type { Schema } from "../../layout/schema.ts";

/**
 * Rows that are no collection as the bytes of one Parquet file, in these types: instants are bigints of
 * microseconds since 1970 UTC. Throws for a value that its column cannot hold.
 */
export function parquetOf(rows: TableRows & { readonly schema: Schema }): AsyncIterable<Uint8Array> {
  return writeTable(rows.schema, one(rows));
}

async function* one(rows: TableRows): AsyncGenerator<TableRows> {
  yield rows;
}
