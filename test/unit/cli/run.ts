import { PassThrough } from "node:stream";
import type { ExitCode } from "../../../src/cli/exit-code.ts";
import { runProgram } from "../../../src/cli/program.ts";
import { createTerminal } from "../../../src/cli/terminal.ts";

/** What a command line wrote and ended with. */
export interface Outcome {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in this process, as in a pipe. */
export async function run(...args: string[]): Promise<Outcome> {
  return await runOn({}, ...args);
}

/** As {@link run}, on a terminal so many characters wide, with progress; colours as the environment says. */
export async function runOn(tty: { columns?: number }, ...args: string[]): Promise<Outcome> {
  const streams = [new PassThrough(), new PassThrough()] as const;
  if (tty.columns !== undefined) for (const stream of streams) Object.assign(stream, { isTTY: true, ...tty });
  const texts = streams.map(() => "");
  for (const [i, stream] of streams.entries()) stream.on("data", (chunk) => (texts[i] += String(chunk)));
  const code = await runProgram(args, createTerminal(...streams));
  const [out = "", err = ""] = texts;
  return { code, out, err };
}
