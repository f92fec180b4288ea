/** How long the texts of a column are, in characters (code points). Equal whatever the order of rows. */
export class TextLengths {
  #texts = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  /** Adds a column's values; what is no text has no length. */
  add(values: ArrayLike<unknown>): void {
    for (let row = 0; row < values.length; row++) {
      const value = values[row];
      if (typeof value !== "string") continue;
      const length = charactersOf(value);
      this.#texts++;
      this.#sum += length;
      if (length < this.#min) this.#min = length;
      if (length > this.#max) this.#max = length;
    }
  }

  /** Least, greatest and mean; null without a text. */
  get lengths(): { readonly min: number; readonly max: number; readonly avg: number } | null {
    if (this.#texts === 0) return null;
    return { min: this.#min, max: this.#max, avg: this.#sum / this.#texts };
  }
}

/** Characters, not units of UTF-16: engines count so, too. */
function charactersOf(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length; i++)
    if ((text.codePointAt(i) ?? 0) > 0xffff) {
      count--;
      i++;
    }
  return count;
}
