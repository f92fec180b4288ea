import { pathToFileURL } from "node:url";
// Without `node:`, which webpack does not know here: it would take this for a browser's `Worker`.
import { Worker, type WorkerOptions } from "worker_threads";
import { systemClock } from "../../base/time/clock.ts";
import { asError, isError, messageOf } from "../../base/errors.ts";
import { plugAndPlayArguments } from "../../base/host/plug-and-play.ts";
import { type FromBackground, greetingFault, type ToBackground } from "./thread-protocol.ts";
import type { NetworkVariables } from "../../config/environment.ts";

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

/** A thread that is not ours, or says nothing: starting it again would change nothing. */
export class UnfitThreadError extends Error {}

/** How often a thread is looked for its first word, and how long apart, milliseconds. */
const maxLooks = 5;
const lookMs = 1_000;
const exitFollowsMs = 1_000;

/**
 * Starts a thread, with `network` as its environment. It is told nothing before it has said who it is: what
 * is sent to it holds secrets, and in a bundle its file may be anybody's. Throws if there can be none.
 */
export function startThread(listener: ThreadListener, network: NetworkVariables = {}): Thread {
  const worker = startWorker(network);
  let untold: ToBackground[] | undefined = [];
  let reason: Error | undefined;
  let gone = false;
  const exited = (error: Error): void => {
    if (gone) return;
    gone = true;
    wait[Symbol.dispose]();
    listener.died(error);
  };
  const refuse = (fault: string): void => {
    if (reason instanceof UnfitThreadError) return;
    reason = new UnfitThreadError(fault);
    const error = reason;
    systemClock.setTimer(() => exited(error), exitFollowsMs);
    void worker.terminate();
  };
  const wait = waitLooking(() =>
    refuse(`its file has not answered as model-data-collector does in ${(maxLooks * lookMs) / 1_000} s`),
  );
  worker.on("error", (error) => {
    reason ??=
      untold !== undefined && isUnloadable(error) ? new UnfitThreadError(messageOf(error)) : asError(error);
    // What it said before its death is heard until `exit`, which follows at once where threads are as in
    // Node.
    systemClock.setTimer(() => exited(reason ?? asError(error)), exitFollowsMs);
  });
  worker.on("exit", (code) => exited(reason ?? new Error(`exited with code ${code}`)));
  worker.on("message", (message: FromBackground) => {
    if (untold === undefined) {
      listener.heard(message);
      return;
    }
    const fault = greetingFault(message);
    if (fault !== undefined) {
      refuse(fault);
      return;
    }
    wait[Symbol.dispose]();
    for (const one of untold) worker.postMessage(one);
    untold = undefined;
  });
  worker.unref();
  return {
    post: (message) => (untold === undefined ? worker.postMessage(message) : void untold.push(message)),
    keepAlive: (on) => (on ? worker.ref() : worker.unref()),
    end: () => void worker.terminate(),
  };
}

/**
 * The file, or one that it imports, is not there, or is none that can be read as it was left there.
 * Node has a code for what is missing; Bun and Deno say it only.
 */
function isUnloadable(error: unknown): boolean {
  if (!isError(error)) return false;
  if (error.name === "SyntaxError") return true;
  const { code } = error as { readonly code?: unknown };
  if (code !== undefined) return /^(ERR_)?MODULE_NOT_FOUND$/.test(String(code));
  return /^(error: )?(Cannot find module|Module not found)\b/.test(error.message);
}

function startWorker(network: NetworkVariables): Worker {
  const options: WorkerOptions = {
    name: "model-data-collector",
    // Nothing of the host's is inherited: neither preloads and flags, nor the environment with its secrets,
    // but for what reads the package's files, and for the way to the network.
    execArgv: plugAndPlayArguments(),
    env: { ...network },
    stdin: false,
    stdout: true,
    stderr: true,
    // Young objects would take up to 128 MiB as soon as a large segment is decoded, and keep them; with less
    // the thread takes no more of the processor.
    resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 24 },
  };
  // A bundle of CommonJS has a path in its place, and an application may give its files another ending.
  const own: string | undefined = import.meta.url;
  const bundle = own ?? pathToFileURL(__filename).href;
  const [ending] = /\.[cm]js$/.exec(bundle) ?? [];
  if (own === undefined || ending !== undefined)
    return new Worker(new URL(`model-data-collector-worker${ending ?? ".js"}`, bundle), options);
  // Written like this, webpack finds the file and makes a chunk of it.
  return new Worker(new URL("./model-data-collector-worker.js", import.meta.url), options);
}

/**
 * Calls back when there was time enough. Counted, not timed: the machine may sleep, and what came while this
 * thread was held up is heard between two looks.
 */
function waitLooking(late: () => void): Disposable {
  let looks = 0;
  let timer: Disposable;
  const look = (): void => {
    if (++looks > maxLooks) late();
    else timer = systemClock.setTimer(look, lookMs);
  };
  timer = systemClock.setTimer(look, lookMs);
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
