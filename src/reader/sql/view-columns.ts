import { columnKey } from "../../layout/column-names.ts";
import { type ColumnType, type ScalarType, sameType } from "../../layout/column-type.ts";
import { partitionKeys } from "../../layout/partition.ts";
import { systemColumnList } from "../../layout/system-columns.ts";
import type { CollectionFiles } from "./inventory.ts";

/** A column of a view. */
export interface ViewColumn {
  readonly name: string;
  /** What it is in every deployment alike; undefined where deployments disagree. */
  readonly type: ColumnType | undefined;
  /** DuckDB's name of the type that the view gives. */
  readonly sqlType: string;
}

/** DuckDB's names for the types of columns. */
const sqlTypes: Readonly<Record<ScalarType, string>> = {
  float64: "DOUBLE",
  int64: "BIGINT",
  int32: "INTEGER",
  boolean: "BOOLEAN",
  string: "VARCHAR",
  timestamp: "TIMESTAMP WITH TIME ZONE",
  binary: "BLOB",
  json: "VARCHAR",
};

/** DuckDB's name of a type. */
export function sqlTypeOf(type: ColumnType): string {
  return typeof type === "string" ? sqlTypes[type] : `${sqlTypes[type.list]}[]`;
}

/** The columns of the partition, from the outermost in, as paths have them. */
export const partitionColumns: readonly ViewColumn[] = partitionKeys.map((name, depth) => ({
  name,
  type: undefined,
  sqlType: depth === 0 ? "DATE" : "INTEGER",
}));

/** The columns that every collection has. */
export const systemViewColumns: readonly ViewColumn[] = systemColumnList.map(({ name, type }) => ({
  name,
  type,
  sqlType: sqlTypeOf(type),
}));

/**
 * The features of a collection, in the order of pinning, deployment by deployment. Where deployments disagree
 * on a type it is DOUBLE for numbers, and text for all else. Names that differ only in case are one column.
 */
export function featureColumns({ deployments }: CollectionFiles): ViewColumn[] {
  const columns = new Map<string, ViewColumn>();
  for (const { pins } of deployments) {
    for (const [name, type] of pins?.columns ?? []) {
      const key = columnKey(name);
      const known = columns.get(key);
      if (known === undefined) columns.set(key, { name, type, sqlType: sqlTypeOf(type) });
      else if (known.type === undefined || !sameType(known.type, type)) {
        const isNumber = numbers.has(known.sqlType) && numbers.has(sqlTypeOf(type));
        columns.set(key, { name: known.name, type: undefined, sqlType: isNumber ? "DOUBLE" : "VARCHAR" });
      }
    }
  }
  return [...columns.values()];
}

const numbers: ReadonlySet<string> = new Set(["DOUBLE", "BIGINT", "INTEGER"]);
