import { randomBytes } from "node:crypto";
import { ownJson } from "../base/own-json.ts";
import { recordPath } from "../layout/upkeep/upkeep-path.ts";
import type { UpkeepRecord } from "../layout/upkeep/upkeep-record.ts";
import type { UpkeepStore } from "../store/store.ts";
import { done } from "./done.ts";

/** Tells what is about to be taken away: before it is, so that nobody takes it for lost. */
export async function writeRecord(
  store: UpkeepStore,
  { endpoint, deployment }: { readonly endpoint: string; readonly deployment: string },
  record: UpkeepRecord,
): Promise<void> {
  const path = recordPath(endpoint, deployment, Date.parse(record.at), randomBytes(8).toString("hex"));
  done(await store.put(path, Buffer.from(`${ownJson(record)}\n`), { contentType: "application/json" }));
}
