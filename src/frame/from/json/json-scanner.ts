import { FrameProblem } from "../../source-frame.ts";

/** What a value is, as bits, so that those of many values make a set. */
export const jsonKinds = {
  null: 0,
  boolean: 1,
  /** A number without point and exponent. */
  integer: 2,
  float: 4,
  string: 8,
  array: 16,
  object: 32,
} as const;

/** One of {@link jsonKinds}. */
export type JsonKind = (typeof jsonKinds)[keyof typeof jsonKinds];

/** Levels of arrays and objects, as of values in memory. */
const maxDepth = 64;

const number = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;

/**
 * Walks through a JSON text (RFC 8259) and checks it. Nothing is made of it but names: what has been passed
 * is known by its place, so that whoever wants it has every digit. Throws a {@link FrameProblem} that names
 * the place, and none of the text.
 */
export class JsonScanner {
  readonly text: string;
  /** The next character. */
  at = 0;

  constructor(text: string, at = 0) {
    this.text = text;
    this.at = at;
  }

  /** Whether this character comes next, after white space; it is passed. */
  took(character: string): boolean {
    this.skip();
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  /** Passes a character that must come. */
  expect(character: string): void {
    if (!this.took(character)) throw this.problem(`expected ${character}`);
  }

  skip(): void {
    for (; ; this.at++) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    }
  }

  /** Passes a value, and tells what it is. */
  value(depth = 0): JsonKind {
    this.skip();
    switch (this.text[this.at]) {
      case "{":
        this.#nested("}", depth, () => {
          this.string();
          this.expect(":");
          this.value(depth + 1);
        });
        return jsonKinds.object;
      case "[":
        this.#nested("]", depth, () => this.value(depth + 1));
        return jsonKinds.array;
      case '"':
        this.#passString();
        return jsonKinds.string;
      case "t":
        return this.#word("true", jsonKinds.boolean);
      case "f":
        return this.#word("false", jsonKinds.boolean);
      case "n":
        return this.#word("null", jsonKinds.null);
      default:
        return this.#number();
    }
  }

  /** Passes a string, and gives what it says. */
  string(): string {
    this.skip();
    if (this.text[this.at] !== '"') throw this.problem("expected a string");
    const start = this.at;
    const escaped = this.#passString();
    const quoted = this.text.slice(start, this.at);
    return escaped ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
  }

  /** A problem at the next character. */
  problem(what: string): FrameProblem {
    const where = this.at < this.text.length ? `at character ${this.at}` : "at its end";
    return new FrameProblem(`no JSON: ${what} ${where}`);
  }

  #nested(end: string, depth: number, passMember: () => void): void {
    if (depth >= maxDepth) throw new FrameProblem(`more than ${maxDepth} levels of arrays and objects`);
    this.at++;
    if (this.took(end)) return;
    for (;;) {
      passMember();
      if (this.took(end)) return;
      this.expect(",");
    }
  }

  /** Passes a string; true if something in it is escaped. */
  #passString(): boolean {
    const { text } = this;
    let escaped = false;
    for (let i = this.at + 1; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === 0x22) {
        this.at = i + 1;
        return escaped;
      }
      if (code < 0x20) break;
      if (code !== 0x5c) continue;
      escaped = true;
      i = this.#passEscape(i + 1);
    }
    throw this.problem("expected a string without line breaks and with an end");
  }

  /** The last character of an escape whose first, after the backslash, is at `i`. */
  #passEscape(i: number): number {
    const character = this.text[i] ?? "";
    if (character === "u" && /^[0-9a-fA-F]{4}$/.test(this.text.slice(i + 1, i + 5))) return i + 4;
    if (character !== "" && '"\\/bfnrt'.includes(character)) return i;
    throw this.problem("expected a string with escapes of JSON");
  }

  #number(): JsonKind {
    number.lastIndex = this.at;
    const found = number.exec(this.text);
    if (found === null) throw this.problem("expected a value");
    this.at = number.lastIndex;
    return found[1] === undefined && found[2] === undefined ? jsonKinds.integer : jsonKinds.float;
  }

  #word(word: string, kind: JsonKind): JsonKind {
    if (!this.text.startsWith(word, this.at)) throw this.problem("expected a value");
    this.at += word.length;
    return kind;
  }
}
