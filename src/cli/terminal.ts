import { styleText } from "node:util";
import { ProgressLine, terminalWidth } from "./text/progress-line.ts";
import { jsonValue } from "./text/value-text.ts";
import { visibleJson, visibleText } from "../base/visible-text.ts";

/**
 * Where a command writes: results to `out` and `json`, everything else to `err`. The only way out of a
 * command, and where every text becomes harmless (`visible-text.ts`), wherever it came from.
 */
export interface Terminal {
  /** A line of results. */
  out(...parts: readonly Text[]): void;
  /** A result for machines, as `jsonValue` has it. */
  json(value: unknown): void;
  /** Bytes of results as they are: for what is no terminal. Waits until there is room for more. */
  bytes(piece: Uint8Array): Promise<void>;
  /** A line about the work: a warning, an error. */
  err(line: string): void;
  /**
   * Shows what is being done, over the last one, on a terminal only and once it takes longer than a second;
   * with a bar if `share`, from 0 to 1, is done. Without text, nothing is.
   */
  progress(text?: string, share?: number): void;
  /**
   * Characters in a line of results; infinite when they do not go to a terminal, so that nothing is cut in a
   * pipe.
   */
  readonly width: number;
}

/**
 * A text, perhaps with a look, which is shown where the results go to a terminal that can and `NO_COLOR` is
 * not set.
 */
export type Text = string | { readonly style: "bold" | "dim"; readonly text: string };

/** The text in bold. */
export function bold(text: string): Text {
  return { style: "bold", text };
}

/** The text, faint. */
export function dim(text: string): Text {
  return { style: "dim", text };
}

/** The part of a stream that a terminal needs; `process.stdout` and `process.stderr` have it. */
export interface TerminalStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** A terminal over two streams. */
export function createTerminal(stdout: TerminalStream, stderr: TerminalStream): Terminal {
  const shown = (part: Text): string => {
    if (typeof part === "string") return visibleText(part);
    // styleText itself looks at the stream: a terminal or not, NO_COLOR, FORCE_COLOR, TERM=dumb.
    return styleText(part.style, visibleText(part.text), { stream: stdout });
  };
  const progress = new ProgressLine(stderr);
  return {
    out(...parts) {
      progress.clear();
      stdout.write(`${parts.map(shown).join("")}\n`);
    },
    json(value) {
      progress.clear();
      stdout.write(`${visibleJson(JSON.stringify(jsonValue(value), null, 2))}\n`);
    },
    async bytes(piece) {
      // A piece may be used again as soon as this is over.
      await new Promise<void>((written) => stdout.write(new Uint8Array(piece), () => written()));
    },
    err(line) {
      progress.clear();
      stderr.write(`${visibleText(line)}\n`);
    },
    progress(text, share) {
      if (text === undefined) progress.end();
      else progress.show(text, share);
    },
    width: stdout.isTTY === true ? terminalWidth(stdout) : Number.POSITIVE_INFINITY,
  };
}
