import { join } from "node:path";
import { type MessagePort, parentPort, Worker, workerData } from "node:worker_threads";
import { makeDirectory } from "../../base/files/files.ts";
import type { Schema } from "../../layout/schema.ts";
import { TableFiles } from "../../reader/listing/table-files.ts";
import { openRoot } from "../../reader/open-root.ts";
import type { PartitionFiles } from "../partition.ts";
import { type CompactedPartition, Compaction, type CompactionOptions } from "./compaction.ts";

/*
 * Both sides of a thread that compacts: it is started with this very file, or with that of the command line's
 * code of which this is a part.
 */

/** A partition to compact. */
export interface PartitionWork {
  readonly partition: PartitionFiles;
  /** The pinned types of its columns. */
  readonly pins: Schema;
  /** The folder of the Delta table that it is of, if it is of one. */
  readonly table: string | undefined;
}

/** What the thread is started with. */
export interface ThreadTask extends CompactionOptions {
  /** Where the files are, as for `openRoot`. */
  readonly root: string | undefined;
}

/** What the thread says of a partition. One that failed is tried once more where that can be told. */
type Answer = { readonly found: CompactedPartition | undefined } | "failed";

/** Tells this thread from all others that may load the file. */
const key = "model-data-collector compaction";

interface ThreadData {
  readonly [key]?: ThreadTask;
}

/** Compacts partitions in a thread of its own, one at a time. */
export class SecondThread implements AsyncDisposable {
  readonly #worker: Worker;
  #under: Promise<unknown> = Promise.resolve();

  constructor(task: ThreadTask) {
    const data: ThreadData = { [key]: task };
    this.#worker = new Worker(new URL(import.meta.url), { name: key, workerData: data });
    // It is told by whoever waits for an answer, and is no fault while nobody does.
    this.#worker.on("error", () => {});
  }

  /** Rejects if the thread could not do it. */
  async run(work: PartitionWork): Promise<CompactedPartition | undefined> {
    const answer = new Promise<CompactedPartition | undefined>((resolve, reject) => {
      const gone = (): void => reject(new Error("the second thread has ended"));
      this.#worker.once("exit", gone);
      this.#worker.once("message", (said: Answer) => {
        this.#worker.off("exit", gone);
        if (said === "failed") reject(new Error("the second thread has failed"));
        else resolve(said.found);
      });
      this.#worker.postMessage(work);
    });
    this.#under = answer.catch(() => {});
    return await answer;
  }

  /** Waits for the partition that it is at: it would leave a plan. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#under;
    await this.#worker.terminate();
  }
}

/** What the thread does. */
function serve(port: MessagePort, { root, ...options }: ThreadTask): void {
  const store = openRoot(root, undefined);
  const tables = new TableFiles(store);
  const looked = new Set<string>();
  // Of its own: files of two collections may have the same names.
  const folder = join(options.folder, "second");
  const made = makeDirectory(folder);
  const compaction = new Compaction(store, tables, { ...options, folder });
  const answerTo = async ({ partition, pins, table }: PartitionWork): Promise<Answer> => {
    try {
      await made;
      if (table !== undefined && !looked.has(table)) await tables.look(table);
      if (table !== undefined) looked.add(table);
      return { found: await compaction.run(partition, pins) };
    } catch {
      return "failed";
    }
  };
  port.on("message", (work: PartitionWork) => {
    void answerTo(work).then((answer) => port.postMessage(answer));
  });
}

const task = (workerData as ThreadData | null | undefined)?.[key];
if (parentPort !== null && task !== undefined) serve(parentPort, task);
