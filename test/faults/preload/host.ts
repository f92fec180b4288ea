/*
 * Preloaded into a process under test: the background thread that it starts gets `preload/thread.ts` as well, and
 * both get a clock that jumps. `MDC_TEST_FAULT` says what happens (`ThreadFault`); the code under test knows nothing of it.
 */
import { writeSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import threads, { type WorkerOptions } from "node:worker_threads";
import { jumpingClock, type ThreadFault } from "./thread-fault.ts";

const text = process.env["MDC_TEST_FAULT"];
if (text !== undefined) {
  const fault = JSON.parse(text) as ThreadFault;
  jumpingClock(fault.clockJumpsMs ?? []);
  let started = 0;
  const { Worker } = threads;
  class FaultyWorker extends Worker {
    constructor(url: string | URL, options: WorkerOptions = {}) {
      const faulty = started++ < (fault.times ?? 0);
      const own: ThreadFault = faulty ? fault : { clockJumpsMs: fault.clockJumpsMs ?? [] };
      super(url, {
        ...options,
        execArgv: ["--import", new URL("./thread.ts", import.meta.url).href],
        env: { MDC_TEST_FAULT: JSON.stringify(own) },
      });
      // Into the journal of the process: see `collecting-process.ts`.
      if (faulty) this.on("exit", () => writeSync(3, "d \n"));
    }
  }
  threads.Worker = FaultyWorker;
  syncBuiltinESMExports();
}
