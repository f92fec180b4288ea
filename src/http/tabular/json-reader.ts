import { NoTable } from "./table.ts";

/**
 * A JSON value as its text has it: integers beyond 2^53 are bigints, and of an object the members keep their
 * order, integer-like names too.
 */
export type JsonValue = null | boolean | string | number | bigint | readonly JsonValue[] | JsonObject;

export type JsonObject = ReadonlyMap<string, JsonValue>;

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return value instanceof Map;
}

export function isArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Levels of arrays and objects. */
const maxDepth = 64;
/** Arrays and objects of one text: each takes some hundred bytes, however short its text. */
const maxContainers = 200_000;
/** Digits of an integer that is kept with all of them: of more, no column type could make sense. */
const maxDigits = 1_000;

/**
 * Reads a text (RFC 8259). Not `JSON.parse`: it rounds integers and sorts integer-like names. Throws
 * {@link NoTable}: what is no JSON (so also `NaN` and `Infinity`), has a member twice, or is too large.
 */
export function readJson(text: string): JsonValue {
  return new JsonReader(text).whole();
}

const number = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const whitespace = /[ \t\n\r]*/y;

class JsonReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #containers = 0;

  constructor(text: string) {
    // A byte order mark is none of the text's characters (RFC 8259, 8.1).
    this.#text = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }

  whole(): JsonValue {
    const value = this.#value();
    this.#skip();
    if (this.#at < this.#text.length) throw new NoTable("not_json");
    return value;
  }

  #value(): JsonValue {
    this.#skip();
    switch (this.#text[this.#at]) {
      case "{":
        return this.#nested(() => this.#object());
      case "[":
        return this.#nested(() => this.#array());
      case '"':
        return this.#string();
      case "t":
        return this.#word("true", true);
      case "f":
        return this.#word("false", false);
      case "n":
        return this.#word("null", null);
      default:
        return this.#number();
    }
  }

  #nested<T>(read: () => T): T {
    this.#containers++;
    this.#depth++;
    if (this.#containers > maxContainers || this.#depth > maxDepth) throw new NoTable("too_large");
    this.#at++;
    const value = read();
    this.#depth--;
    return value;
  }

  #object(): JsonObject {
    const members = new Map<string, JsonValue>();
    if (this.#took("}")) return members;
    for (let count = 1; ; count++) {
      this.#skip();
      if (this.#text[this.#at] !== '"') throw new NoTable("not_json");
      const name = this.#string();
      if (!this.#took(":")) throw new NoTable("not_json");
      members.set(name, this.#value());
      // Which of two counts is anybody's guess.
      if (members.size < count) throw new NoTable("ambiguous");
      if (this.#took("}")) return members;
      if (!this.#took(",")) throw new NoTable("not_json");
    }
  }

  #array(): readonly JsonValue[] {
    const elements: JsonValue[] = [];
    if (this.#took("]")) return elements;
    for (;;) {
      elements.push(this.#value());
      if (this.#took("]")) return elements;
      if (!this.#took(",")) throw new NoTable("not_json");
    }
  }

  #string(): string {
    const start = this.#at;
    let escaped = false;
    for (let i = start + 1; i < this.#text.length; i++) {
      const code = this.#text.charCodeAt(i);
      if (code === 0x22) {
        this.#at = i + 1;
        return escaped ? unescaped(this.#text.slice(start, i + 1)) : this.#text.slice(start + 1, i);
      }
      if (code < 0x20) break;
      if (code === 0x5c) {
        escaped = true;
        i++;
      }
    }
    throw new NoTable("not_json");
  }

  #number(): number | bigint {
    const start = this.#at;
    number.lastIndex = start;
    if (!number.test(this.#text)) throw new NoTable("not_json");
    this.#at = number.lastIndex;
    return numberOf(this.#text.slice(start, this.#at));
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw new NoTable("not_json");
    this.#at += word.length;
    return value;
  }

  /** Whether this character comes next; it is taken. */
  #took(character: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #skip(): void {
    // Most texts have none.
    if (this.#text.charCodeAt(this.#at) > 0x20) return;
    whitespace.lastIndex = this.#at;
    whitespace.test(this.#text);
    this.#at = whitespace.lastIndex;
  }
}

/** A text with escapes, between its quotes. */
function unescaped(quoted: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    throw new NoTable("not_json");
  }
}

/**
 * What a number's text stands for. An integer that a double may not hold is a bigint; but one of more than 64
 * bits that JavaScript writes like this is a double that is printed so.
 */
function numberOf(text: string): number | bigint {
  const value = Number(text);
  if (Number.isSafeInteger(value) || !/^-?\d+$/.test(text)) {
    if (Number.isFinite(value)) return value;
    throw new NoTable("value");
  }
  if (text.length > maxDigits) throw new NoTable("value");
  const exact = BigInt(text);
  return BigInt.asIntN(65, exact) !== exact && String(value) === text ? value : exact;
}
