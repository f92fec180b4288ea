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
import {
  clickhouseDelta,
  duckdbDelta,
  fabricDelta,
  pandasDelta,
  sparkDelta,
  synapseDelta,
  trinoDelta,
} from "./delta-definitions.ts";
import type { StoredTable } from "./stored-table.ts";
import type { TablePlace } from "./table-place.ts";

/** What defines tables in one engine. */
export interface Engine {
  /** What comes once, before these tables: settings that matter, where the data is. */
  readonly preamble: (place: TablePlace, tables: readonly StoredTable[]) => readonly string[];
  readonly define: (table: StoredTable, place: TablePlace) => string;
  /** Kinds of places that it does not read. Default: it reads all. */
  readonly not?: readonly TablePlace["kind"][];
}

/** The engines that `mdc ddl` knows, by the name that is given to it. */
export const engines: Readonly<Record<string, Engine>> = {
  spark: {
    preamble: (place, tables) => [
      ...only(tables.some(isDelta), "-- Needs Delta Lake's package, extension and catalog (delta-spark)."),
      ...only(
        place.kind === "s3",
        "-- Needs hadoop-aws, which takes the credentials of the environment, or of the machine.",
      ),
    ],
    define: (table, place) => sparkTable(table, place.hadoop(table.folder)),
  },
  databricks: {
    preamble: (place) =>
      only(
        place.kind === "s3",
        "-- Needs an external location, or an instance profile, that may read the bucket.",
      ),
    define: (table, place) => sparkTable(table, place.lake(table.folder)),
  },
  fabric: {
    not: ["s3"],
    preamble: () => ["-- In a notebook of a lakehouse; a view lasts as long as its session."],
    define: (table, place) => (isDelta(table) ? fabricDelta(table, place) : sparkView(table, place)),
  },
  trino: {
    preamble: (_, tables) => [
      ...only(
        !tables.every(isDelta),
        "-- The catalog is taken to be called hive, and needs hive.parquet.time-zone=UTC and",
        "-- hive.timestamp-precision=MICROSECONDS: otherwise times are in the server's own zone, cut to milliseconds.",
      ),
      ...only(
        tables.some(isDelta),
        "-- The catalog of Delta tables is taken to be called delta, and needs",
        "-- delta.register-table-procedure.enabled=true. Once for each table: one that is registered is an error.",
      ),
    ],
    define: (table, place) => (isDelta(table) ? trinoDelta(table, place) : trinoTable(table, place)),
  },
  duckdb: {
    preamble: ({ kind, account = "" }, tables) => [
      ...only(tables.some(isDelta), "INSTALL delta; LOAD delta;"),
      ...only(
        kind === "blob",
        "INSTALL azure; LOAD azure;",
        `CREATE OR REPLACE SECRET (TYPE azure, PROVIDER credential_chain, ACCOUNT_NAME ${duckdb.text(account)});`,
      ),
      ...only(
        kind === "s3",
        "INSTALL httpfs; LOAD httpfs; INSTALL aws; LOAD aws;",
        "CREATE OR REPLACE SECRET (TYPE s3, PROVIDER credential_chain);",
      ),
    ],
    define: (table, place) => (isDelta(table) ? duckdbDelta(table, place) : duckdbView(table, place)),
  },
  synapse: {
    not: ["folder", "s3"],
    preamble: (place) => [
      "-- In a database of a serverless pool with the collation Latin1_General_100_BIN2_UTF8, without which",
      "-- texts are not compared as they are and no file is passed by.",
      `CREATE EXTERNAL DATA SOURCE collected WITH (LOCATION = ${synapse.text(synapseRoot(place))});`,
      "GO",
    ],
    define: (table) => (isDelta(table) ? synapseDelta(table) : synapseView(table)),
  },
  clickhouse: {
    preamble: ({ kind }, tables) => [
      ...only(
        kind === "folder" && tables.some(isDelta),
        "-- The folder must be below the server's user_files_path.",
      ),
      ...only(
        kind === "blob",
        "-- Needs a named collection `collected` with the account's connection string and the container.",
      ),
      ...only(
        kind === "s3",
        "-- Needs a named collection `collected` with the bucket's URL, which ends in a slash, and its keys, or",
        "-- use_environment_credentials = 1.",
      ),
    ],
    define: (table, place) => (isDelta(table) ? clickhouseDelta(table, place) : clickhouseView(table, place)),
  },
  pandas: {
    preamble: (_, tables) => [
      "import pandas as pd",
      ...only(!tables.every(isDelta), "import pyarrow as pa", "import pyarrow.dataset as ds"),
      ...only(tables.some(isDelta), "from deltalake import DeltaTable"),
    ],
    define: (table, place) => (isDelta(table) ? pandasDelta(table, place) : pandasFrame(table, place)),
  },
};

function isDelta(table: StoredTable): boolean {
  return table.isDelta;
}

function only(holds: boolean, ...lines: readonly string[]): readonly string[] {
  return holds ? lines : [];
}

/** Other types than these in a file would be a fault: the types are said, so that no engine guesses them. */
function sparkTable(table: StoredTable, location: string): string {
  if (isDelta(table)) return sparkDelta(table, location);
  const name = spark.name(table.name);
  return [
    `CREATE TABLE IF NOT EXISTS ${name} ${bracketed([...columnsIn(spark, table.columns), ...keysIn(spark, table)])}`,
    "USING PARQUET",
    `PARTITIONED BY (${table.keys.map(spark.name).join(", ")})`,
    `LOCATION ${spark.text(location)};`,
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
    `  external_location = ${trino.text(place.lake(table.folder))},`,
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
  const files = place.duckdb(dataFiles(table));
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
  const files = clickhouse.text(place.within(dataFiles(table)));
  const said = `format = 'Parquet', structure = ${clickhouse.text(structure)}`;
  const source = {
    folder: `file(${files}, Parquet, ${clickhouse.text(structure)})`,
    blob: `azureBlobStorage(collected, blob_path = ${files}, ${said})`,
    s3: `s3(collected, filename = ${files}, ${said})`,
  }[place.kind];
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
          arrow.text(place.duckdb(table.folder).replace(/^az:/, "abfs:")),
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
