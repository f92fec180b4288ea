/**
 * So many of something, for a message: `1 frame`, `3 frames`. The noun's plural is made with an s, or
 * es behind one. `figure` is how the number is written, if not plainly.
 */
export function countOf(number: number, noun: string, figure: string = String(number)): string {
  return `${figure} ${number === 1 ? noun : `${noun}${noun.endsWith("s") ? "es" : "s"}`}`;
}
