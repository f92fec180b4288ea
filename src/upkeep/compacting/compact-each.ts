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
/** Nor is a thread given a larger one while it is at another. */
const maxMeanwhileBytes = 16 * 1024 * 1024;

/**
 * Compacts partitions. A thread begins the next one while it waits for the store at the one before; where
 * there is much to do, two threads work.
 */
export async function compactEach(
  partitions: readonly PartitionFiles[],
  { here, beside, workOf, tell }: CompactEachParts,
): Promise<void> {
  const queue = new PartitionQueue(partitions);
  type Run = (work: PartitionWork) => Promise<CompactedPartition | undefined>;
  type OnFailed = (partition: PartitionFiles) => void;
  const work = async (run: Run, maxBytes: number, onFailed: OnFailed): Promise<void> => {
    for (let next = queue.next(maxBytes); next !== undefined; next = queue.next(maxBytes)) {
      let one: CompactedPartition | undefined;
      try {
        one = await run(await workOf(next));
      } catch (thrown) {
        onFailed(next);
        throw thrown;
      }
      if (one?.status === "busy") queue.avoid();
      if (one !== undefined) tell(one);
    }
  };
  const both = async (run: Run, maxBytes: number, onFailed: OnFailed): Promise<void> => {
    const lanes = [work(run, maxBytes, onFailed), work(run, maxMeanwhileBytes, onFailed)];
    for (const end of await Promise.allSettled(lanes)) if (end.status === "rejected") throw end.reason;
  };
  const workHere = (): Promise<void> =>
    both(
      ({ partition, pins }) => here.run(partition, pins),
      Number.POSITIVE_INFINITY,
      () => queue.clear(),
    );
  await using thread = isMuch(partitions) ? beside?.() : undefined;
  // What fails there is tried once more here, where it can be told.
  const shared =
    thread &&
    both(
      (one) => thread.run(one),
      maxBesideBytes,
      (one) => queue.putBack(one),
    ).catch(() => {});
  await workHere();
  await shared;
  await workHere();
}

function isMuch(partitions: readonly PartitionFiles[]): boolean {
  const files = partitions.reduce((sum, { files: { length } }) => sum + length, 0);
  return partitions.length > 1 && files >= manyFiles && availableParallelism() > 1;
}
