/**
 * Shows what is going on, on one line that is written over, and only where a person watches; without text,
 * clears it.
 */
export type Progress = (text?: string) => void;

/** Progress on stderr, so that results on stdout can go into a file. */
export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  return (text = "") => {
    if (stream.isTTY) stream.write(`\r\u001b[K${text}`);
  };
}
