import { type TextPage, textPages, textWords } from "../../../codec/parquet/reading/pages/text-pages.ts";
import { mapConcurrent } from "../../map-concurrent.ts";
import type { MatchRules } from "../match-request.ts";
import { type FetchedGroup, fetchGroup, type Group, idBoundsOf, type PlainGroups } from "./plain-groups.ts";

const groupsAtOnce = 2;

/** The rows of one side, one after the other. */
export class SideRows {
  readonly bit: number;
  /** The present row: its id's place among texts, its index, and when it is counted. */
  texts: Int32Array = new Int32Array(0);
  at = 0;
  index = 0;
  when = 0;
  /** Whether there is no present row, as those of a row group are over. */
  isAtEnd = true;
  readonly #groups: AsyncIterator<FetchedGroup | undefined>;
  #pages: Iterator<TextPage> | undefined;
  #places: ArrayLike<number> | undefined;
  /** When the rows of the row group are counted, and their indexes, where they differ. */
  #whens: Int32Array | undefined;
  #indexes: Int32Array | undefined;
  /** The present row's number in its page, of so many, and that of the page's first row in its group. */
  #row = 0;
  #rows = 0;
  #first = 0;

  constructor(side: number, groups: readonly Group[], rules: MatchRules) {
    this.bit = 1 << side;
    this.#groups = mapConcurrent(groups, groupsAtOnce, (group) => fetchGroup(group, rules));
  }

  /** Has a present row, if there is one left. Throws where a row group cannot be read. */
  async fill(): Promise<boolean> {
    while (this.isAtEnd) {
      const { value: group, done = false } = await this.#groups.next();
      if (done) return false;
      if (group === undefined) throw new Error("a row group cannot be read by its ids");
      const { ids, budget, when, indexes } = group;
      this.#pages = textPages(ids, budget);
      this.#whens = typeof when === "number" ? undefined : when;
      this.#indexes = indexes;
      this.when = typeof when === "number" ? when : 0;
      this.index = 0;
      this.#row = this.#rows = this.#first = 0;
      this.isAtEnd = false;
      this.next();
    }
    return true;
  }

  /**
   * So many rows from the present one on are one behind the other, of one time, and alone in their frames. Of
   * a page's last row that is not known: its frame may go on.
   */
  get alike(): number {
    const isVaried = this.#places !== undefined || this.#whens !== undefined || this.#indexes !== undefined;
    return isVaried ? 0 : this.#rows - this.#row - 1;
  }

  /** Goes on by so many rows of the page, or to the next page; where there is none, says so. */
  next(rows = 1): void {
    this.#row += rows;
    this.at += rows * textWords;
    if (this.#row >= this.#rows && !this.#nextPage()) return;
    const row = this.#row;
    if (this.#places !== undefined) this.at = (this.#places[row] as number) * textWords;
    if (this.#whens !== undefined) this.when = this.#whens[this.#first + row] as number;
    if (this.#indexes !== undefined) this.index = this.#indexes[this.#first + row] as number;
  }

  #nextPage(): boolean {
    this.#first += this.#rows;
    const next = this.#pages?.next();
    if (next?.done !== false) {
      this.isAtEnd = true;
      return false;
    }
    const { texts, places, count } = next.value;
    this.texts = texts;
    this.at = 0;
    this.#places = places;
    this.#row = 0;
    this.#rows = count;
    return true;
  }
}

/** Each side's rows in the order of their ids; undefined if statistics tell that they are in another one. */
export function sidesInOrder({ groups }: PlainGroups, rules: MatchRules): SideRows[] | undefined {
  const bySide = new Map<number, { readonly group: Group; readonly min: string; readonly max: string }[]>();
  for (const group of groups) {
    const bounds = idBoundsOf(group);
    if (bounds === undefined) return undefined;
    const before = bySide.get(group.side);
    if (before === undefined) bySide.set(group.side, [{ group, ...bounds }]);
    else before.push({ group, ...bounds });
  }
  const sides: SideRows[] = [];
  for (const [side, bounded] of bySide) {
    bounded.sort((a, b) => (a.min < b.min ? -1 : a.min > b.min ? 1 : 0));
    if (bounded.some(({ min }, i) => i > 0 && min < (bounded[i - 1]?.max ?? ""))) return undefined;
    const inOrder = bounded.map(({ group }) => group);
    sides.push(new SideRows(side, inOrder, rules));
  }
  return sides;
}
