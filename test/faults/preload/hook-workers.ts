import { syncBuiltinESMExports } from "node:module";
import threads, { type ResourceLimits, type Worker, type WorkerOptions } from "node:worker_threads";

/** What a thread is started with that the code under test did not ask for. */
export interface ThreadPreload {
  /** Module to load before all others. */
  readonly preload: URL;
  readonly env: Readonly<Record<string, string>>;
  /** Instead of those that the code under test asks for. */
  readonly resourceLimits?: ResourceLimits | undefined;
  /** Told the thread. */
  readonly started?: (thread: Worker) => void;
}

/**
 * From now on every thread that this one starts gets what `preloadOf` says of the first, the second, … (from
 * 0).
 */
export function hookWorkers(preloadOf: (index: number) => ThreadPreload): void {
  const RealWorker = threads.Worker;
  let count = 0;
  threads.Worker = class extends RealWorker {
    constructor(url: string | URL, options: WorkerOptions = {}) {
      const { preload, env, resourceLimits, started } = preloadOf(count++);
      const given = typeof options.env === "object" ? options.env : {};
      const limits = resourceLimits === undefined ? {} : { resourceLimits };
      super(url, { ...options, ...limits, execArgv: ["--import", preload.href], env: { ...given, ...env } });
      started?.(this);
    }
  };
  syncBuiltinESMExports();
}
