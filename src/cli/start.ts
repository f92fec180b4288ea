import { runProgram } from "./program.ts";
import { createTerminal } from "./terminal.ts";

/** Runs the process's command line; the process ends by itself, with the command's exit code, once all is written. */
export async function start(): Promise<void> {
  // `mdc head … | head -1` closes the pipe early: that is the reader's right, not an error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit();
    throw error;
  });
  process.exitCode = await runProgram(process.argv.slice(2), createTerminal(process.stdout, process.stderr));
}
