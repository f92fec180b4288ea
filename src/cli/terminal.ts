import { styleText } from "node:util";

/** Where a command writes: results to `out`, everything else to `err`. The only way out of a command. */
export interface Terminal {
  /** A line of results. */
  out(line: string): void;
  /** A line about the work: a warning, an error. */
  err(line: string): void;
  /** Shows what is being done, over the last one, on a terminal only; without text, clears it. */
  progress(text?: string): void;
  /** Bold, where the results go to a terminal that shows it and `NO_COLOR` is not set. */
  bold(text: string): string;
  /** Faint, in the same way. */
  dim(text: string): string;
  /** Characters in a line of results; infinite when they do not go to a terminal, so that nothing is cut in a pipe. */
  readonly width: number;
}

/** The part of a stream that a terminal needs; `process.stdout` and `process.stderr` have it. */
export interface TerminalStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** A terminal over two streams. */
export function createTerminal(stdout: TerminalStream, stderr: TerminalStream): Terminal {
  // styleText itself looks at the stream: a terminal or not, NO_COLOR, FORCE_COLOR, TERM=dumb.
  const style = (format: "bold" | "dim", text: string): string => styleText(format, text, { stream: stdout });
  let progressShown = false;
  const clear = (): void => {
    if (progressShown) stderr.write("\r\u001b[K");
    progressShown = false;
  };
  return {
    out(line) {
      clear();
      stdout.write(`${line}\n`);
    },
    err(line) {
      clear();
      stderr.write(`${line}\n`);
    },
    progress(text) {
      clear();
      if (text === undefined || stderr.isTTY !== true) return;
      stderr.write(text.slice(0, (stderr.columns ?? 80) - 1));
      progressShown = true;
    },
    bold: (text) => style("bold", text),
    dim: (text) => style("dim", text),
    width: stdout.isTTY === true ? (stdout.columns ?? 80) : Number.POSITIVE_INFINITY,
  };
}
