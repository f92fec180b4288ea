/**
 * `String.prototype.isWellFormed` and `toWellFormed` (ECMAScript 2024; Node 20 and later), which our `lib`
 * lacks.
 */
interface WellFormed {
  isWellFormed(): boolean;
  toWellFormed(): string;
}

/** True when the text has no lone surrogate, so that UTF-8 can hold it. */
export function isWellFormed(text: string): boolean {
  return (text as unknown as WellFormed).isWellFormed();
}

/** The text with U+FFFD for each lone surrogate. */
export function toWellFormed(text: string): string {
  return (text as unknown as WellFormed).toWellFormed();
}
