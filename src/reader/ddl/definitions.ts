import {
  arrow,
  bracketed,
  clickhouse,
  columnsIn,
  type Dialect,
  duckdb,
  keysIn,
  spark,
  synapse,
  trino,
  typeIn,
} from "./dialect.ts";
import type { StoredTable } from "./stored-table.ts";
import type { TablePlace } from "./table-place.ts";

/** What defines tables in one engine. */
export interface Engine {
  /** What comes once, before all tables: settings that matter, where the data is. */
  readonly preamble: (place: TablePlace) => readonly string[];
  readonly define: (table: StoredTable, place: TablePlace) => string;
  /** Reads nothing but Blob Storage. */
  readonly needsBlobs?: true;
}

/** The engines that `mdc ddl` knows, by the name that is given to it. */
export const engines: Readonly<Record<string, Engine>> = {
  spark: { preamble: () => [], define: sparkTable },
  databricks: { preamble: () => [], define: sparkTable },
  fabric: {
    preamble: () => ["-- In a notebook of a lakehouse; a view lasts as long as its session."],
    define: sparkView,
  },
  trino: {
    preamble: () => [
      "-- The catalog is taken to be called hive, and needs hive.parquet.time-zone=UTC and",
      "-- hive.timestamp-precision=MICROSECONDS: otherwise times are in the server's own zone, cut to milliseconds.",
    ],
    define: trinoTable,
  },
  duckdb: {
    preamble: ({ account }) =>
      account === undefined
        ? []
        : [
            "INSTALL azure; LOAD azure;",
            `CREATE OR REPLACE SECRET (TYPE azure, PROVIDER credential_chain, ACCOUNT_NAME ${duckdb.text(account)});`,
          ],
    define: duckdbView,
  },
  synapse: {
    needsBlobs: true,
    preamble: (place) => [
      "-- In a database of a serverless pool with the collation Latin1_General_100_BIN2_UTF8, without which",
      "-- texts are not compared as they are and no file is passed by.",
      `CREATE EXTERNAL DATA SOURCE collected WITH (LOCATION = ${synapse.text(synapseRoot(place))});`,
      "GO",
    ],
    define: synapseView,
  },
  clickhouse: {
    preamble: ({ account }) =>
      account === undefined
        ? []
        : ["-- Needs a named collection `collected` with the account's connection string and the container."],
    define: clickhouseView,
  },
  pandas: {
    preamble: () => ["import pandas as pd", "import pyarrow as pa", "import pyarrow.dataset as ds"],
    define: pandasFrame,
  },
};

/** Other types than these in a file would be a fault: the types are said, so that no engine guesses them. */
function sparkTable(table: StoredTable, place: TablePlace): string {
  const name = spark.name(table.name);
  return [
    `CREATE TABLE IF NOT EXISTS ${name} ${bracketed([...columnsIn(spark, table.columns), ...keysIn(spark, table)])}`,
    "USING PARQUET",
    `PARTITIONED BY (${table.keys.map(spark.name).join(", ")})`,
    `LOCATION ${spark.text(place.hadoop(table.folder))};`,
    "-- Again whenever there are new hours.",
    `MSCK REPAIR TABLE ${name};`,
  ].join("\n");
}

function sparkView(table: StoredTable, place: TablePlace): string {
  const columns = [...columnsIn(spark, table.columns), ...keysIn(spark, table)];
  return [
    `CREATE OR REPLACE TEMPORARY VIEW ${spark.name(table.name)} ${bracketed(columns)}`,
    `USING PARQUET OPTIONS (path ${spark.text(place.hadoop(table.folder))});`,
  ].join("\n");
}

/** A table's folder is listed when its partitions are told, and each of them is read without subfolders. */
function trinoTable(table: StoredTable, place: TablePlace): string {
  const columns = [...columnsIn(trino, table.columns), ...keysIn(trino, table)];
  return [
    `CREATE TABLE IF NOT EXISTS hive.default.${trino.name(table.name)} ${bracketed(columns)}`,
    "WITH (",
    "  format = 'PARQUET',",
    `  external_location = ${trino.text(place.hadoop(table.folder))},`,
    `  partitioned_by = ARRAY[${table.keys.map(trino.text).join(", ")}]`,
    ");",
    "-- Again whenever there are new hours.",
    `CALL hive.system.sync_partition_metadata('default', ${trino.text(table.name)}, 'ADD');`,
  ].join("\n");
}

/** The first row that is none has all columns: files have those that their frames had. */
function duckdbView(table: StoredTable, place: TablePlace): string {
  const nulls = table.columns.map(
    ({ name, type }) => `CAST(NULL AS ${typeIn(duckdb, type)}) AS ${duckdb.name(name)}`,
  );
  const keys = table.keys.map((key, depth) => `${key}: ${duckdb.keyTypes[depth === 0 ? 0 : 1]}`);
  const pattern = dataFiles(table);
  const files =
    place.account === undefined ? place.plain(pattern) : `az://${place.container}/${place.within(pattern)}`;
  return [
    `CREATE OR REPLACE VIEW ${duckdb.name(table.name)} AS`,
    `SELECT${nulls.map((cell) => `\n  ${cell}`).join(",")}`,
    "WHERE false",
    "UNION ALL BY NAME",
    `SELECT * FROM read_parquet(${duckdb.text(files)}, union_by_name = true,`,
    `  hive_partitioning = true, hive_types = {${keys.join(", ")}});`,
  ].join("\n");
}

function synapseRoot(place: TablePlace): string {
  return place.plain("").replace(".blob.", ".dfs.").replace(/\/$/, "");
}

function synapseView(table: StoredTable): string {
  const keys = table.keys.map(
    (key, depth) => `CAST(r.filepath(${depth + 1}) AS ${synapse.keyTypes[depth === 0 ? 0 : 1]}) AS ${key}`,
  );
  const pattern = dataFiles(table);
  return [
    `CREATE OR ALTER VIEW ${synapse.name(table.name)} AS`,
    `SELECT r.*, ${keys.join(", ")}`,
    `FROM OPENROWSET(BULK ${synapse.text(pattern)}, DATA_SOURCE = 'collected', FORMAT = 'PARQUET')`,
    `WITH ${bracketed(columnsIn(synapse, table.columns))} AS r;`,
    "GO",
  ].join("\n");
}

/** The files of all partitions, and not those of a table's log beside them. */
function dataFiles(table: StoredTable): string {
  return [table.folder, ...table.keys.map((key) => `${key}=*`), "*.parquet"].join("/");
}

function clickhouseView(table: StoredTable, place: TablePlace): string {
  const structure = [...columnsIn(clickhouse, table.columns), ...keysIn(clickhouse, table)].join(", ");
  const files = place.within(dataFiles(table));
  const source =
    place.account === undefined
      ? `file(${clickhouse.text(files)}, Parquet, ${clickhouse.text(structure)})`
      : `azureBlobStorage(collected, blob_path = ${clickhouse.text(files)}, format = 'Parquet', structure = ${clickhouse.text(structure)})`;
  return [
    `CREATE OR REPLACE VIEW ${clickhouse.name(table.name)} AS`,
    `SELECT * FROM ${source}`,
    "SETTINGS use_hive_partitioning = 1;",
  ].join("\n");
}

function pandasFrame(table: StoredTable, place: TablePlace): string {
  const field = (dialect: Dialect) => (one: { name: string; type: StoredTable["columns"][number]["type"] }) =>
    `(${dialect.name(one.name)}, ${typeIn(dialect, one.type)})`;
  const keys = table.keys.map((key, depth) => `(${arrow.name(key)}, ${arrow.keyTypes[depth === 0 ? 0 : 1]})`);
  const where =
    place.account === undefined
      ? [arrow.text(place.plain(table.folder))]
      : [
          arrow.text(`abfs://${place.container}/${place.within(table.folder)}`),
          `storage_options={"account_name": ${arrow.text(place.account)}, "anon": False}`,
        ];
  const options = [
    ...where,
    `schema=pa.schema([${[...table.columns.map(field(arrow)), ...keys].map((one) => `\n    ${one},`).join("")}\n  ])`,
    `partitioning=ds.partitioning(pa.schema([${keys.join(", ")}]), flavor="hive")`,
    'dtype_backend="pyarrow"',
  ];
  return `${table.name} = pd.read_parquet(${options.map((option) => `\n  ${option},`).join("")}\n)`;
}
