import { type MessagePort, parentPort, Worker, workerData } from "node:worker_threads";
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
type Said = { readonly found: CompactedPartition | undefined } | "failed";

/** Numbers tell to which of its partitions an answer belongs. */
interface Question {
  readonly number: number;
  readonly work: PartitionWork;
}

interface Answer {
  readonly number: number;
  readonly said: Said;
}

/** Tells this thread from all others that may load the file. */
const key = "model-data-collector compaction";

const gone = "the second thread has ended";

interface ThreadData {
  readonly [key]?: ThreadTask;
}

/** Compacts partitions in a thread of its own. */
export class SecondThread implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #under = new Set<Promise<unknown>>();
  #asked = 0;
  #isGone = false;

  constructor(task: ThreadTask) {
    const data: ThreadData = { [key]: task };
    this.#worker = new Worker(new URL(import.meta.url), { name: key, workerData: data });
    // It is told by whoever waits for an answer, and is no fault while nobody does.
    this.#worker.on("error", () => {});
    this.#worker.once("exit", () => (this.#isGone = true));
  }

  /** Rejects if the thread could not do it. */
  async run(work: PartitionWork): Promise<CompactedPartition | undefined> {
    if (this.#isGone) throw new Error(gone);
    const answer = this.#answerTo({ number: this.#asked++, work });
    this.#under.add(answer);
    try {
      return await answer;
    } finally {
      this.#under.delete(answer);
    }
  }

  #answerTo(question: Question): Promise<CompactedPartition | undefined> {
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      const onExit = (): void => reject(new Error(gone));
      worker.once("exit", onExit);
      worker.on("message", function onAnswer({ number, said }: Answer) {
        if (number !== question.number) return;
        worker.off("exit", onExit).off("message", onAnswer);
        if (said === "failed") reject(new Error("the second thread has failed"));
        else resolve(said.found);
      });
      worker.postMessage(question);
    });
  }

  /** Waits for the partitions that it is at: it would leave their plans. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#under);
    await this.#worker.terminate();
  }
}

/** What the thread does. */
function serve(port: MessagePort, { root, ...options }: ThreadTask): void {
  const store = openRoot(root, undefined);
  const tables = new TableFiles(store);
  const looks = new Map<string, Promise<void>>();
  const compaction = new Compaction(store, tables, options);
  const saidOf = async ({ partition, pins, table }: PartitionWork): Promise<Said> => {
    try {
      if (table !== undefined) {
        const look = looks.get(table) ?? tables.look(table);
        looks.set(table, look);
        await look;
      }
      return { found: await compaction.run(partition, pins) };
    } catch {
      return "failed";
    }
  };
  port.on("message", ({ number, work }: Question) => {
    void saidOf(work).then((said) => port.postMessage({ number, said } satisfies Answer));
  });
}

const task = (workerData as ThreadData | null | undefined)?.[key];
if (parentPort !== null && task !== undefined) serve(parentPort, task);
