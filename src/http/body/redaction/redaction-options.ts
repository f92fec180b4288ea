import { quote, reading, wrongKind, wrongValue } from "../../../base/errors.ts";
import { groupOf, type Parser } from "../../../base/fields.ts";
import { resolveRule } from "../../../frame/copy/redaction.ts";
import { parseJsonPath } from "./json-path.ts";
import { JsonRedaction } from "./json-redaction.ts";
import type { PathRule } from "./path-places.ts";

/**
 * What is done to a value in a body: as to a column by the option `redact` of a collector. The text of a
 * number is what JavaScript writes, that of an object or a list the JSON that came.
 */
export type BodyRedactionRule =
  | "drop"
  | "mask"
  | { readonly hmacKey: string | Uint8Array }
  | { readonly truncate: number };

/** Paths to mask, or paths with what is done to each. */
export type BodyRedactionRules = readonly string[] | Readonly<Record<string, BodyRedactionRule>>;

/** Which values of JSON bodies are not stored as they came. */
export interface BodyRedactionOptions {
  readonly request?: BodyRedactionRules | undefined;
  readonly response?: BodyRedactionRules | undefined;
}

/** Paths of one side; more would take longer than the bodies themselves. */
const maxPaths = 256;

/** Redactions by side; none for a side of which all is stored. */
export interface BodyRedactions {
  readonly request?: JsonRedaction | undefined;
  readonly response?: JsonRedaction | undefined;
}

const side: Parser<JsonRedaction> = (value, where) => {
  if (typeof value !== "object" || value === null)
    throw wrongKind(where, "a list of JSON paths, or an object of rules by path", value);
  const rules = Array.isArray(value)
    ? value.map((path: unknown, i) => pathRule(path, "mask", `${where}[${i}]`))
    : reading(where, () => Object.entries(value)).map(([path, rule]) =>
        pathRule(path, rule, `${where}, path ${quote(path)}`),
      );
  if (rules.length > maxPaths) throw wrongValue(where, `at most ${maxPaths} paths`, rules.length);
  return new JsonRedaction(rules);
};

const sides = groupOf<BodyRedactions>({ request: side, response: side });

/** Checks the option `redact`. Errors say which path is wrong, and where. */
export const bodyRedactions: Parser<BodyRedactions> = (value, where) => {
  const { request, response } = sides(value, where);
  return { request: request?.orNone(), response: response?.orNone() };
};

function pathRule(path: unknown, rule: unknown, where: string): PathRule {
  if (typeof path !== "string") throw wrongKind(where, "a JSON path", path);
  const expected = '"drop", "mask", { hmacKey } or { truncate }';
  if (typeof rule === "function") throw wrongKind(where, expected, rule);
  return { path: parseJsonPath(path, where), rule: resolveRule(rule, where) };
}
