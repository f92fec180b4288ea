/** How a column is compared: by distances and bins, or by the shares of its categories. */
export type ColumnKind = "numerical" | "categorical";

/** The groups in which a baseline's values are counted: bins between edges, or categories. */
export type GroupsDefinition =
  | { readonly edges: readonly number[] }
  | { readonly categories: readonly string[] };

/** How a baseline has a column counted. */
export interface ColumnCounting {
  readonly kind: ColumnKind;
  /** Edges of what is numerical, else categories. */
  readonly groups: GroupsDefinition;
}

/** How a baseline has the columns of a collection counted, by column. */
export type ColumnGroups = ReadonlyMap<string, ColumnCounting>;
