import { removeTempFolders } from "../../base/files/temp-folder.ts";

const signals = ["SIGINT", "SIGTERM"] as const;

/**
 * While it is there, temporary folders are removed when a signal or `process.exit` ends the process: what was
 * fetched into them is of no use then, and perhaps nobody else's business.
 */
export function leaveNothing(): Disposable {
  const end = (signal: NodeJS.Signals): void => {
    removeTempFolders();
    stop();
    process.kill(process.pid, signal);
  };
  const stop = (): void => {
    process.off("exit", removeTempFolders);
    for (const signal of signals) process.off(signal, end);
  };
  process.on("exit", removeTempFolders);
  for (const signal of signals) process.on(signal, end);
  return { [Symbol.dispose]: stop };
}
