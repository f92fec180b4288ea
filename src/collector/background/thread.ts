import { Worker } from "node:worker_threads";
import { systemClock } from "../../base/time/clock.ts";
import { asError } from "../../base/errors.ts";
import type { FromBackground, ToBackground } from "./thread-protocol.ts";

/** The background thread as its host sees it. */
export interface Thread {
  post(message: ToBackground): void;
  /** Whether it keeps the process alive; at first it does not. */
  keepAlive(on: boolean): void;
  /** Ends it, whatever it is doing; `died` follows, unless it hangs outside of JavaScript. */
  end(): void;
}

/** What the host of a thread is told. */
export interface ThreadListener {
  heard(message: FromBackground): void;
  /** It is gone, and all that it had said was heard. Told once. */
  died(error: Error): void;
}

/** Starts a thread. Throws if there can be none. */
export function startThread(listener: ThreadListener): Thread {
  const worker = new Worker(new URL("./worker.js", import.meta.url), {
    name: "model-data-collector",
    // Nothing of the host's is inherited: neither preloads and flags, nor the environment with its secrets.
    execArgv: [],
    env: {},
    stdin: false,
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: 256 },
  });
  let reason: Error | undefined;
  let gone = false;
  const exited = (error: Error): void => {
    if (gone) return;
    gone = true;
    listener.died(error);
  };
  worker.on("error", (error) => {
    reason = asError(error);
    // What it said before its death is heard until `exit`, which follows at once where threads are as in
    // Node.
    systemClock.setTimer(() => exited(asError(error)), exitFollowsMs);
  });
  worker.on("exit", (code) => exited(reason ?? new Error(`exited with code ${code}`)));
  worker.on("message", (message: FromBackground) => listener.heard(message));
  worker.unref();
  return {
    post: (message) => worker.postMessage(message),
    keepAlive: (on) => (on ? worker.ref() : worker.unref()),
    end: () => void worker.terminate(),
  };
}

const exitFollowsMs = 1_000;
