import { isUuidText } from "../../../codec/parquet/reading/uuid-column.ts";
import { compareTexts, textAt, textWords } from "../../../codec/parquet/reading/pages/text-pages.ts";
import type { Span } from "../../../layout/partition.ts";
import type { MatchRules } from "../match-request.ts";
import type { PlainCounts } from "./count-tables.ts";
import type { PlainGroups } from "./plain-groups.ts";
import { type SideRows, sidesInOrder } from "./side-rows.ts";

/**
 * Counts the rows of files in which they are in the order of their ids, as one process that makes the ids
 * collects inputs, and as its compacted files are: all sides are gone through side by side, and no row is
 * remembered. Undefined where rows turn out to be in
 * another order or stored twice, where ids are no UUIDs, and where too much is odd.
 */
export async function mergeRows(
  plain: PlainGroups,
  rules: MatchRules,
  { maxOdd, span }: { readonly maxOdd: number; readonly span: Span },
): Promise<PlainCounts | undefined> {
  let sides = sidesInOrder(plain, rules);
  if (sides === undefined) return undefined;
  const merge = new Merge(rules.outputs + 1, maxOdd, span);
  try {
    for (;;) {
      const more: SideRows[] = [];
      for (const side of sides) if (await side.fill()) more.push(side);
      sides = more;
      if (sides.length === 0) return merge.end();
      merge.run(sides);
    }
  } catch {
    return undefined;
  }
}

/** Puts the rows of all sides in one order, and counts those with the same id and index as one. */
class Merge {
  readonly #all: number;
  readonly #maxOdd: number;
  /** Ids from the first one on, before the other one, were made in the span. */
  readonly #spanFrom: Int32Array;
  readonly #spanTo: Int32Array;
  #isInSpan = false;
  readonly #odd = new Set<string>();
  readonly #far: string[] = [];
  readonly #counts = new Map<number, Float64Array>();
  /** The id whose rows come now, and the index of its last one; there is none before the first row. */
  #texts: Int32Array | undefined;
  #at = 0;
  #index = 0;
  /** What is known of it, and when and where each of so many rows of it is. */
  #isOdd = false;
  #hasFirst = false;
  #rows = 0;
  readonly #whens: number[] = [];
  readonly #sides: number[] = [];
  /** When the last row was that was counted, and the counts of that time. */
  #when = Number.NaN;
  #bySides: Float64Array = new Float64Array(0);

  constructor(sides: number, maxOdd: number, { start, end }: Span) {
    this.#all = (1 << sides) - 1;
    this.#maxOdd = maxOdd;
    this.#spanFrom = timeText(start);
    this.#spanTo = timeText(end);
  }

  /** Goes on until a side has no present row. Throws at rows that are not in order. */
  run(sides: readonly SideRows[]): void {
    while (!this.#takeAlike(sides) && !this.#takeNext(sides));
  }

  /**
   * Takes rows that are on all of the sides, page by page, and have nothing about them to be looked at: for
   * their number alone. Says whether a side has no present row then.
   */
  #takeAlike(sides: readonly SideRows[]): boolean {
    const [first] = sides as readonly [SideRows];
    let rows = Number.POSITIVE_INFINITY;
    let bits = 0;
    for (const side of sides) {
      rows = side.when === first.when ? Math.min(rows, side.alike) : 0;
      if (rows === 0) return false;
      bits |= side.bit;
    }
    const { texts, at } = first;
    let [before, beforeAt] = [this.#texts ?? this.#spanFrom, this.#texts === undefined ? 0 : this.#at];
    let taken = 0;
    for (; taken < rows; taken++) {
      const own = at + taken * textWords;
      if (!isOnAll(sides, taken) || compareTexts(texts, own, before, beforeAt) <= 0) break;
      if (!isUuidText(texts, own) || !this.#isNear(texts, own)) break;
      before = texts;
      beforeAt = own;
    }
    if (taken === 0) return false;
    this.#endId();
    this.#texts = before;
    this.#at = beforeAt;
    this.#index = 0;
    this.#isOdd = false;
    this.#count(first.when, bits, taken);
    for (const side of sides) side.next(taken);
    return sides.some(({ isAtEnd }) => isAtEnd);
  }

  /** Takes the next row in, on whatever sides it is. Says whether a side has no present row then. */
  #takeNext(sides: readonly SideRows[]): boolean {
    let [least] = sides as readonly [SideRows];
    let found = least.bit;
    let isOdd = false;
    for (let i = 1; i < sides.length; i++) {
      const side = sides[i] as SideRows;
      const order = compareTexts(side.texts, side.at, least.texts, least.at) || side.index - least.index;
      if (order < 0) {
        least = side;
        found = side.bit;
        isOdd = false;
      } else if (order === 0) {
        found |= side.bit;
        isOdd ||= side.when !== least.when;
      }
    }
    this.#add(least, found, isOdd);
    let isAtEnd = false;
    for (const side of sides) {
      if ((found & side.bit) === 0) continue;
      side.next();
      isAtEnd ||= side.isAtEnd;
    }
    return isAtEnd;
  }

  /** What it comes to; undefined if more is odd than may be. */
  end(): PlainCounts | undefined {
    this.#endId();
    const isFit = this.#odd.size <= this.#maxOdd && this.#far.length <= this.#maxOdd;
    return isFit ? { odd: this.#odd, counts: this.#counts, far: this.#far } : undefined;
  }

  #add({ texts, at, index, when }: SideRows, sides: number, isOdd: boolean): void {
    const before = this.#texts;
    const order = before === undefined ? 1 : compareTexts(texts, at, before, this.#at);
    if (order < 0 || (order === 0 && index <= this.#index)) throw new Error("rows are in another order");
    if (order > 0) {
      this.#endId();
      this.#beginId(texts, at, index);
    }
    this.#index = index;
    // As in a table: of a frame's other rows it must be known that both sides have as many.
    this.#isOdd ||= isOdd || (index !== 0 && !(sides === this.#all && this.#hasFirst));
    const row = this.#rows++;
    this.#whens[row] = when;
    this.#sides[row] = sides;
  }

  #beginId(texts: Int32Array, at: number, index: number): void {
    if (!isUuidText(texts, at)) throw new Error("there are texts that are no UUIDs");
    this.#texts = texts;
    this.#at = at;
    this.#isOdd = false;
    this.#hasFirst = index === 0;
    if (!this.#isNear(texts, at) && this.#far.length <= this.#maxOdd) this.#far.push(textAt(texts, at));
  }

  /** Whether a UUID says that it was made in the span. */
  #isNear(texts: Int32Array, at: number): boolean {
    this.#isInSpan ||= compareTexts(texts, at, this.#spanFrom, 0) >= 0;
    return this.#isInSpan && isVersionSeven(texts, at) && compareTexts(texts, at, this.#spanTo, 0) < 0;
  }

  /** Counts the rows of the present id. */
  #endId(): void {
    const texts = this.#texts;
    if (texts === undefined) return;
    if (!this.#isOdd)
      for (let row = 0; row < this.#rows; row++)
        this.#count(this.#whens[row] as number, this.#sides[row] as number, 1);
    else if (this.#odd.size <= this.#maxOdd) this.#odd.add(textAt(texts, this.#at));
    this.#rows = 0;
  }

  #count(when: number, sides: number, rows: number): void {
    if (when !== this.#when) {
      this.#when = when;
      this.#bySides = this.#counts.get(when) ?? new Float64Array(this.#all + 1);
      this.#counts.set(when, this.#bySides);
    }
    this.#bySides[sides] = (this.#bySides[sides] as number) + rows;
  }
}

/** Whether all sides have the same id so many rows behind their present ones. */
function isOnAll(sides: readonly SideRows[], rows: number): boolean {
  const { texts, at } = sides[0] as SideRows;
  const offset = rows * textWords;
  for (let i = 1; i < sides.length; i++) {
    const other = sides[i] as SideRows;
    if (compareTexts(other.texts, other.at + offset, texts, at + offset) !== 0) return false;
  }
  return true;
}

/** Whether a UUID says when it was made. */
function isVersionSeven(texts: Int32Array, at: number): boolean {
  const version = ((texts[at + 4] as number) >>> 16) & 0xff;
  const variant = (texts[at + 5] as number) >>> 24;
  return version === 0x37 && (variant === 0x38 || variant === 0x39 || variant === 0x61 || variant === 0x62);
}

/** What the texts of UUIDs of version 7 begin with that are made at a time, and no UUID comes before. */
function timeText(millis: number): Int32Array {
  const digits = Math.max(0, Math.min(millis, 2 ** 48 - 1))
    .toString(16)
    .padStart(12, "0");
  const bytes = Buffer.alloc(textWords * 4);
  bytes.writeUInt32LE(36);
  bytes.write(`${digits.slice(0, 8)}-${digits.slice(8)}`, 4, "latin1");
  return new Int32Array(new Uint8Array(bytes).buffer);
}
