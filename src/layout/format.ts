/** What files hold: Parquet, or Azure ML's JSON lines. */
export type Format = "parquet" | "jsonl";
