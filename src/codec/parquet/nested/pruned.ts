import type { OpenedParquet } from "../parquet-file.ts";

/**
 * The same file, of whose nested `column` only these fields are read: of one with many, the others cost
 * nothing.
 */
export function withOnlyFields(
  file: OpenedParquet,
  column: string,
  fields: readonly string[],
): OpenedParquet {
  const isWanted = (path: readonly string[]): boolean => path[0] !== column || fields.includes(path[1] ?? "");
  const { schema, metadata } = file;
  const children = schema.children.map((node) =>
    node.element.name === column
      ? { ...node, children: node.children.filter(({ element }) => fields.includes(element.name)) }
      : node,
  );
  const groups = metadata.rowGroups.map((group) => ({
    ...group,
    columns: group.columns.filter(({ path }) => isWanted(path)),
  }));
  return { ...file, schema: { ...schema, children }, metadata: { ...metadata, rowGroups: groups } };
}
