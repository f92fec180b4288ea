import { processWide } from "../../base/host/process-wide.ts";

/** What must happen before this process ends. */
export interface ShutdownHook {
  /** True while something collected is not yet safe. */
  readonly hasPending: boolean;
  /** The loop ran empty and the process would end: brings everything home, for as long as that may take. */
  settle(): Promise<void>;
  /**
   * From now on leaves nothing for the event loop to do at each `collect`: that would keep the process going.
   */
  handOverEach(): void;
  /**
   * The process ends now: saves synchronously what can be saved, from now on at each `collect`. Must not
   * throw.
   */
  save(): void;
  /** The process is asked to end: takes no more, and delivers until the deadline. Never rejects. */
  close(deadlineMs: number): Promise<unknown>;
}

/**
 * Of all copies of this package: whoever closes on a signal closes the deployments of all. `rounds` counts
 * how often an empty event loop was kept going.
 */
const shared = processWide("process-end", () => ({
  hooks: new Set<ShutdownHook>(),
  installed: false,
  rounds: 0,
}));
const { hooks } = shared;
/**
 * How often, in a process's life, an empty event loop is kept going to deliver. A listener of `beforeExit`
 * that collects each time would otherwise keep its process going for ever. What comes later is saved at the
 * end.
 */
const maxRounds = 10;

/**
 * Registers with the process's end. There is one listener of each kind, however many deployments; no signal
 * is listened to, and neither the exit code nor the way the process ends is changed. Dispose when closed.
 */
export function onProcessEnd(hook: ShutdownHook): Disposable {
  hooks.add(hook);
  if (!shared.installed) {
    shared.installed = true;
    // Emitted again whenever the loop runs empty anew, so work done here is followed by one more look. What
    // listeners collect that come after ours is seen, too: all are called before a promise goes on.
    process.on("beforeExit", () => void Promise.resolve().then(settlePending));
    process.on("exit", saveAll);
  }
  // Made by a listener of `exit`: ours, if there was one, may have been called already.
  if (isExiting()) hook.save();
  return { [Symbol.dispose]: () => hooks.delete(hook) };
}

function settlePending(): void {
  const pending = [...hooks].filter(({ hasPending }) => hasPending);
  if (pending.length === 0) return;
  if (++shared.rounds <= maxRounds) for (const each of pending) void each.settle();
  else for (const each of hooks) each.handOverEach();
}

/** Closes all that are registered. */
export async function closeAll(deadlineMs: number): Promise<void> {
  await Promise.allSettled(Array.from(hooks, (hook) => hook.close(deadlineMs)));
}

/** Saves what can be saved at once, of all that are registered. */
export function saveAll(): void {
  for (const each of hooks) each.save();
}

/** True while listeners of `exit` are called: no event loop will turn any more. */
export function isExiting(): boolean {
  return (process as { readonly _exiting?: boolean })._exiting === true;
}
