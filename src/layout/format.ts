/** What files hold: Parquet, or Azure ML's JSON lines. */
export type Format = "parquet" | "jsonl";

/** The ending of a file's name, with the dot. */
export const fileEndings: Readonly<Record<Format, string>> = { parquet: ".parquet", jsonl: ".jsonl" };

/** True for the name of a format. */
export function isFormat(value: unknown): value is Format {
  return typeof value === "string" && Object.hasOwn(fileEndings, value);
}
