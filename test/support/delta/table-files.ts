import { type TableRows, writeTable } from "../../../src/codec/parquet/tables/table-writer.ts";
import type { TableFile } from "../../../src/delta/described-file.ts";
import type { ColumnType } from "../../../src/layout/column-type.ts";
import type { Store } from "../../../src/store/store.ts";
import { fileBytes } from "../parquet-engines.ts";

/** The folder of the collection that all of these files are of. */
export const table = "flights/blue/model_inputs";

/** The path of a file in the hour `hour` of 2026-11-22. */
export function filePath(name: string, hour = 5): string {
  const folder = `inference_date=2026-11-22/inference_hour=${String(hour).padStart(2, "0")}`;
  return `${table}/${folder}/${name}.parquet`;
}

/** A Parquet file of these columns. */
export async function tableBytes(
  types: Readonly<Record<string, ColumnType>>,
  columns: Readonly<Record<string, readonly unknown[]>>,
): Promise<Uint8Array> {
  const length = Object.values(columns)[0]?.length ?? 0;
  const batch: TableRows = { length, columns: new Map(Object.entries(columns)) };
  const batches = async function* (): AsyncGenerator<TableRows> {
    yield batch;
  };
  return await fileBytes(writeTable(new Map(Object.entries(types)), batches()));
}

/** Stores a file, as a delivery does. */
export async function deliver(store: Store, path: string, bytes: Uint8Array): Promise<TableFile> {
  const { status } = await store.put(path, bytes);
  if (status !== "stored" && status !== "exists") throw new Error(`${path}: ${status}`);
  return { path, size: bytes.length, modifiedAt: 1_795_330_800_000 };
}
