import { redactValue } from "../../../frame/copy/redaction.ts";
import { type PathRule, Place } from "./path-places.ts";

/** Why a text was not redacted. */
export class NotRedactable extends Error {
  readonly reason: "not_json" | "too_deep";
  constructor(reason: "not_json" | "too_deep") {
    super(reason);
    this.reason = reason;
  }
}

/** Levels of arrays and objects in which paths are followed. */
const maxDepth = 512;

/**
 * Redacts JSON texts (RFC 8259) by the paths of values. Only what the paths name is replaced, in the text
 * itself: digits, escapes, order, repeated names and whitespace elsewhere stay as they came.
 */
export class JsonRedaction {
  /** Not private: the other copy of this package, of two, reads them. */
  readonly rules: readonly PathRule[];
  readonly #root: Place;
  /** With another one, which for two middlewares is the same for each request. */
  #joined: { readonly other: JsonRedaction; readonly both: JsonRedaction } | undefined;

  constructor(rules: readonly PathRule[]) {
    this.rules = rules;
    this.#root = Place.root(rules);
  }

  /** What does this and what the other one does: of each value the strictest. */
  and(other: JsonRedaction | undefined): JsonRedaction {
    if (other === undefined || other === this) return this;
    if (this.#joined?.other !== other)
      this.#joined = { other, both: new JsonRedaction([...this.rules, ...other.rules]) };
    return this.#joined.both;
  }

  /** Itself; undefined if there is nothing to do. */
  orNone(): this | undefined {
    return this.#root.isEnd && this.#root.rule === undefined ? undefined : this;
  }

  /** The text without what is not to be stored; empty if nothing is left. Throws {@link NotRedactable}. */
  redact(text: string): string {
    // A byte order mark is none of the text's characters (RFC 8259, 8.1).
    const start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
    try {
      // What stands behind this line need not ask whether the text is JSON.
      JSON.parse(start === 0 ? text : text.slice(start));
    } catch {
      throw new NotRedactable("not_json");
    }
    return new Walk(text, start).redacted(this.#root);
  }
}

/** What stands in the text from `start` to `end` is `text` instead. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const structure = /["[\]{}]/g;
const scalarEnd = /[\s,\]}]|$/g;
const blank = /[ \t\n\r]*/y;

/** One pass over a text that is known to be JSON. */
class Walk {
  readonly #text: string;
  #at: number;
  #depth = 0;
  /** In the order of the text, none in another. */
  readonly #edits: Edit[] = [];

  constructor(text: string, at: number) {
    this.#text = text;
    this.#at = at;
  }

  redacted(root: Place): string {
    this.#skipBlank();
    this.#value(root);
    return root.rule?.redactor === "drop" ? "" : this.#spliced(0, this.#text.length, this.#edits);
  }

  /** Goes behind the value that comes next, and notes what is to stand in its place. */
  #value(place: Place): void {
    const { rule } = place;
    const start = this.#at;
    const known = this.#edits.length;
    const first = this.#text[start];
    if (place.isEnd || (first !== "{" && first !== "[")) this.#skipValue();
    else {
      if (++this.#depth > maxDepth) throw new NotRedactable("too_deep");
      this.#at++;
      this.#children(place, first === "{");
      this.#depth--;
    }
    if (rule === undefined || rule.redactor === "drop") return;
    // What paths name in it is gone from what is hashed or cut, too.
    const text = this.#spliced(start, this.#at, this.#edits.splice(known));
    const redacted = redactValue(rule.redactor, valueOf(text));
    this.#edits.push({ start, end: this.#at, text: JSON.stringify(redacted) });
  }

  /** Members of an object, or elements of an array: each with its comma if it is to be dropped. */
  #children(place: Place, isObject: boolean): void {
    this.#skipBlank();
    let before: number | undefined;
    let isOneKept = false;
    for (let number = 0; !this.#isClosed(); number++) {
      const start = this.#at;
      const key = isObject ? this.#name() : number;
      const known = this.#edits.length;
      const child = place.below(key);
      this.#value(child);
      const end = this.#at;
      this.#skipBlank();
      if (this.#text[this.#at] === ",") {
        this.#at++;
        this.#skipBlank();
      }
      const isLast = this.#isClosed();
      if (child.rule?.redactor === "drop") {
        this.#edits.length = known;
        const from = isOneKept ? (before ?? start) : start;
        this.#edits.push({ start: from, end: isOneKept || isLast ? end : this.#at, text: "" });
      } else isOneKept = true;
      before = end;
    }
    this.#at++;
  }

  #isClosed(): boolean {
    const character = this.#text[this.#at];
    return character === "}" || character === "]";
  }

  #name(): string {
    const start = this.#at;
    this.#skipString();
    const quoted = this.#text.slice(start, this.#at);
    this.#skipBlank();
    this.#at++;
    this.#skipBlank();
    return quoted.includes("\\") ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
  }

  #skipValue(): void {
    const first = this.#text[this.#at];
    if (first === '"') this.#skipString();
    else if (first === "{" || first === "[") this.#skipNested();
    else {
      scalarEnd.lastIndex = this.#at;
      this.#at = scalarEnd.exec(this.#text)?.index ?? this.#text.length;
    }
  }

  #skipNested(): void {
    let depth = 0;
    do {
      structure.lastIndex = this.#at;
      this.#at = structure.exec(this.#text)?.index ?? this.#text.length;
      const character = this.#text[this.#at];
      if (character === '"') {
        this.#skipString();
        continue;
      }
      depth += character === "{" || character === "[" ? 1 : -1;
      this.#at++;
    } while (depth > 0);
  }

  #skipString(): void {
    let end = this.#at;
    do {
      end = this.#text.indexOf('"', end + 1);
    } while (this.#isEscaped(end));
    this.#at = end + 1;
  }

  #isEscaped(at: number): boolean {
    let backslashes = 0;
    while (this.#text[at - 1 - backslashes] === "\\") backslashes++;
    return backslashes % 2 === 1;
  }

  #skipBlank(): void {
    if (this.#text.charCodeAt(this.#at) > 0x20) return;
    blank.lastIndex = this.#at;
    blank.test(this.#text);
    this.#at = blank.lastIndex;
  }

  #spliced(start: number, end: number, edits: readonly Edit[]): string {
    let text = "";
    let at = start;
    for (const edit of edits) {
      text += this.#text.slice(at, edit.start) + edit.text;
      at = edit.end;
    }
    return text + this.#text.slice(at, end);
  }
}

/**
 * A value as rules see it: a string itself, a number as JavaScript writes it (all digits of an integer), of
 * an object or a list the JSON that stands there.
 */
function valueOf(text: string): unknown {
  if (text === "null") return null;
  if (text.startsWith('"')) return JSON.parse(text);
  const number = Number(text);
  if (!Number.isFinite(number) || (/^-?\d+$/.test(text) && !Number.isSafeInteger(number))) return text;
  return String(number);
}
