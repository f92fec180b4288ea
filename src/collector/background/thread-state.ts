import type { Engine } from "../../pipeline/delivery/engine.ts";
import type { Thread } from "./thread.ts";

/**
 * Who does the work. The first thread is started at once, and so on:
 *
 * ```text
 * starting   ── its first word ──► running    ── silent for too long ──► replacing
 * starting, running, replacing   ── the thread is gone ──► waiting   ── it is time ──► starting
 * starting, running, replacing   ── not closed in time ──► ending   ── the thread is gone ──► closed
 * starting, waiting   ── there can be no thread ──► loading   ── what works here is loaded ──► inline
 * waiting, loading, inline ── not closed in time ──► closed
 * all   ── closed ──► closed
 * all but closed   ── the process ends ──► exiting
 * ```
 */
export type ThreadState =
  /** A thread has been started and has not said its first word. */
  | { readonly is: "starting"; readonly thread: Thread }
  /** It takes work. */
  | { readonly is: "running"; readonly thread: Thread }
  /**
   * It hangs, was told to go, and is given nothing more; another follows it. `timer` is for one that does not
   * go.
   */
  | {
      readonly is: "replacing";
      readonly thread: Thread;
      /** Whether it had said its first word. */
      readonly wasReady: boolean;
      readonly timer: Disposable;
    }
  /**
   * It was told to go because closing takes too long; what it had said is heard until it is gone. No other
   * one follows.
   */
  | { readonly is: "ending"; readonly thread: Thread; readonly timer: Disposable }
  /** There is no thread until it is time, or somebody asks for what cannot wait. */
  | { readonly is: "waiting"; readonly timer?: Disposable }
  /** There can be no thread, and what does its work on this one is not yet there. */
  | { readonly is: "loading" }
  /** There can be no thread: the work is done on this one. */
  | { readonly is: "inline"; readonly engine: Engine }
  /**
   * The process is ending: nothing that a thread says will be heard, in time or at all. `engine` is what was
   * inline.
   */
  | { readonly is: "exiting"; readonly thread: Thread | undefined; readonly engine: Engine | undefined }
  | { readonly is: "closed" };

/** The thread that is there, whatever it is doing. */
export function threadOf(state: ThreadState): Thread | undefined {
  return "thread" in state ? state.thread : undefined;
}

/** The engine that works on this thread, if one does. */
export function engineOf(state: ThreadState): Engine | undefined {
  return "engine" in state ? state.engine : undefined;
}
