import { type TextShape, shownText } from "../answers.ts";

/** Values that are told apart. */
const maxDistinct = 20_000;
/** Characters by which they are. */
const maxCharacters = 200;
const maxTop = 20;

/** How often each text of a column is there. */
export class TextTally {
  readonly #counts = new Map<string, number>();
  #values = 0;
  #isMore = false;

  /** Adds a value that is none of no value. */
  add(value: unknown): void {
    this.#values++;
    const text = String(value);
    const key = text.length > maxCharacters ? `${text.slice(0, maxCharacters - 1)}…` : text;
    const count = this.#counts.get(key);
    if (count !== undefined) this.#counts.set(key, count + 1);
    else if (this.#counts.size < maxDistinct) this.#counts.set(key, 1);
    else this.#isMore = true;
  }

  /** Undefined without any value. */
  get shape(): TextShape | undefined {
    if (this.#values === 0) return undefined;
    const top = [...this.#counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, maxTop);
    return {
      kind: "texts",
      values: this.#values,
      distinct: this.#counts.size,
      isMore: this.#isMore,
      top: top.map(([text, count]) => ({ text: shownText(text), count })),
    };
  }
}
