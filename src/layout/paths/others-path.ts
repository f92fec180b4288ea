import { parsePath, type StoredPath } from "../dataset-path.ts";
import { isReplacingStem } from "../upkeep/upkeep-path.ts";
import { parseStem } from "./segment-stem.ts";

/**
 * What {@link parsePath} says, also of a file that another engine has written into a collection that is a
 * Delta table: such folders say `inference_hour=5` where ours say `inference_hour=05`.
 */
export function parseAnyPath(path: string): StoredPath | undefined {
  return parsePath(path) ?? parsePath(path.replaceAll(oneDigit, "$<key>=0$<digit>/"));
}

const oneDigit = /(?<=\/)(?<key>inference_(?:hour|minute))=(?<digit>\d)\//g;

/** Whether this package gave a Parquet file its name: delivery, or upkeep. */
export function isOwnName(path: string): boolean {
  const stem = path.slice(path.lastIndexOf("/") + 1).replace(/\.parquet$/, "");
  return parseStem("parquet", stem) !== undefined || isReplacingStem(stem);
}
