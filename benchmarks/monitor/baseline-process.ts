/** Learns a baseline of the first stored day and keeps it, in a process of its own. */
import { writeFile } from "node:fs/promises";
import { createBaseline } from "../../src/monitor.ts";
import { openDataset } from "../../src/reader.ts";
import { serve } from "../child.ts";
import { collection, firstDay } from "./monitored-rows.ts";

/** What is learnt. */
export interface BaselineRequest {
  readonly root: string;
  /** The file that is written. */
  readonly path: string;
}

serve(async ({ root, path }: BaselineRequest): Promise<void> => {
  await using data = await openDataset(root);
  const span = { from: new Date(firstDay), to: new Date(firstDay + 86_400_000) };
  await writeFile(path, JSON.stringify(await createBaseline(data, { collection, ...span })));
});
