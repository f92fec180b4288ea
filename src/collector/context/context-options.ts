import { types } from "node:util";
import { quote, reading, told, wrongKind, wrongValue } from "../../base/errors.ts";
import { isTimeMs } from "../../base/time/host-time.ts";
import { optionsOf, type Parser, type Parsers, parseFields, plainObject } from "../../base/fields.ts";

/** Texts by name. */
export type Attributes = Readonly<Record<string, string>>;

/** Options of {@link CorrelationContext.create}. */
export interface ContextOptions {
  /**
   * What ties the records of one request together: 1 to 512 characters, no control characters or line
   * separators. Default: a new UUIDv7, whose order in time keeps files small and look-ups fast.
   */
  readonly id?: string | undefined;
  /** When the request came, 1970 to 9999; decides the partition of all its records. Default now. */
  readonly requestTime?: Date | undefined;
  /**
   * Texts stored with every record of the request (`mdc_tags`): at most 64, names of 1 to 128 characters,
   * values of at most 4,096. Default none.
   */
  readonly attributes?: Attributes | undefined;
}

/** {@link ContextOptions}, checked; what was not given is absent. */
export interface ParsedContextOptions {
  readonly id: string;
  /** Milliseconds since 1970 UTC. */
  readonly requestTime: number;
  readonly attributes: Attributes;
}

/** The attributes of a context that has none. */
export const noAttributes: Attributes = copyAttributes([]);

const maxIdLength = 512;
const maxNameLength = 128;
const maxValueLength = 4096;
const maxAttributes = 64;

/** Checks the options of `CorrelationContext.create`; errors say which is wrong. */
export function parseContextOptions(options: ContextOptions): Partial<ParsedContextOptions> {
  return parseFields(options, place, parsers);
}

/** True if `text` can be a correlation id. */
export function isId(text: string): boolean {
  return text.length >= 1 && text.length <= maxIdLength && !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text);
}

/** Bytes that attributes take at most, with their JSON text. */
export function attributesBytes(attributes: Attributes): number {
  let bytes = 0;
  for (const name of Object.keys(attributes))
    bytes += 64 + 4 * (name.length + (attributes[name] as string).length);
  return bytes;
}

/** Frozen, and without a prototype, so that no name in it is special. */
export function copyAttributes(entries: readonly (readonly [string, string])[]): Attributes {
  const copy: Record<string, string> = Object.create(null);
  for (const [name, text] of entries) copy[name] = text;
  return Object.freeze(copy);
}

const parseAttributes: Parser<Attributes> = (value, where) => {
  const given = plainObject(value, where);
  const entries = reading(where, () => Object.entries(given));
  if (entries.length > maxAttributes) {
    throw wrongValue(where, `at most ${maxAttributes} attributes`, entries.length);
  }
  const expected = `a text of at most ${maxValueLength} characters`;
  for (const [name, text] of entries) {
    if (name.length === 0 || name.length > maxNameLength) {
      throw wrongValue(
        `${where}, name of an attribute`,
        `1 to ${maxNameLength} characters`,
        told(quote(name)),
      );
    }
    if (typeof text !== "string") throw wrongKind(`${where}.${name}`, expected, text);
    if (text.length > maxValueLength) throw wrongValue(`${where}.${name}`, expected, text);
  }
  return entries.length === 0 ? noAttributes : copyAttributes(entries as [string, string][]);
};

const place = optionsOf("CorrelationContext.create");

const parsers: Parsers<ParsedContextOptions> = {
  id(value, where) {
    const expected = `a text of 1 to ${maxIdLength} characters without control characters or line separators`;
    if (typeof value !== "string") throw wrongKind(where, expected, value);
    if (!isId(value)) throw wrongValue(where, expected, value);
    return value;
  },
  requestTime(value, where) {
    const expected = "a valid Date from 1970 to 9999";
    // Not `instanceof`: test runners give each test file a `Date` of its own.
    if (!types.isDate(value)) throw wrongKind(where, expected, value);
    const time = Date.prototype.getTime.call(value);
    if (!isTimeMs(time)) throw wrongValue(where, expected, value);
    return time;
  },
  attributes: parseAttributes,
};
