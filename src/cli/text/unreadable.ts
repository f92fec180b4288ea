import type { UnreadableFile } from "../../reader/unreadable.ts";
import { type ExitCode, exitCode } from "../exit-code.ts";
import type { Terminal } from "../terminal.ts";

/** Names each file that could not be read, and tells what to end with. */
export function tellUnreadable(files: readonly UnreadableFile[], terminal: Terminal): ExitCode {
  for (const { path, reason } of files) terminal.err(`unreadable: ${path}: ${reason}`);
  return files.length > 0 ? exitCode.data : exitCode.ok;
}
