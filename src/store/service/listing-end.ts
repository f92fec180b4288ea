import { StoreError } from "../store-error.ts";

/** Of a few for each page: far above what a place of this product holds. */
const maxMarks = 100_000;
/**
 * Pages without an object are legal, where many were deleted. After a few in a row the next ones are asked
 * for less often, and at some time nobody believes in an end.
 */
const maxQuickEmptyPages = 20;
const maxEmptyPages = 1_000;
const emptyPagePauseMs = 200;

/** Sees to it that a listing in pages has an end. */
export class ListingEnd {
  readonly #subject: string;
  readonly #seen: Set<string> = new Set();
  #emptyPages = 0;

  /** @param subject the prefix, for messages. */
  constructor(subject: string) {
    this.#subject = subject;
  }

  /** Milliseconds to wait before the next page is asked for. */
  get pauseMs(): number {
    return this.#emptyPages > maxQuickEmptyPages ? emptyPagePauseMs : 0;
  }

  /**
   * Takes note of a page: how much is on it, and what tells it from others. A listing that goes round has a
   * page, or the place where one begins, twice. Throws a {@link StoreError} for one that has no end.
   */
  page(size: number, marks: readonly (string | undefined)[]): void {
    this.#emptyPages = size === 0 ? this.#emptyPages + 1 : 0;
    const told = marks.filter((mark): mark is string => mark !== undefined && mark !== "");
    const repeats = told.some((mark) => this.#seen.has(mark));
    if (repeats || this.#emptyPages > maxEmptyPages || this.#seen.size > maxMarks) {
      const message = `list ${this.#subject}: the listing has no end; something answers that is not the service`;
      throw new StoreError("transient", message, { operation: "list" });
    }
    for (const mark of told) this.#seen.add(mark);
  }
}
