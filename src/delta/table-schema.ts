import { columnKey } from "../layout/column-names.ts";
import { type ColumnType, parseType, type ScalarType } from "../layout/column-type.ts";
import { partitionKeys, type RollingRate } from "../layout/partition.ts";
import { ownJson } from "../base/own-json.ts";
import { UnusableLogError } from "./unusable-log.ts";

/** A column of a table, as Delta's schema says it ("Schema Serialization Format"). */
export interface TableField {
  readonly name: string;
  readonly type: unknown;
  readonly nullable: boolean;
  readonly metadata: Readonly<Record<string, unknown>>;
}

const deltaTypes: Readonly<Record<ScalarType, string>> = {
  float64: "double",
  int64: "long",
  int32: "integer",
  boolean: "boolean",
  string: "string",
  json: "string",
  timestamp: "timestamp",
  binary: "binary",
};

/** The partition columns of a table, by how deep its folders are. */
export function partitionFields(rate: RollingRate): readonly TableField[] {
  const depth = { day: 1, hour: 2, minute: 3 }[rate];
  return partitionKeys.slice(0, depth).map((name, i) => fieldOf(name, i === 0 ? "date" : "integer"));
}

/**
 * The column of a type of `typeText`; undefined for a type that only others' files have. All can be null: who
 * adds files later may lack the column.
 */
export function tableField(name: string, typeName: string): TableField | undefined {
  const type: ColumnType | undefined = parseType(typeName);
  if (type === undefined) return undefined;
  if (typeof type === "string") return fieldOf(name, deltaTypes[type]);
  return fieldOf(name, { type: "array", elementType: deltaTypes[type.list], containsNull: true });
}

function fieldOf(name: string, type: unknown): TableField {
  return { name, type, nullable: true, metadata: {} };
}

/** The text of a schema. */
export function schemaText(fields: readonly TableField[]): string {
  return ownJson({ type: "struct", fields });
}

/** Reads a schema's text; throws an {@link UnusableLogError} for what is none. */
export function parseSchema(text: string): readonly TableField[] {
  try {
    const { fields } = JSON.parse(text) as { readonly fields?: unknown };
    if (Array.isArray(fields) && fields.every((field: TableField | null) => typeof field?.name === "string"))
      return fields as readonly TableField[];
  } catch {
    // It is none.
  }
  throw new UnusableLogError("the schema in the log's metaData is none");
}

/** What a file does to a table's schema. */
export type SchemaFit =
  | { readonly fits: true; readonly added: readonly TableField[] }
  | { readonly fits: false; readonly problem: string };

/** Whether a file's columns can stand in a table, and which of them it does not have yet. */
export function fitSchema(known: readonly TableField[], file: readonly TableField[]): SchemaFit {
  const byName = new Map(known.map((field) => [columnKey(field.name), field]));
  const added: TableField[] = [];
  for (const field of file) {
    const there = byName.get(columnKey(field.name));
    if (there === undefined) added.push(field);
    else if (there.name !== field.name || ownJson(there.type) !== ownJson(field.type)) {
      const problem = `its column ${field.name} is ${typeName(field.type)}; in the table ${there.name} is ${typeName(there.type)}`;
      return { fits: false, problem };
    }
  }
  return { fits: true, added };
}

/** A table's columns with more of them: before those of the partition, which stand last. */
export function withFields(
  known: readonly TableField[],
  added: readonly TableField[],
  partitionColumns: readonly string[],
): readonly TableField[] {
  const isPartition = ({ name }: TableField): boolean => partitionColumns.includes(name);
  return [...known.filter((field) => !isPartition(field)), ...added, ...known.filter(isPartition)];
}

function typeName(type: unknown): string {
  return typeof type === "string" ? type : ownJson(type);
}
