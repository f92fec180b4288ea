import { kindOf, quote, reading, told, wrongKind, wrongValue } from "./errors.ts";
import { nearest } from "./nearest.ts";

/** Turns the value a user gave into the value we use, or throws an error that begins with `where`. */
export type Parser<T> = (value: unknown, where: string) => T;

/** One parser for each field of `T`; the names are also the list of names that are known. */
export type Parsers<T extends object> = { readonly [K in keyof T]-?: Parser<Exclude<T[K], undefined>> };

/** How an options object and its fields are called in messages. */
export interface Place {
  readonly whole: string;
  field(name: string): string;
}

/** The options of a function: "openDeployment options", "openDeployment option samplingRate". */
export function optionsOf(callee: string): Place {
  return { whole: `${callee} options`, field: (name) => `${callee} option ${name}` };
}

/** An object within options: "openDeployment option spool", "openDeployment option spool.maxBytes". */
export function within(where: string): Place {
  return { whole: where, field: (name) => `${where}.${name}` };
}

/**
 * Reads an object field by field. Absent and undefined fields are left out of the result; names without a
 * parser are errors that suggest the nearest known name. A value under an unknown name is never shown: it may
 * be a secret.
 */
export function parseFields<T extends object>(value: unknown, place: Place, parsers: Parsers<T>): Partial<T> {
  const given = plainObject(value, place.whole);
  const known = Object.keys(parsers);
  const result: Partial<T> = {};
  for (const name of reading(place.whole, () => Object.keys(given))) {
    if (!Object.hasOwn(parsers, name)) throw unknownName(name, place.whole, known);
    const field = reading(place.field(name), () => given[name]);
    if (field === undefined) continue;
    const key = name as keyof T;
    result[key] = parsers[key](field as never, place.field(name)) as never;
  }
  return result;
}

/** An object within options, field by field. */
export function groupOf<T extends object>(parsers: Parsers<T>): Parser<Partial<T>> {
  return (value, where) => parseFields(value, within(where), parsers);
}

/**
 * The same of a file, where names are written with underscores (`max_age_ms`); as in code (`maxAgeMs`) is
 * understood too. The result has the names of code.
 */
export function parseFileFields<T extends object>(
  value: unknown,
  place: Place,
  parsers: Parsers<T>,
): Partial<T> {
  const given = plainObject(value, place.whole);
  const renamed: Record<string, unknown> = {};
  const names = new Map<string, string>();
  for (const [name, field] of Object.entries(given)) {
    const key = codeName(name);
    if (!Object.hasOwn(parsers, key))
      throw unknownName(name, place.whole, Object.keys(parsers).map(fileName));
    if (names.has(key))
      throw wrongValue(place.field(name), "each setting once", told(nameText(names.get(key) ?? name)));
    names.set(key, name);
    renamed[key] = field;
  }
  return parseFields(renamed, { ...place, field: (key) => place.field(names.get(key) ?? key) }, parsers);
}

/** How a file writes the name of a setting. */
export function fileName(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** How code writes a name of a file. */
export function codeName(key: string): string {
  return key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function unknownName(name: string, where: string, known: readonly string[]): RangeError {
  const guess = nearest(name, known);
  const expected =
    guess === undefined ? `only ${known.join(", ")}` : `a known name (did you mean "${guess}"?)`;
  return wrongValue(where, expected, told(nameText(name)));
}

/** A name in a message, if it looks like the name of a setting: a secret may have come in its place. */
export function nameText(name: string): string {
  return /^[\w.-]{1,64}$/.test(name) ? quote(name) : kindOf(name).replace("a text", "a name");
}

/**
 * An object of named values: not null, an array, a `Map`, a `Date` or the like, whose content would go
 * unseen.
 */
export function plainObject(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (reading(where, () => Object.prototype.toString.call(value)) !== "[object Object]")
    throw wrongKind(where, "a plain object", value);
  return value as Readonly<Record<string, unknown>>;
}

/** `true` or `false`. */
export const boolean: Parser<boolean> = (value, where) => {
  if (typeof value !== "boolean") throw wrongKind(where, "true or false", value);
  return value;
};

/** A share: a number from 0 to 1. */
export const share: Parser<number> = (value, where) => {
  const expected = "a number from 0 to 1";
  if (typeof value !== "number") throw wrongKind(where, expected, value);
  if (!(value >= 0 && value <= 1)) throw wrongValue(where, expected, value);
  // -0 would be stored and shown as such.
  return value + 0;
};

/** A whole number within bounds, both inclusive. */
export function integer(min: number, max: number, unit = ""): Parser<number> {
  const expected = `a whole number ${unit === "" ? "" : `of ${unit} `}from ${min} to ${max}`;
  return (value, where) => {
    if (typeof value !== "number") throw wrongKind(where, expected, value);
    if (!Number.isInteger(value) || value < min || value > max) throw wrongValue(where, expected, value);
    return value + 0;
  };
}

/** One of a few texts. */
export function oneOf<const T extends string>(...choices: readonly T[]): Parser<T> {
  const expected = choices.map((choice) => `"${choice}"`).join(" or ");
  return (value, where) => {
    if (typeof value !== "string") throw wrongKind(where, expected, value);
    if ((choices as readonly string[]).includes(value)) return value as T;
    const guess = nearest(value, choices);
    throw wrongValue(where, guess === undefined ? expected : `${expected} (did you mean "${guess}"?)`, value);
  };
}

/** A short text for people: 1 to `longest` UTF-16 code units, no control characters, well-formed Unicode. */
export function text(max: number): Parser<string> {
  const expected = `a text of 1 to ${max} characters without control characters`;
  return (value, where) => {
    if (typeof value !== "string") throw wrongKind(where, expected, value);
    if (value.length === 0 || value.length > max || /[\p{Cc}\p{Cs}]/u.test(value)) {
      throw wrongValue(where, expected, value);
    }
    return value;
  };
}

/** What `parse` takes, or null. */
export function orNull<T>(parse: Parser<T>): Parser<T | null> {
  return (value, where) => (value === null ? null : parse(value, where));
}

/** A function. Its own parameters are the caller's to declare. */
export function callback<T extends (...args: never[]) => unknown>(): Parser<T> {
  return (value, where) => {
    if (typeof value !== "function") throw wrongKind(where, "a function", value);
    return value as T;
  };
}
