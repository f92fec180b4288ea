import { availableParallelism } from "node:os";
import type { PartitionFiles } from "../partition.ts";
import type { CompactedPartition, Compaction } from "./compaction.ts";
import { PartitionQueue } from "./partition-queue.ts";
import type { PartitionWork, SecondThread } from "./second-thread.ts";

/** Who compacts partitions, and who is told. */
export interface CompactEachParts {
  readonly here: Compaction;
  /** Starts a thread that does its share; undefined where there is to be none. */
  readonly beside: (() => SecondThread) | undefined;
  readonly workOf: (partition: PartitionFiles) => Promise<PartitionWork>;
  readonly tell: (one: CompactedPartition) => void;
}

/** A second thread is worth its start from so many files on. */
const manyFiles = 1_000;
/** It is given no larger partition: both have the rows of theirs in memory. */
const maxBesideBytes = 64 * 1024 * 1024;

/** Compacts partitions one by one; where they are many, two at once. */
export async function compactEach(
  partitions: readonly PartitionFiles[],
  { here, beside, workOf, tell }: CompactEachParts,
): Promise<void> {
  const queue = new PartitionQueue(partitions);
  type Run = (work: PartitionWork) => Promise<CompactedPartition | undefined>;
  const work = async (run: Run, maxBytes: number): Promise<void> => {
    for (let next = queue.next(maxBytes); next !== undefined; next = queue.next(maxBytes)) {
      let one: CompactedPartition | undefined;
      try {
        one = await run(await workOf(next));
      } catch (thrown) {
        queue.putBack(next);
        throw thrown;
      }
      if (one?.status === "busy") queue.avoid();
      if (one !== undefined) tell(one);
    }
  };
  const workHere = (): Promise<void> =>
    work(({ partition, pins }) => here.run(partition, pins), Number.POSITIVE_INFINITY);
  await using thread = isMuch(partitions) ? beside?.() : undefined;
  // What fails there is tried once more here, where it can be told.
  const shared = thread && work((one) => thread.run(one), maxBesideBytes).catch(() => {});
  try {
    await workHere();
  } catch (thrown) {
    queue.clear();
    throw thrown;
  }
  await shared;
  await workHere();
}

function isMuch(partitions: readonly PartitionFiles[]): boolean {
  const files = partitions.reduce((sum, { files: { length } }) => sum + length, 0);
  return partitions.length > 1 && files >= manyFiles && availableParallelism() > 1;
}
