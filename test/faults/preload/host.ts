/*
 * Preloaded into a process under test: the background thread that it starts gets `preload/thread.ts` as well,
 * and both get a clock that jumps. `MDC_TEST_FAULT` says what happens (`ThreadFault`); the code under test
 * knows nothing of it.
 */
import { writeSync } from "node:fs";
import { hookWorkers } from "./hook-workers.ts";
import { jumpingClock, type ThreadFault } from "./thread-fault.ts";

/** Full within seconds on a busy machine, too. A young generation that is large ends the whole process instead. */
const littleMemory = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 };

const text = process.env["MDC_TEST_FAULT"];
if (text !== undefined) {
  const fault = JSON.parse(text) as ThreadFault;
  const { clockJumpsMs = [], times = 0 } = fault;
  jumpingClock(clockJumpsMs);
  hookWorkers((index) => {
    const faulty = index < times;
    const own: ThreadFault = faulty ? fault : { clockJumpsMs };
    return {
      preload: new URL("./thread.ts", import.meta.url),
      env: { MDC_TEST_FAULT: JSON.stringify(own) },
      resourceLimits: own.kind === "out-of-memory" ? littleMemory : undefined,
      // Into the journal of the process: see `collecting-process.ts`.
      started: (thread) => {
        if (faulty) thread.on("exit", () => writeSync(3, "d \n"));
      },
    };
  });
}
