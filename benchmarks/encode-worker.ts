/** One contender in a heap of its own: the others' arrays would make its garbage collections long. */
import { parentPort, workerData } from "node:worker_threads";
import { contenders } from "./encode-contenders.ts";

/** What the worker is started with. */
export interface WorkerInput {
  readonly name: string;
  readonly rows: number;
  readonly folder: string;
}

/** Its answer to each message. */
export interface WorkerRun {
  readonly microsPerRow: number;
  readonly bytesPerRow: number;
}

const { name, rows, folder } = workerData as WorkerInput;
const make = contenders[name];
if (make === undefined) throw new Error(`no contender named ${name}`);
const contender = await make(rows, folder);

async function run(): Promise<void> {
  const start = performance.now();
  const bytes = await contender.write();
  const micros = (performance.now() - start) * 1000;
  const answer: WorkerRun = { microsPerRow: micros / contender.rows, bytesPerRow: bytes / contender.rows };
  parentPort?.postMessage(answer);
}

// A rejection ends the worker, and the benchmark with it.
parentPort?.on("message", () => void run());
parentPort?.postMessage("ready");
