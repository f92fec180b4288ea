import type { FileMetaData, SchemaElement } from "hyparquet";

/** What a file's footer says that no file of ours may say, for some engine reads it wrong or not at all. */
export function footerProblems({ schema, row_groups, key_value_metadata }: FileMetaData): string[] {
  const problems: string[] = [];
  const [root, ...elements] = schema;
  const columns = childrenOf(schema, 0);
  for (const element of elements) {
    const problem = typeProblem(element);
    if (problem !== undefined) problems.push(`${element.name}: ${problem}`);
  }
  for (const [index, element] of schema.entries()) {
    if (index === 0) continue;
    if (isList(element) && !isThreeLevels(schema, index))
      problems.push(`${element.name}: a list not of 3 levels`);
    const parent = parentOf(schema, index);
    if (element.repetition_type === "REPEATED" && !isList(parent) && !isMap(parent))
      problems.push(`${element.name}: repeated, and in no list`);
  }
  const seen = new Set<string>();
  for (const name of columns.map((at) => schema[at]?.name ?? "")) {
    if (name.includes(".")) problems.push(`${name}: a dot in a column's name`);
    if (seen.has(name.toLowerCase())) problems.push(`${name}: twice, but for upper and lower case`);
    seen.add(name.toLowerCase());
  }
  for (const { key } of key_value_metadata ?? [])
    if (key === "pandas" || key === "ARROW:schema") problems.push(`${root?.name}: a note ${key}`);
  for (const { columns } of row_groups)
    for (const { meta_data } of columns)
      if (meta_data !== undefined && !["ZSTD", "UNCOMPRESSED"].includes(meta_data.codec))
        problems.push(`${meta_data.path_in_schema.join("/")}: compressed by ${meta_data.codec}`);
  return [...new Set(problems)];
}

/** Why a column's type may not be; undefined if it may. */
function typeProblem({ type, type_length, converted_type, logical_type }: SchemaElement): string | undefined {
  if (type === "INT96") return "INT96";
  if (type === "FIXED_LEN_BYTE_ARRAY") return `${logical_type?.type ?? "bytes"} of ${type_length} bytes`;
  if (type === "FLOAT") return "FLOAT, where numbers are DOUBLE";
  if (logical_type?.type === "TIMESTAMP") {
    if (!logical_type.isAdjustedToUTC) return "TIMESTAMP not of UTC";
    return logical_type.unit === "MICROS" ? undefined : `TIMESTAMP in ${logical_type.unit}`;
  }
  if (converted_type?.startsWith("TIMESTAMP_") === true) return `only the legacy ${converted_type}`;
  if (logical_type?.type === "INTEGER" && logical_type.isSigned && logical_type.bitWidth >= 32)
    return undefined;
  const allowed = ["STRING", "LIST", "MAP"];
  if (logical_type !== undefined && !allowed.includes(logical_type.type)) return logical_type.type;
  const known = ["UTF8", "LIST", "MAP", "MAP_KEY_VALUE", "INT_32", "INT_64"];
  if (converted_type !== undefined && !known.includes(converted_type)) return converted_type;
  return undefined;
}

function isList(element: SchemaElement | undefined): boolean {
  return element?.logical_type?.type === "LIST" || element?.converted_type === "LIST";
}

function isMap(element: SchemaElement | undefined): boolean {
  return element?.logical_type?.type === "MAP" || element?.converted_type === "MAP";
}

/** `list` that repeats, with one `element` in it. */
function isThreeLevels(schema: readonly SchemaElement[], index: number): boolean {
  const [list, ...others] = childrenOf(schema, index);
  const [element, ...more] = list === undefined ? [] : childrenOf(schema, list);
  return (
    list !== undefined &&
    others.length + more.length === 0 &&
    schema[list]?.repetition_type === "REPEATED" &&
    schema[list].name === "list" &&
    element !== undefined &&
    schema[element]?.name === "element"
  );
}

/** Where the children of the element at an index are. */
function childrenOf(schema: readonly SchemaElement[], index: number): number[] {
  const children: number[] = [];
  let at = index + 1;
  for (let child = 0; child < (schema[index]?.num_children ?? 0); child++) {
    children.push(at);
    at = endOf(schema, at);
  }
  return children;
}

/** Where the element after all that is in this one is. */
function endOf(schema: readonly SchemaElement[], index: number): number {
  let end = index + 1;
  for (let child = 0; child < (schema[index]?.num_children ?? 0); child++) end = endOf(schema, end);
  return end;
}

function parentOf(schema: readonly SchemaElement[], index: number): SchemaElement | undefined {
  return schema.find((_, at) => childrenOf(schema, at).includes(index));
}
