import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { tempFolder } from "../../support/temp-folder.ts";
import { idAt, storeFile } from "./stored-data.ts";

/** When the rows of both collections were requested. */
export const requestTime = "2023-11-22T05:10:00.000Z";
/** The request that they are of. */
export const requestId: string = idAt(requestTime, 1);
/** The log that cannot be used. */
export const unusableLog = "flights/blue/inputs/_delta_log";

/**
 * A root with the collections `inputs` and `outputs`, of which the first is a Delta table whose log cannot be
 * used: it does not say what the table is. Each has two files of one row.
 */
export async function unusableLogRoot(): Promise<string> {
  const root = await tempFolder();
  for (const collection of ["inputs", "outputs"])
    for (const eventId of [`${collection}-1`, `${collection}-2`])
      storeFile(root, [{ id: requestId, requestTime, collection, eventId, rows: [{ n: 1 }] }], {
        n: "DOUBLE",
      });
  makeUnusable(root);
  return root;
}

/** Makes `inputs` of a root a Delta table with such a log. */
export function makeUnusable(root: string): void {
  const commit = join(root, unusableLog, `${"0".repeat(20)}.json`);
  mkdirSync(dirname(commit), { recursive: true });
  writeFileSync(commit, JSON.stringify({ protocol: { minReaderVersion: 1, minWriterVersion: 2 } }));
}
