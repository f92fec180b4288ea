import { resolve } from "node:path";
import { wrongKind, wrongValue } from "../base/errors.ts";
import {
  boolean,
  callback,
  integer,
  oneOf,
  orNull as parseOrNull,
  type Parser,
  share,
  text,
} from "../base/fields.ts";
import { type Credential, parseCredential } from "../destination/credential.ts";
import { type ParsedDestination, parseDestination } from "../destination/parse-destination.ts";
import type { Secret } from "../destination/secret.ts";
import { namePattern, parseName } from "../layout/collection-key.ts";
import { parseRedactRules, type RedactRules } from "./protection/redact-rules.ts";
import { secretVariable as parseSecretVariable } from "./protection/secret-variable.ts";
import type { JsonSchema, Kind, Parse } from "./setting-row.ts";

export const KiB = 1024;
export const MiB: number = 1024 * KiB;
export const GiB: number = 1024 * MiB;
export const TiB: number = 1024 * GiB;

/** A whole number of bytes, bounds included. */
export function bytes(min: number, max: number): Kind<number> {
  return {
    parse: integer(min, max, "bytes"),
    schema: { type: "integer", minimum: min, maximum: max },
    values: `${sizeText(min)} to ${sizeText(max)}`,
    show: sizeText,
  };
}

/** A whole number of milliseconds, bounds included. */
export function milliseconds(min: number, max: number): Kind<number> {
  return {
    parse: integer(min, max, "milliseconds"),
    schema: { type: "integer", minimum: min, maximum: max },
    values: `${countText(min)} to ${countText(max)} ms`,
    show: countText,
  };
}

/** A whole number, bounds included. */
export function count(min: number, max: number): Kind<number> {
  return {
    parse: integer(min, max),
    schema: { type: "integer", minimum: min, maximum: max },
    values: `${countText(min)} to ${countText(max)}`,
    show: countText,
  };
}

/** A share. */
export const rate: Kind<number> = {
  parse: share,
  schema: { type: "number", minimum: 0, maximum: 1 },
  values: "0 to 1",
  show: String,
};

export const flag: Kind<boolean> = {
  parse: boolean,
  schema: { type: "boolean" },
  values: "true or false",
  show: String,
};

/** One of a few words. */
export function choice<const T extends string>(...words: readonly T[]): Kind<T> {
  return { parse: oneOf<T>(...words), schema: { enum: words }, values: choiceText(words), show: codeText };
}

/** The name of a host, or its address. */
export const host: Kind<string> = {
  parse(value, where) {
    const expected = "the name of a host or its address, without scheme and port";
    if (typeof value !== "string") throw wrongKind(where, expected, value);
    if (!/^[A-Za-z0-9._:-]{1,253}$/.test(value)) throw wrongValue(where, expected, value);
    return value;
  },
  values: "a host",
  show: codeText,
};

/** Of TCP. */
export const port: Kind<number> = { parse: integer(1, 65_535), values: "1 to 65,535", show: String };

/** A part of a path: see `parseName`. */
export const name: Kind<string> = {
  parse: parseName,
  schema: { type: "string", pattern: namePattern },
  values: "1 to 63 of `A-Z a-z 0-9 . _ -`, a letter or digit first, no `..`",
  show: codeText,
};

/** A model's name or version. */
export const modelText: Parser<string> = text(256);

/** The same in a table. */
export const model: Kind<string> = {
  parse: modelText,
  schema: { type: "string", minLength: 1, maxLength: 256, pattern: "^[^\\p{Cc}\\p{Cs}]*$" },
  values: "1 to 256 characters",
  show: codeText,
};

/** The name of an environment variable that holds a key. */
export const secretVariable: Kind<string> = {
  parse: parseSecretVariable,
  schema: { type: "string", pattern: "^[A-Za-z_]\\w{0,255}$" },
  values: "the name of an environment variable",
  show: codeText,
};

/** Names of headers (RFC 9110, 5.1), in lower case. */
export const headerNames: Kind<readonly string[]> = {
  parse(value, where) {
    const expected = "a list of header names";
    if (!Array.isArray(value)) throw wrongKind(where, expected, value);
    return value.map((name: unknown) => {
      if (typeof name !== "string") throw wrongKind(where, expected, name);
      if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name)) throw wrongValue(where, expected, name);
      return name.toLowerCase();
    });
  },
  schema: { type: "array", items: { type: "string", pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" } },
  values: "a list of header names",
  show: (names) => (names.length === 0 ? "none" : names.map(codeText).join(", ")),
};

/** One rule in files, as a JSON Schema. */
export const ruleSchema: JsonSchema = {
  anyOf: [
    { enum: ["drop", "mask"] },
    {
      type: "object",
      properties: {
        hmac_key_env: { type: "string", pattern: "^[A-Za-z_]\\w{0,255}$" },
        truncate: { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
      },
      minProperties: 1,
      maxProperties: 1,
      additionalProperties: false,
    },
  ],
};

/** What to do to columns before they are copied. */
export const redactRules: Kind<RedactRules> = {
  parse: parseRedactRules,
  schema: { type: "object", additionalProperties: ruleSchema },
  values: "by column: `drop`, `mask`, `{ hmacKeyEnv }` or `{ truncate }`",
  show: () => "none",
};

/** What `kind` takes, or null. */
export function orNull<T>({ parse, schema, values, show }: Kind<T>): Kind<T | null> {
  return {
    ...(schema && {
      schema:
        "type" in schema
          ? { ...schema, type: [schema["type"], "null"] }
          : { anyOf: [schema, { type: "null" }] },
    }),
    parse: (value, where, origin) => parseOrNull((given, at) => parse(given, at, origin))(value, where),
    values: `${values}, or null`,
    show: (value) => (value === null ? "none" : show(value)),
  };
}

/** A folder, made absolute at once, so that a later `process.chdir` moves nothing. */
export const folder: Kind<string> = pathKind("the path of a folder", "a folder");

/** The path of a file, likewise. */
export const file: Kind<string> = pathKind("the path of a file", "a file");

export const destination: Kind<ParsedDestination> = {
  parse: parseDestination,
  schema: { type: "string", minLength: 1 },
  values: "a folder, a blob URL, or `azureml://…`",
  show: () => "not shown",
};

export const credential: Kind<Secret<Credential>> = {
  parse: parseCredential,
  values: "a token credential, a connection string, or a shared access signature",
  show: () => "not shown",
};

/** A function; its own parameters are the caller's to declare. */
export function listener<T extends (...args: never[]) => unknown>(): Kind<T> {
  return { parse: callback<T>(), values: "a function", show: () => "a function" };
}

function pathKind(expected: string, values: string): Kind<string> {
  const parse: Parse<string> = (value, where, { folder: base = "" }) => {
    if (typeof value !== "string") throw wrongKind(where, expected, value);
    if (value.trim() === "" || value.includes("\0")) throw wrongValue(where, expected, value);
    return resolve(base, value);
  };
  return { parse, schema: { type: "string", pattern: "\\S" }, values, show: codeText };
}

function sizeText(size: number): string {
  const units = [TiB, GiB, MiB, KiB, 1];
  const unit = units.find((one) => size >= one && size % one === 0);
  if (unit === undefined) return countText(size);
  return `${countText(size / unit)} ${["TiB", "GiB", "MiB", "KiB", "B"][units.indexOf(unit)]}`;
}

/** By hand: to load what knows of languages takes longer than all else here, and every import would wait. */
function countText(number: number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

function codeText(word: string): string {
  return `\`${word}\``;
}

function choiceText(words: readonly string[]): string {
  const coded = words.map(codeText);
  return `${coded.slice(0, -1).join(", ")} or ${coded.at(-1)}`;
}
