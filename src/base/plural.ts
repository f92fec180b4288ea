/**
 * So many of something, for a message: `1 frame`, `3 frames`. The noun's plural is made with an s. `figure`
 * is how the number is written, if not plainly.
 */
export function countOf(number: number, noun: string, figure: string = String(number)): string {
  return `${figure} ${number === 1 ? noun : `${noun}s`}`;
}
