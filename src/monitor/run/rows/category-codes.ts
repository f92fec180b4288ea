/** So many distinct values of a column are told apart; one with more is an identifier, or free text. */
export const maxCategories = 100_000;

/**
 * The categories of a column as numbers, for all spans of time alike, so that rows need four bytes each. What
 * number one has depends on the order of rows, and no result does.
 */
export class CategoryCodes {
  readonly #codes = new Map<string, number>();
  readonly #names: string[] = [];

  /** The names by code. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** True when there are more than {@link maxCategories}; the further ones have no code. */
  get isOverfull(): boolean {
    return this.#names.length > maxCategories;
  }

  /** The code of a category. */
  codeOf(name: string): number {
    const known = this.#codes.get(name);
    if (known !== undefined) return known;
    if (this.isOverfull) return maxCategories;
    const code = this.#names.length;
    this.#codes.set(name, code);
    this.#names.push(name);
    return code;
  }
}
