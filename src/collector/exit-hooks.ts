/** What must happen before this process ends. */
export interface Leaver {
  /** True while something collected is not yet safe. */
  readonly hasPending: boolean;
  /** The loop ran empty and the process would end: brings everything home, for as long as that may take. */
  settle(): Promise<void>;
  /** The process ends now: saves synchronously what can be saved. Must not throw. */
  save(): void;
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
    process.on("exit", () => {
      for (const each of leavers) each.save();
    });
  }
  return { [Symbol.dispose]: () => leavers.delete(leaver) };
}
