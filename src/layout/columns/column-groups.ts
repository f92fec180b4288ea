/** How a column is compared: by distances and bins, or by the shares of its categories. */
export type ColumnKind = "numerical" | "categorical";

/** The groups in which a baseline's values are counted: bins between edges, or categories. */
export type GroupsDefinition =
  | { readonly edges: readonly number[] }
  | { readonly categories: readonly string[] };
