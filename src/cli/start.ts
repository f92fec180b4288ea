import { asError } from "../base/errors.ts";
import { exitCode } from "./exit-code.ts";
import { runProgram } from "./program.ts";
import { createTerminal } from "./terminal.ts";

/**
 * Runs the process's command line; the process ends by itself, with the command's exit code, once all is
 * written.
 */
export async function start(): Promise<void> {
  const terminal = createTerminal(process.stdout, process.stderr);
  // `mdc head … | head -1` closes the pipe early: that is the reader's right, not an error.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit();
      // Nowhere to say it, if it is stderr.
      if (stream === process.stdout) terminal.err(`mdc: the results cannot be written: ${error.message}`);
      process.exit(exitCode.storage);
    });
  }
  // Node writes these as they are, and ends with 1, which stands for a breached threshold.
  process.on("uncaughtException", (thrown) => {
    for (const line of (asError(thrown).stack ?? "").split("\n")) terminal.err(line);
    process.exit(exitCode.internal);
  });
  if (process.listenerCount("warning") > 0) {
    process.removeAllListeners("warning");
    process.on("warning", ({ name, message }) => terminal.err(`${name}: ${message}`));
  }
  process.exitCode = await runProgram(process.argv.slice(2), terminal);
}
