import type { ScalarType } from "../../../layout/column-type.ts";
import type { ThriftWriter } from "../bytes/thrift.ts";
import { convertedTypes, repetitions } from "../format.ts";
import { type Leaf, physicalOf, writeGroup, writeValue } from "../leaf.ts";

/** The type of a value that can be nested: a struct has fields, a map has texts for keys. */
export type NestedType =
  | ScalarType
  | { readonly struct: readonly NestedField[] }
  | { readonly map: NestedType }
  | { readonly list: NestedType };

/** A field of a struct, or a column. All can be null. */
export interface NestedField {
  readonly name: string;
  readonly type: NestedType;
}

/**
 * A place in the schema's tree, with what Dremel's levels count above it (README.md of apache/parquet-format,
 * "Nested Encoding").
 */
export type NestedNode =
  | { readonly kind: "leaf"; readonly leaf: NestedLeaf }
  | {
      readonly kind: "struct";
      readonly fields: readonly { readonly name: string; readonly node: NestedNode }[];
    }
  | {
      readonly kind: "repeated";
      /** Of a map. */
      readonly key: NestedNode | undefined;
      readonly element: NestedNode;
      /** The repetition level of all elements but the first. */
      readonly repetition: number;
    };

/** What holds the values. */
export interface NestedLeaf {
  readonly leaf: Leaf;
  /** Its place among all leaves. */
  readonly index: number;
  readonly maxDefinition: number;
  readonly maxRepetition: number;
}

/** The tree of some columns, and its leaves in the file's order. */
export function nestedTree(columns: readonly NestedField[]): {
  readonly nodes: readonly NestedNode[];
  readonly leaves: readonly NestedLeaf[];
} {
  const leaves: NestedLeaf[] = [];
  const add = (
    path: readonly string[],
    scalar: ScalarType,
    definition: number,
    repetition: number,
  ): NestedLeaf => {
    const text = scalar === "string" || scalar === "json";
    const name = path.join(".");
    const leaf = { name, path, scalar, physical: physicalOf[scalar], text, list: false, nullable: true };
    const found = { leaf, index: leaves.length, maxDefinition: definition, maxRepetition: repetition };
    leaves.push(found);
    return found;
  };
  const nodeOf = (
    path: readonly string[],
    type: NestedType,
    definition: number,
    repetition: number,
  ): NestedNode => {
    if (typeof type === "string") return { kind: "leaf", leaf: add(path, type, definition + 1, repetition) };
    if ("struct" in type) {
      const fields = type.struct.map((field) => ({
        name: field.name,
        node: nodeOf([...path, field.name], field.type, definition + 1, repetition),
      }));
      return { kind: "struct", fields };
    }
    const inside = { definition: definition + 2, repetition: repetition + 1 };
    const element = (name: string, of: NestedType): NestedNode =>
      nodeOf([...path, ...insideOf(type), name], of, inside.definition, inside.repetition);
    if ("list" in type)
      return {
        kind: "repeated",
        key: undefined,
        element: element("element", type.list),
        repetition: inside.repetition,
      };
    const key = add([...path, "key_value", "key"], "string", inside.definition, inside.repetition);
    return {
      kind: "repeated",
      key: { kind: "leaf", leaf: key },
      element: element("value", type.map),
      repetition: inside.repetition,
    };
  };
  const nodes = columns.map(({ name, type }) => nodeOf([name], type, 0, 0));
  return { nodes, leaves };
}

function insideOf(type: NestedType): readonly string[] {
  return typeof type === "object" && "map" in type ? ["key_value"] : ["list"];
}

/**
 * Writes the list of `SchemaElement`s: structs are groups, maps and lists have the three levels of
 * LogicalTypes.md ("Nested Types").
 */
export function writeNestedSchema(
  thrift: ThriftWriter,
  field: number,
  columns: readonly NestedField[],
): void {
  thrift.list(field, "struct", 1 + columns.reduce((sum, { type }) => sum + elementsOf(type), 0));
  writeGroup(thrift, "schema", columns.length, undefined, () => {});
  for (const { name, type } of columns) writeNode(thrift, name, type);
}

function elementsOf(type: NestedType): number {
  if (typeof type === "string") return 1;
  if ("struct" in type) return 1 + type.struct.reduce((sum, field) => sum + elementsOf(field.type), 0);
  return "map" in type ? 3 + elementsOf(type.map) : 2 + elementsOf(type.list);
}

function writeNode(thrift: ThriftWriter, name: string, type: NestedType): void {
  const { OPTIONAL, REPEATED, REQUIRED } = repetitions;
  if (typeof type === "string") return writeValue(thrift, valueOf(type), name, OPTIONAL);
  if ("struct" in type) {
    writeGroup(thrift, name, type.struct.length, OPTIONAL, () => {});
    for (const field of type.struct) writeNode(thrift, field.name, field.type);
    return;
  }
  const isMap = "map" in type;
  writeGroup(thrift, name, 1, OPTIONAL, () => {
    thrift.i32(6, isMap ? convertedTypes.MAP : convertedTypes.LIST);
    thrift.struct(10, () => thrift.struct(isMap ? 2 : 3, () => {}));
  });
  writeGroup(thrift, isMap ? "key_value" : "list", isMap ? 2 : 1, REPEATED, () => {});
  if (!isMap) return writeNode(thrift, "element", type.list);
  writeValue(thrift, valueOf("string"), "key", REQUIRED);
  writeNode(thrift, "value", type.map);
}

function valueOf(scalar: ScalarType): Pick<Leaf, "physical" | "text" | "scalar"> {
  return { scalar, physical: physicalOf[scalar], text: scalar === "string" || scalar === "json" };
}
