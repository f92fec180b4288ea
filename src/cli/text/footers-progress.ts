import type { Terminal } from "../terminal.ts";
import { amountText } from "./value-text.ts";

/** Shows how many footers were read, of how many. */
export function tellFooters(terminal: Terminal): (done: number, files: number) => void {
  return (done, files) =>
    terminal.progress(`footers of ${done} of ${amountText(files, "file")} …`, done / files);
}
