type Numbers = Float64Array | BigInt64Array | Int32Array;

/** Room for the rows of some small files; it doubles. */
const firstRoom = 4_096;

/**
 * The values of a column, which come file by file. Numbers stay a typed array as long as every file has one
 * of that kind: they take neither an object nor a check each.
 */
export class GatheredColumn {
  #numbers: Numbers | undefined;
  #list: unknown[] = [];
  #length = 0;

  /** Puts the values of the rows from `start` on; rows before it that have none are null. */
  add(values: ArrayLike<unknown>, start: number): void {
    if (start === this.#length && this.#addNumbers(values)) return;
    const list = this.#asList(start);
    let at = start;
    for (let i = 0; i < values.length; i++) list[at++] = values[i];
    this.#length = at;
  }

  /** The values of all of so many rows. */
  all(length: number): ArrayLike<unknown> {
    if (this.#numbers !== undefined && this.#length === length) return this.#numbers.subarray(0, length);
    return this.#asList(length);
  }

  #addNumbers(values: ArrayLike<unknown>): boolean {
    const end = this.#length + values.length;
    if (this.#length === 0) {
      this.#numbers = emptyLike(values, Math.max(firstRoom, end));
      if (this.#numbers === undefined) return false;
    }
    const known = this.#numbers;
    if (known === undefined || known.constructor !== values.constructor) return false;
    const numbers = end <= known.length ? known : roomier(known, end);
    numbers.set(values as never, this.#length);
    this.#numbers = numbers;
    this.#length = end;
    return true;
  }

  /** As a list, from now on, that has something for so many rows. */
  #asList(length: number): unknown[] {
    const numbers = this.#numbers?.subarray(0, this.#length);
    if (numbers !== undefined) this.#list = Array.from<unknown>(numbers);
    this.#numbers = undefined;
    while (this.#list.length < length) this.#list.push(null);
    return this.#list;
  }
}

function emptyLike(values: ArrayLike<unknown>, length: number): Numbers | undefined {
  if (values instanceof Float64Array) return new Float64Array(length);
  if (values instanceof BigInt64Array) return new BigInt64Array(length);
  return values instanceof Int32Array ? new Int32Array(length) : undefined;
}

function roomier(numbers: Numbers, length: number): Numbers {
  const more = emptyLike(numbers, Math.max(length, numbers.length * 2)) ?? numbers;
  more.set(numbers as never);
  return more;
}

/** The values of these rows, in their order; null where there is none. */
export function valuesOfRows(values: ArrayLike<unknown>, rows: Uint32Array): ArrayLike<unknown> {
  if (values instanceof Float64Array) {
    const picked = new Float64Array(rows.length);
    for (let i = 0; i < rows.length; i++) picked[i] = values[rows[i]!]!;
    return picked;
  }
  if (values instanceof BigInt64Array) {
    const picked = new BigInt64Array(rows.length);
    for (let i = 0; i < rows.length; i++) picked[i] = values[rows[i]!]!;
    return picked;
  }
  const picked = new Array<unknown>(rows.length);
  for (let i = 0; i < rows.length; i++) picked[i] = values[rows[i]!] ?? null;
  return picked;
}
