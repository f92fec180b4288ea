import type { ColumnType, ScalarType } from "../../layout/column-type.ts";
import type { StoredTable, TableColumn } from "./stored-table.ts";

/** How an engine writes names and types. */
export interface Dialect {
  readonly name: (name: string) => string;
  readonly text: (text: string) => string;
  readonly types: Readonly<Record<ScalarType, string>>;
  readonly listOf: (element: string) => string;
  /** Of the partition keys: the date, and the hour and minute. */
  readonly keyTypes: readonly [date: string, number: string];
}

/** A column's type in a dialect. */
export function typeIn({ types, listOf }: Dialect, type: ColumnType): string {
  return typeof type === "string" ? types[type] : listOf(types[type.list]);
}

/** `name type` of every column. */
export function columnsIn(dialect: Dialect, columns: readonly TableColumn[]): string[] {
  return columns.map(({ name, type }) => `${dialect.name(name)} ${typeIn(dialect, type)}`);
}

/** `name type` of every partition key. */
export function keysIn(dialect: Dialect, { keys }: StoredTable): string[] {
  return keys.map((key, depth) => `${dialect.name(key)} ${dialect.keyTypes[depth === 0 ? 0 : 1]}`);
}

/** Lines in brackets, one below the other. */
export function bracketed(lines: readonly string[]): string {
  return `(\n${lines.map((line) => `  ${line}`).join(",\n")}\n)`;
}

const inBackticks = (name: string): string => `\`${name.replaceAll("`", "``")}\``;
const inQuotes = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const doubled = (text: string): string => `'${text.replaceAll("'", "''")}'`;
/** Where a backslash means something in a text. */
const escaped = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

/** Spark's SQL, which is Databricks' and Fabric's, too. */
export const spark: Dialect = {
  name: inBackticks,
  text: escaped,
  types: {
    float64: "DOUBLE",
    int64: "BIGINT",
    int32: "INT",
    boolean: "BOOLEAN",
    string: "STRING",
    timestamp: "TIMESTAMP",
    binary: "BINARY",
    json: "STRING",
  },
  listOf: (element) => `ARRAY<${element}>`,
  keyTypes: ["DATE", "INT"],
};

/** Trino's SQL. */
export const trino: Dialect = {
  name: inQuotes,
  text: doubled,
  types: {
    float64: "double",
    int64: "bigint",
    int32: "integer",
    boolean: "boolean",
    string: "varchar",
    timestamp: "timestamp(6)",
    binary: "varbinary",
    json: "varchar",
  },
  listOf: (element) => `array(${element})`,
  keyTypes: ["date", "integer"],
};

/** DuckDB's SQL. */
export const duckdb: Dialect = {
  name: inQuotes,
  text: doubled,
  types: {
    float64: "DOUBLE",
    int64: "BIGINT",
    int32: "INTEGER",
    boolean: "BOOLEAN",
    string: "VARCHAR",
    timestamp: "TIMESTAMPTZ",
    binary: "BLOB",
    json: "VARCHAR",
  },
  listOf: (element) => `${element}[]`,
  keyTypes: ["DATE", "INTEGER"],
};

/** The SQL of Synapse's serverless pools: text is UTF-8 by its collation only, and nested values are JSON. */
export const synapse: Dialect = {
  name: (name) => `[${name.replaceAll("]", "]]")}]`,
  text: doubled,
  types: {
    float64: "float",
    int64: "bigint",
    int32: "int",
    boolean: "bit",
    string: "varchar(max) COLLATE Latin1_General_100_BIN2_UTF8",
    timestamp: "datetime2(6)",
    binary: "varbinary(max)",
    json: "varchar(max) COLLATE Latin1_General_100_BIN2_UTF8",
  },
  listOf: () => "varchar(max) COLLATE Latin1_General_100_BIN2_UTF8",
  keyTypes: ["date", "int"],
};

/** ClickHouse's SQL. */
export const clickhouse: Dialect = {
  name: (name) => `\`${name.replaceAll("\\", "\\\\").replaceAll("`", "\\`")}\``,
  text: escaped,
  types: {
    float64: "Nullable(Float64)",
    int64: "Nullable(Int64)",
    int32: "Nullable(Int32)",
    boolean: "Nullable(Bool)",
    string: "Nullable(String)",
    timestamp: "Nullable(DateTime64(6, 'UTC'))",
    binary: "Nullable(String)",
    json: "Nullable(String)",
  },
  listOf: (element) => `Array(${element})`,
  keyTypes: ["Date", "Int32"],
};

/** What pandas reads through: pyarrow, in Python. */
export const arrow: Dialect = {
  // JSON's texts are Python's, but for the two that JavaScript alone lets stand for themselves.
  name: (name) => JSON.stringify(name),
  text: (text) => JSON.stringify(text),
  types: {
    float64: "pa.float64()",
    int64: "pa.int64()",
    int32: "pa.int32()",
    boolean: "pa.bool_()",
    string: "pa.string()",
    timestamp: 'pa.timestamp("us", "UTC")',
    binary: "pa.binary()",
    json: "pa.string()",
  },
  listOf: (element) => `pa.list_(${element})`,
  keyTypes: ["pa.date32()", "pa.int32()"],
};
