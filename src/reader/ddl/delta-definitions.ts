import { arrow, bracketed, clickhouse, columnsIn, duckdb, keysIn, spark, synapse, trino } from "./dialect.ts";
import type { StoredTable } from "./stored-table.ts";
import type { TablePlace } from "./table-place.ts";

/*
 * Collections that are Delta tables, as each engine reads them by their log. Columns and types are in it, so
 * only an engine that would guess them is told.
 */

/** Spark's and Databricks' table. */
export function sparkDelta(table: StoredTable, location: string): string {
  const name = spark.name(table.name);
  return `CREATE TABLE IF NOT EXISTS ${name} USING DELTA LOCATION ${spark.text(location)};`;
}

/** Fabric's view. */
export function fabricDelta(table: StoredTable, place: TablePlace): string {
  return [
    `CREATE OR REPLACE TEMPORARY VIEW ${spark.name(table.name)}`,
    `USING DELTA OPTIONS (path ${spark.text(place.hadoop(table.folder))});`,
  ].join("\n");
}

/** Trino's table. */
export function trinoDelta(table: StoredTable, place: TablePlace): string {
  return [
    "CALL delta.system.register_table(",
    "  schema_name => 'default',",
    `  table_name => ${trino.text(table.name)},`,
    `  table_location => ${trino.text(place.lake(table.folder))}`,
    ");",
  ].join("\n");
}

/** DuckDB's view. */
export function duckdbDelta(table: StoredTable, place: TablePlace): string {
  const folder = duckdb.text(place.duckdb(table.folder));
  return `CREATE OR REPLACE VIEW ${duckdb.name(table.name)} AS\nSELECT * FROM delta_scan(${folder});`;
}

/** The view of Synapse's serverless pools: without types, texts are cut, and lists cannot be read. */
export function synapseDelta(table: StoredTable): string {
  return [
    `CREATE OR ALTER VIEW ${synapse.name(table.name)} AS`,
    "SELECT r.*",
    `FROM OPENROWSET(BULK ${synapse.text(table.folder)}, DATA_SOURCE = 'collected', FORMAT = 'DELTA')`,
    `WITH ${bracketed([...columnsIn(synapse, table.columns), ...keysIn(synapse, table)])} AS r;`,
    "GO",
  ].join("\n");
}

/** ClickHouse's view. */
export function clickhouseDelta(table: StoredTable, place: TablePlace): string {
  const folder = clickhouse.text(place.within(table.folder));
  const source = {
    folder: `deltaLakeLocal(${folder})`,
    blob: `deltaLakeAzure(collected, blob_path = ${folder})`,
    s3: `deltaLake(collected, filename = ${folder})`,
  }[place.kind];
  return `CREATE OR REPLACE VIEW ${clickhouse.name(table.name)} AS\nSELECT * FROM ${source};`;
}

/** A frame of pandas, through the package `deltalake`. */
export function pandasDelta(table: StoredTable, place: TablePlace): string {
  const account =
    place.account === undefined ? [] : [`storage_options={"account_name": ${arrow.text(place.account)}}`];
  const where = [arrow.text(place.kind === "blob" ? place.hadoop(table.folder) : place.plain(table.folder))];
  const options = [...where, ...account].join(", ");
  return [
    `${table.name} = DeltaTable(${options}).to_pyarrow_table()`,
    `${table.name} = ${table.name}.to_pandas(types_mapper=pd.ArrowDtype)`,
  ].join("\n");
}
