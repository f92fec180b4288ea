/**
 * Keys of what a file's footer says of it in words: of the key-value pairs that the Parquet format leaves to
 * its writer.
 */
export const fileNotes = {
  /**
   * JSON: the type of each feature column, as text of `typeText`. A file's own types cannot tell JSON from
   * other text.
   */
  schema: "mdc.schema",
  /** The schema's fingerprint, as in each row. */
  fingerprint: "mdc.fingerprint",
  /** Who wrote it. */
  sdk: "mdc.sdk",
  /** The id of the segment that it was made of. */
  segment: "mdc.segment",
  /** JSON: the names of columns that the file lacks because only nulls were seen of them. */
  untyped: "mdc.untyped",
  /**
   * Of a file that was made of others: the marks of all that it replaces, one after another, theirs included
   * (see `layout/upkeep`). Where both are, the replaced one is to be passed by.
   */
  replaces: "mdc.replaces",
} as const;
