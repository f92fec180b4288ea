import { types } from "node:util";
import { type Cell, hasFewDigits, manyDigits } from "../cell.ts";
import { isLiteral, plainValue } from "./plain-value.ts";
import { isCount } from "../source-frame.ts";
import { bytesOf, isDetached, isTypedArray } from "../typed-array.ts";

/** Why a value that threw is not stored. */
export const itThrows = "it throws when read";

/** Deepest nesting that is stored. */
const maxDepth = 64;

/**
 * A value as JSON text; the reason why there is none; or `too_large`, when it would be longer than allowed.
 */
export type JsonResult =
  | { readonly status: "ok"; readonly text: string }
  | { readonly status: "unstorable"; readonly reason: string }
  | { readonly status: "too_large" };

/**
 * The JSON text (RFC 8259) of an object, made at once, so that later changes of it change nothing.
 *
 * As `JSON.stringify`, but exact where that is not: a bigint is its digits, `NaN` and the infinities are the
 * strings `"NaN"`, `"Infinity"`, `"-Infinity"`, `-0` stays `-0`, an invalid Date is the string
 * `"Invalid Date"`; errors and regular expressions are what `plain-value.ts` says. A Map is an object if all
 * its keys are strings, else an array of pairs; a Set is an array; bytes are base64 text; another typed array
 * is an array. Keys with an undefined value, a function or a symbol are left out, and such elements of an
 * array are null. A promise, a cycle, more than 64 levels, a bigint of more than 4,096 digits and whatever
 * throws (a getter, `toJSON`) make the whole value unstorable. The work is in proportion to `maxLength`,
 * however large the value is; only the keys of an object are all listed.
 *
 * @param maxLength greatest length of the text in UTF-16 code units.
 */
export function jsonText(value: unknown, maxLength: number): JsonResult {
  const writer = new JsonWriter(maxLength);
  try {
    return { status: "ok", text: writer.write(value, "") ?? "null" };
  } catch (thrown) {
    // By identity: even asking a thrown value what it is can throw.
    if (thrown === tooLarge) return { status: "too_large" };
    return { status: "unstorable", reason: thrown === unstorable ? writer.problem : itThrows };
  }
}

/**
 * The JSON text of a copied value, or undefined when JSON can not say it (NaN, bytes, what is rejected
 * anyway).
 */
export function cellJson(cell: Cell): string | undefined {
  switch (typeof cell) {
    case "string":
      return JSON.stringify(cell);
    case "number":
      return Number.isFinite(cell) ? numberText(cell) : undefined;
    case "boolean":
    case "bigint":
      return String(cell);
    case "undefined":
      return "null";
    default:
      if (cell === null) return "null";
      if (cell.kind === "json") return cell.value;
      if (cell.kind === "timestamp") return JSON.stringify(instantText(cell.value));
      return cell.kind === "list" ? listJson(cell.value) : undefined;
  }
}

/** An instant as ISO 8601 text in UTC: of milliseconds (number) or microseconds (bigint). */
export function instantText(instant: number | bigint): string {
  if (typeof instant === "number") return new Date(instant).toISOString();
  const micros = ((instant % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = new Date(Number((instant - micros) / 1000n));
  // Beyond what a Date can say (the year 275,760) the number of microseconds is the only text left.
  if (Number.isNaN(seconds.getTime())) return `${instant} µs since 1970`;
  return seconds.toISOString().replace("000Z", `${String(micros).padStart(6, "0")}Z`);
}

function listJson(cells: readonly Cell[]): string | undefined {
  const texts: string[] = [];
  for (const cell of cells) {
    const text = cellJson(cell);
    if (text === undefined) return undefined;
    texts.push(text);
  }
  return `[${texts.join(",")}]`;
}

/** A number as `jsonText` writes it. */
export function numberText(value: number): string {
  if (Object.is(value, -0)) return "-0";
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}

// The engine's own, whatever a subclass or the host has put in their place.
const setSize = getterOf(Set.prototype);
const mapSize = getterOf(Map.prototype);
const forEachOfSet = Set.prototype.forEach as (this: Set<unknown>, visit: (value: unknown) => void) => void;
const forEachOfMap = Map.prototype.forEach as (
  this: Map<unknown, unknown>,
  visit: (value: unknown, key: unknown) => void,
) => void;

function getterOf(prototype: object): (this: object) => number {
  return Object.getOwnPropertyDescriptor(prototype, "size")?.get as (this: object) => number;
}

const tooLarge = Symbol("too large");
const unstorable = Symbol("unstorable");

class JsonWriter {
  /** Why there is no text. */
  problem = "";
  /** Objects that contain the one being written. */
  readonly #ancestors: object[] = [];
  #room: number;

  constructor(room: number) {
    this.#room = room;
  }

  /** The text, or undefined for what JSON leaves out. */
  write(value: unknown, key: string): string | undefined {
    switch (typeof value) {
      case "string":
        this.#take(value.length + 2);
        return JSON.stringify(value);
      case "number":
        this.#take(1);
        return numberText(value);
      case "boolean":
        this.#take(4);
        return String(value);
      case "bigint": {
        if (!hasFewDigits(value)) this.#fail(manyDigits);
        const digits = String(value);
        this.#take(digits.length);
        return digits;
      }
      case "object":
        this.#take(4);
        return value === null ? "null" : this.#writeObject(value, key);
      default:
        return undefined;
    }
  }

  #writeObject(value: object, key: string): string | undefined {
    if (types.isDate(value)) return JSON.stringify(dateText(value));
    if (this.#ancestors.includes(value)) this.#fail("a circular reference");
    if (this.#ancestors.length >= maxDepth) this.#fail(`more than ${maxDepth} levels`);
    this.#ancestors.push(value);
    const text = this.#writeContent(value, key);
    this.#ancestors.pop();
    return text;
  }

  #writeContent(value: object, key: string): string | undefined {
    if (Array.isArray(value)) return this.#writeArray(value);
    if (!isLiteral(value)) {
      if (types.isMap(value)) return this.#writeMap(value);
      if (types.isSet(value)) return this.#writeSet(value);
      if (isTypedArray(value) && isDetached(value)) this.#fail("its buffer was transferred away");
      const bytes = bytesOf(value);
      if (bytes !== undefined) return this.#writeBytes(bytes);
      if (isTypedArray(value)) return this.#writeArray(value);
      if (types.isPromise(value)) this.#fail("a promise");
      if (types.isWeakMap(value) || types.isWeakSet(value)) this.#fail("a weak collection");
    }
    const plain = plainValue(value, key);
    if (plain !== value) return this.write(plain, key);
    const names = Object.keys(value);
    return this.#writeMembers(names, (i) => (value as Readonly<Record<string, unknown>>)[names[i] as string]);
  }

  #writeArray(values: ArrayLike<unknown>): string {
    const { length } = values;
    if (!isCount(length)) this.#fail("an array whose length is no whole number");
    this.#take(length);
    const texts: string[] = [];
    for (let i = 0; i < length; i++) texts.push(this.write(values[i], String(i)) ?? "null");
    return `[${texts.join(",")}]`;
  }

  #writeSet(set: Set<unknown>): string {
    // What the engine itself says, before anything is copied.
    this.#expect(setSize.call(set));
    const values: unknown[] = [];
    forEachOfSet.call(set, (value) => void values.push(value));
    return this.#writeArray(values);
  }

  #writeMap(map: Map<unknown, unknown>): string {
    this.#expect(mapSize.call(map));
    const keys: unknown[] = [];
    const values: unknown[] = [];
    forEachOfMap.call(map, (value, key) => {
      keys.push(key);
      values.push(value);
    });
    if (keys.every((key) => typeof key === "string")) return this.#writeMembers(keys, (i) => values[i]);
    return this.#writeArray(keys.map((key, i) => [key, values[i]]));
  }

  #writeMembers(names: readonly string[], valueAt: (index: number) => unknown): string {
    this.#take(names.length);
    const texts: string[] = [];
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      const text = this.write(valueAt(i), name);
      if (text === undefined) continue;
      this.#take(name.length + 3);
      texts.push(`${JSON.stringify(name)}:${text}`);
    }
    return `{${texts.join(",")}}`;
  }

  #writeBytes(bytes: Uint8Array): string {
    this.#take(Math.ceil(bytes.length / 3) * 4);
    return `"${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")}"`;
  }

  #fail(problem: string): never {
    this.problem = problem;
    throw unstorable;
  }

  /** So many values are to come, and each takes a character at least. */
  #expect(count: number): void {
    if (count > this.#room) throw tooLarge;
  }

  #take(length: number): void {
    this.#room -= length;
    if (this.#room < 0) throw tooLarge;
  }
}

function dateText(date: Date): string {
  const ms = Date.prototype.getTime.call(date);
  return Number.isNaN(ms) ? "Invalid Date" : new Date(ms).toISOString();
}
