/** What must happen before this process ends. */
export interface Leaver {
  /** True while something collected is not yet safe. */
  readonly hasPending: boolean;
  /** The loop ran empty and the process would end: brings everything home, for as long as that may take. */
  settle(): Promise<void>;
  /** The process ends now: saves synchronously what can be saved. Must not throw. */
  save(): void;
  /** The process is asked to end: takes no more, and delivers until the deadline. Never rejects. */
  close(deadlineMs: number): Promise<unknown>;
}

const leavers = new Set<Leaver>();
let installed = false;

/**
 * Registers with the process's end. There is one listener of each kind, however many deployments; no signal is listened to,
 * and neither the exit code nor the way the process ends is changed. Dispose when closed.
 */
export function onProcessEnd(leaver: Leaver): Disposable {
  leavers.add(leaver);
  if (!installed) {
    installed = true;
    // Emitted again whenever the loop runs empty anew, so work done here is followed by one more look.
    process.on("beforeExit", () => {
      for (const each of leavers) if (each.hasPending) void each.settle();
    });
    process.on("exit", saveAll);
  }
  return { [Symbol.dispose]: () => leavers.delete(leaver) };
}

/** Closes all that are registered. */
export async function closeAll(deadlineMs: number): Promise<void> {
  await Promise.allSettled(Array.from(leavers, (leaver) => leaver.close(deadlineMs)));
}

/** Saves what can be saved at once, of all that are registered. */
export function saveAll(): void {
  for (const each of leavers) each.save();
}
