import { createHash } from "node:crypto";

/*
 * Frames whose content follows from their id alone, so that whoever finds one stored can say what it must
 * look like.
 */

/** The correlation id of the `n`-th frame of a process. */
export function frameId(writer: string, n: number): string {
  return `${writer}:${n}`;
}

/** How many rows that frame has. */
export function rowsOfFrame(n: number): number {
  return 1 + (n % 3);
}

/** That frame. `text` and `padding` can be computed in SQL as well: see `oracle.ts`. */
export function makeFrame(writer: string, n: number, paddingBytes: number): object[] {
  const id = frameId(writer, n);
  return Array.from({ length: rowsOfFrame(n) }, (_, row) => {
    const text = createHash("md5").update(`${id}/${row}`).digest("hex");
    return { text, value: n * 4 + row, padding: text.repeat(Math.ceil(paddingBytes / text.length)) };
  });
}
