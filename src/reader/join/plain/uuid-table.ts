/** Sides that rows are told apart by. */
export const maxTableSides = 7;

/** The numbers of a row: four of its UUID, its index, and when it is counted with its side. */
export const rowWords = 6;
export const indexAt = 4;
export const whenAt = 5;
const sideBits = 3;

/** A row's last number. */
export function whenWord(when: number, side: number): number {
  return (when << sideBits) | side;
}

/** The side of a row, of its last number. */
function sideOf(word: number): number {
  return word & ((1 << sideBits) - 1);
}

/** When a row is counted, of its last number. */
export function whenOf(word: number): number {
  return word >> sideBits;
}

/** Of a row's sides the highest bit says that there is more to it than a table knows. */
export const oddRow = 0x80;

/** Rows of several sides by UUID and index: the first of those that have both in common stands for all. */
export class UuidTable {
  #rows: Int32Array = new Int32Array(0);
  #size = 0;
  #sides = new Uint8Array(0);
  /** One more than the row's number; 0 for a slot that is free. */
  #slots = new Int32Array(0);
  #mask = 0;

  get size(): number {
    return this.#size;
  }

  /** The rows one behind the other, {@link rowWords} each. */
  get rows(): Int32Array {
    return this.#rows;
  }

  /**
   * Of each row a bit for each side that it is on, and {@link oddRow}; 0 for those that another one stands
   * for.
   */
  get sides(): Uint8Array {
    return this.#sides;
  }

  /**
   * Takes rows in. One that is there on its side, or on another one at another time, is odd. Rows mostly come
   * in the order in which they did on another side, so each is first looked for behind the one before.
   */
  fill(rows: Int32Array, size: number): void {
    this.#prepare(rows, size);
    const sides = this.#sides;
    const slots = this.#slots;
    let next = 0;
    for (let row = 0; row < size; row++) {
      const word = rows[row * rowWords + whenAt] as number;
      const bit = 1 << sideOf(word);
      let found = next;
      if (next >= row || sides[next] === 0 || !isSame(rows, next, row)) {
        const slot = this.#slot(rows, row);
        found = (slots[slot] as number) - 1;
        if (found < 0) {
          slots[slot] = row + 1;
          sides[row] = bit;
          next = row + 1;
          continue;
        }
      }
      const before = sides[found] as number;
      const isTwice =
        (before & bit) > 0 || whenOf(rows[found * rowWords + whenAt] as number) !== whenOf(word);
      sides[found] = before | bit | (isTwice ? oddRow : 0);
      next = found + 1;
    }
  }

  /** Whether the first row of a row's frame is there. */
  hasFirst(row: number): boolean {
    const rows = this.#rows;
    // Where it is if the frame is in one piece.
    const near = row - (rows[row * rowWords + indexAt] as number);
    if (near >= 0 && isSame(rows, near, row, 0)) return true;
    return (this.#slots[this.#slot(rows, row, 0)] as number) > 0;
  }

  #prepare(rows: Int32Array, size: number): void {
    this.#rows = rows;
    this.#size = size;
    const slots = 2 ** Math.ceil(Math.log2(Math.max(1, size) * 2));
    if (this.#slots.length < slots) this.#slots = new Int32Array(slots);
    else this.#slots.fill(0, 0, slots);
    this.#mask = slots - 1;
    if (this.#sides.length < size) this.#sides = new Uint8Array(size * 2);
    else this.#sides.fill(0, 0, size);
  }

  /** The slot in which a row is, or would be. */
  #slot(rows: Int32Array, row: number, index = rows[row * rowWords + indexAt] as number): number {
    const slots = this.#slots;
    let slot = hashOf(rows, row * rowWords, index) & this.#mask;
    for (;;) {
      const found = (slots[slot] as number) - 1;
      if (found < 0 || isSame(rows, found, row, index)) return slot;
      slot = (slot + 1) & this.#mask;
    }
  }
}

/** Whether a row has the UUID of another one, and its index. */
function isSame(
  rows: Int32Array,
  row: number,
  other: number,
  index = rows[other * rowWords + indexAt] as number,
): boolean {
  const [at, from] = [row * rowWords, other * rowWords];
  return (
    rows[at + 3] === rows[from + 3] &&
    rows[at + 2] === rows[from + 2] &&
    rows[at + 1] === rows[from + 1] &&
    rows[at] === rows[from] &&
    rows[at + indexAt] === index
  );
}

/** Mixed as MurmurHash3 ends. */
function hashOf(rows: Int32Array, at: number, index: number): number {
  let hash = Math.imul((rows[at + 3] as number) ^ Math.imul(index + 1, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (rows[at + 2] as number) ^ (hash >>> 15), 0xc2b2ae35);
  hash ^= (rows[at + 1] as number) ^ (rows[at] as number);
  return hash ^ (hash >>> 16);
}
