import { expect } from "vitest";

/** Written out once more, so that a slip in the product's own list shows. */
const harmful =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\ufff9-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e00ff}]|\u034f|\p{Surrogate}/u;
/** What the product itself says to a terminal. */
const styles = /\u001b\[(?:1|2|22)m|\r\u001b\[K/g;

/** Expects that nothing was written that a terminal obeys, turns around or hides. */
export function expectHarmless(shown: { readonly out: string; readonly err: string }, what: string): void {
  expect(harmful.exec(shown.out.replace(styles, "")), `${what}: ${JSON.stringify(shown.out)}`).toBeNull();
  expect(harmful.exec(shown.err.replace(styles, "")), `${what}: ${JSON.stringify(shown.err)}`).toBeNull();
}
