/**
 * Encoding a table of 20 columns as Parquet, beside what else Node has for it. Ours starts from batches of
 * 2,000 rows, as they lie in the spool; `ours from arrays` starts where the others do, from JavaScript
 * arrays, and goes the product's whole way on one thread. Ours always writes its 19 system columns, too; the
 * others write the 20 columns alone, or with `39 columns` all that ours writes. nodejs-polars and DuckDB may
 * use several threads, ours and the rest use one.
 *
 * Each contender has a thread, and so a heap, of its own. Runs are interleaved, one at a time, so that a slow
 * moment of the machine meets all alike.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { type Benchmark, type BenchmarkResult, spread } from "./benchmark.ts";
import { contenders } from "./encode-contenders.ts";
import type { WorkerInput, WorkerRun } from "./encode-worker.ts";

const benchmark: Benchmark = async (context) => {
  const rows = context.size(1_000_000, 4000);
  const names = Object.keys(contenders);
  const [baseline] = names;
  const runs = new Map<string, WorkerRun[]>(names.map((name) => [name, []]));
  const workers = new Map<string, Worker>();
  try {
    for (const name of names) workers.set(name, await startWorker({ name, rows, folder: context.folder }));
    const measured = context.smoke ? 1 : 3;
    const warmup = context.smoke ? 0 : 1;
    for (let round = -warmup; round < measured; round++) {
      for (const [name, worker] of workers) {
        worker.postMessage("run");
        const [run] = (await once(worker, "message")) as [WorkerRun];
        if (round >= 0) runs.get(name)?.push(run);
      }
    }
  } finally {
    await Promise.all([...workers.values()].map((worker) => worker.terminate()));
  }
  return names.flatMap((name): BenchmarkResult[] => {
    const own = runs.get(name) ?? [];
    const compared = name !== baseline && baseline !== undefined;
    return [
      {
        name,
        unit: "µs/row",
        ...spread(own.map((run) => run.microsPerRow)),
        ...(compared && { ratioTo: baseline }),
      },
      {
        name: `${name}: size`,
        unit: "bytes/row",
        ...spread(own.map((run) => run.bytesPerRow)),
        ...(compared && { ratioTo: `${baseline}: size` }),
      },
    ];
  });
};

export default benchmark;

async function startWorker(workerData: WorkerInput): Promise<Worker> {
  const worker = new Worker(new URL("./encode-worker.ts", import.meta.url), { workerData });
  await once(worker, "message");
  return worker;
}
