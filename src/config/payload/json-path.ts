import { told, wrongValue } from "../../base/errors.ts";

/** What a segment of a path takes of a value: the member of this name, the element of this number, or all. */
type Selector = string | number | typeof all;

/** All members, or all elements. */
export const all: unique symbol = Symbol("*");

/** One step of a path. */
export interface Segment {
  readonly selectors: readonly Selector[];
  /** True after `..`: the step is also taken from everything below. */
  readonly isDescendant: boolean;
}

/** What a value is called by what it stands in: a member's name, or an element's number. */
export type Key = string | number;

/** Segments of a path. */
const maxSegments = 64;

const shorthand = /[A-Za-z_\u0080-\uffff][\w\u0080-\uffff-]*/y;
const index = /0|[1-9]\d{0,14}/y;
const quoted = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/y;
const blank = /[ \t\n\r]*/y;

/** The paths that {@link parseJsonPath} reads, for a JSON Schema. */
export const jsonPathPattern: string = wholePath();

function wholePath(): string {
  const name = String.raw`[A-Za-z_\u0080-\u{10ffff}][\w\u0080-\u{10ffff}-]*`;
  const step = String.raw`(\*|${name})`;
  const escape = (quote: string): string => String.raw`\\([\\/bfnrt${quote}]|u[0-9A-Fa-f]{4})`;
  const single = String.raw`'([^'\\\u0000-\u001f]|${escape(`'"`)})*'`;
  const double = String.raw`"([^"\\\u0000-\u001f]|${escape(`"`)})*"`;
  const selector = String.raw`[ \t\n\r]*(\*|0|[1-9]\d{0,14}|${single}|${double})[ \t\n\r]*`;
  const brackets = String.raw`\[${selector}(,${selector})*\]`;
  const further = String.raw`(\.\.?${step}|(\.\.)?${brackets})`;
  return String.raw`^(${step}${further}{0,${maxSegments - 1}}|(\$|(?=\[))${further}{0,${maxSegments}})$`;
}

/**
 * Reads the part of JSONPath (RFC 9535) that names places: `$`, `.name`, `['name']`, `[0]`, `[*]`, `.*`,
 * several in one pair of brackets, and all of them after `..`. A path without `$` begins with a name
 * (`user.email`), and a name without quotes may have hyphens. Throws a RangeError that says where it ends to
 * be one.
 */
export function parseJsonPath(path: string, where: string): readonly Segment[] {
  return new PathReader(path, where).whole();
}

class PathReader {
  readonly #path: string;
  readonly #where: string;
  #at = 0;

  constructor(path: string, where: string) {
    this.#path = path;
    this.#where = where;
  }

  whole(): readonly Segment[] {
    const segments: Segment[] = [];
    if (!this.#took("$") && this.#path[0] !== "[") segments.push(this.#step(false));
    while (this.#at < this.#path.length) {
      if (segments.length === maxSegments) this.#fail(`at most ${maxSegments} steps`);
      if (this.#took(".."))
        segments.push(this.#path[this.#at] === "[" ? this.#brackets(true) : this.#step(true));
      else if (this.#took(".")) segments.push(this.#step(false));
      else if (this.#path[this.#at] === "[") segments.push(this.#brackets(false));
      else this.#fail(`".", ".." or "["`);
    }
    return segments;
  }

  #step(isDescendant: boolean): Segment {
    if (this.#took("*")) return { selectors: [all], isDescendant };
    const name = this.#match(shorthand) ?? this.#fail("a name (in quotes: ['…']) or *");
    return { selectors: [name], isDescendant };
  }

  #brackets(isDescendant: boolean): Segment {
    this.#at++;
    const selectors: Selector[] = [];
    for (;;) {
      this.#match(blank);
      selectors.push(this.#selector());
      this.#match(blank);
      if (this.#took("]")) return { selectors, isDescendant };
      if (!this.#took(",")) this.#fail(`"," or "]"`);
    }
  }

  #selector(): Selector {
    if (this.#took("*")) return all;
    const start = this.#at;
    const name = this.#match(quoted);
    if (name !== undefined) return unescaped(name) ?? this.#fail("a name in quotes", start);
    const number = this.#match(index);
    return number === undefined
      ? this.#fail("a name in quotes, the number of an element or *")
      : Number(number);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#path)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #took(text: string): boolean {
    if (!this.#path.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #fail(expected: string, at = this.#at): never {
    const got = at < this.#path.length ? JSON.stringify(this.#path[at]) : "the end of the path";
    throw wrongValue(`${this.#where}, character ${at + 1}`, expected, told(got));
  }
}

/** A name in single or double quotes, whose escapes are JSON's and that of the quote. */
function unescaped(name: string): string | undefined {
  const inner = name.slice(1, -1).replaceAll(/\\.|"/gs, (found) => {
    if (found === "\\'") return name.startsWith("'") ? "'" : found;
    return found === '"' ? '\\"' : found;
  });
  try {
    return JSON.parse(`"${inner}"`) as string;
  } catch {
    return undefined;
  }
}
