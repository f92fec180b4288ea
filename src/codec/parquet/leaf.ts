import type { ColumnType, ScalarType } from "../../layout/column-type.ts";
import { convertedTypes, type PhysicalType, physicalTypes, repetitions } from "./format.ts";
import type { ThriftWriter } from "./bytes/thrift.ts";

/** A column of the file and the one leaf of the schema tree that holds its values. */
export interface Leaf {
  readonly name: string;
  readonly path: readonly string[];
  readonly scalar: ScalarType;
  readonly physical: PhysicalType;
  /** Text: UTF-8, compared and cut as such. */
  readonly text: boolean;
  readonly list: boolean;
  /** False: REQUIRED, has a value in every row. */
  readonly nullable: boolean;
}

/** The leaf of a column. Lists are always nullable, and so are their elements. */
export function leafOf(name: string, type: ColumnType, nullable: boolean): Leaf {
  const list = typeof type === "object";
  const scalar = list ? type.list : type;
  return {
    name,
    path: list ? [name, "list", "element"] : [name],
    scalar,
    physical: physicalOf[scalar],
    text: scalar === "string" || scalar === "json",
    list,
    nullable: nullable || list,
  };
}

/** Bytes of one PLAIN value; 0 for byte arrays and the bits of booleans. */
export function widthOf(physical: PhysicalType): number {
  return physical === "INT32" ? 4 : physical === "INT64" || physical === "DOUBLE" ? 8 : 0;
}

/** How values of a type are stored. */
export const physicalOf: Readonly<Record<ScalarType, PhysicalType>> = {
  float64: "DOUBLE",
  int64: "INT64",
  int32: "INT32",
  boolean: "BOOLEAN",
  string: "BYTE_ARRAY",
  json: "BYTE_ARRAY",
  binary: "BYTE_ARRAY",
  timestamp: "INT64",
};

/**
 * Writes the list of `SchemaElement`s: the root, then each column depth first. A list has the three levels of
 * LogicalTypes.md ("Lists"): optional group of LIST, repeated group `list`, optional `element`.
 */
export function writeSchema(thrift: ThriftWriter, field: number, leaves: readonly Leaf[]): void {
  const elements = leaves.reduce((count, leaf) => count + leaf.path.length, 1);
  thrift.list(field, "struct", elements);
  writeGroup(thrift, "schema", leaves.length, undefined, () => {});
  for (const leaf of leaves) {
    if (leaf.list) {
      writeGroup(thrift, leaf.name, 1, repetitions.OPTIONAL, () => {
        thrift.i32(6, convertedTypes.LIST);
        thrift.struct(10, () => thrift.struct(3, () => {}));
      });
      writeGroup(thrift, "list", 1, repetitions.REPEATED, () => {});
      writeValue(thrift, leaf, "element", repetitions.OPTIONAL);
    } else writeValue(thrift, leaf, leaf.name, leaf.nullable ? repetitions.OPTIONAL : repetitions.REQUIRED);
  }
}

/** A group of that many children; without a repetition it is the root. */
export function writeGroup(
  thrift: ThriftWriter,
  name: string,
  children: number,
  repetition: number | undefined,
  annotation: () => void,
): void {
  thrift.structElement(() => {
    if (repetition !== undefined) thrift.i32(3, repetition);
    thrift.binary(4, name);
    thrift.i32(5, children);
    annotation();
  });
}

/** What holds values, with what they mean. */
export function writeValue(
  thrift: ThriftWriter,
  leaf: Pick<Leaf, "physical" | "text" | "scalar">,
  name: string,
  repetition: number,
): void {
  thrift.structElement(() => {
    thrift.i32(1, physicalTypes[leaf.physical]);
    thrift.i32(3, repetition);
    thrift.binary(4, name);
    if (leaf.text) {
      thrift.i32(6, convertedTypes.UTF8);
      thrift.struct(10, () => thrift.struct(1, () => {}));
    } else if (leaf.scalar === "timestamp") {
      thrift.i32(6, convertedTypes.TIMESTAMP_MICROS);
      thrift.struct(10, () =>
        thrift.struct(8, () => {
          thrift.boolean(1, true);
          thrift.struct(2, () => thrift.struct(2, () => {}));
        }),
      );
    }
  });
}
