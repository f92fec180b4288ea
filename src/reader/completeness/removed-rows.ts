import { isRollingRate, partitionSpan, partitionStart } from "../../layout/partition.ts";
import { parseRecord, type RecordedPartition } from "../../layout/upkeep/upkeep-record.ts";
import { recordFolder } from "../../layout/upkeep/upkeep-path.ts";
import type { Store } from "../../store/store.ts";
import { mapConcurrent } from "../map-concurrent.ts";
import { placeKey } from "./stored-rows.ts";

/** What upkeep took away of a place on purpose. */
export interface Removed {
  isPurged: boolean;
  /** By the file that had them, so that what was tried twice counts once. */
  readonly erased: Map<string, number>;
}

const recordsAtOnce = 16;

/** What was taken away on purpose from these deployments, by {@link placeKey}. */
export async function readRemoved(
  store: Store,
  deployments: Iterable<{ readonly endpoint: string; readonly deployment: string }>,
): Promise<ReadonlyMap<string, Removed>> {
  const removed = new Map<string, Removed>();
  const looked = new Set<string>();
  for (const { endpoint, deployment } of deployments) {
    const folder = recordFolder(endpoint, deployment);
    if (looked.has(folder)) continue;
    looked.add(folder);
    const at = ({ collection, start, rate }: RecordedPartition): Removed => {
      const partition = { start: Date.parse(start), rate: isRollingRate(rate) ? rate : "hour" };
      const hour = partitionStart(partition.start, "hour");
      const span = partitionSpan(partition.rate === "day" ? partition : { start: hour, rate: "hour" });
      const key = placeKey({ endpoint, deployment, collection, span });
      const known = removed.get(key) ?? { isPurged: false, erased: new Map<string, number>() };
      removed.set(key, known);
      return known;
    };
    const paths: string[] = [];
    for await (const { path } of store.list(folder)) paths.push(path);
    for await (const bytes of mapConcurrent(paths, recordsAtOnce, (path) => store.get(path))) {
      const record = parseRecord(bytes);
      if (record?.kind === "purge") for (const one of record.partitions) at(one).isPurged = true;
      if (record?.kind === "erase") for (const one of record.files) at(one).erased.set(one.path, one.rows);
    }
  }
  return removed;
}
