/** What a file holds: Parquet, or Azure ML's JSON lines. */
export type FileFormat = "parquet" | "jsonl";

/** What becomes of frames: files of one of two kinds, or posts to the local agent of an Azure ML endpoint. */
export type Format = FileFormat | "azureml";

/** The ending of a file's name, with the dot. */
export const fileEndings: Readonly<Record<FileFormat, string>> = { parquet: ".parquet", jsonl: ".jsonl" };

/** True for the name of a format. */
export function isFormat(value: unknown): value is Format {
  return typeof value === "string" && (value === "azureml" || Object.hasOwn(fileEndings, value));
}
