import { quote, told, wrongKind, wrongValue } from "../../base/errors.ts";
import { oneOf, type Parser, parseFileFields, plainObject, integer, within } from "../../base/fields.ts";
import { secretVariable } from "./secret-variable.ts";

/**
 * What is done to a column before anything of it is copied:
 *
 * - `"drop"`: it is left out, and not even read
 * - `"mask"`: every value becomes `"***"`
 * - `{ hmacKeyEnv }`: every value becomes the 64 hex digits of the HMAC-SHA-256 of its text, with the key
 *   that the environment variable of this name holds
 * - `{ truncate: n }`: the first `n` characters of its text
 */
export type RedactRule = "drop" | "mask" | { readonly hmacKeyEnv: string } | { readonly truncate: number };

/** Rules by the names of columns, exactly but for letter case. A nested value is one with its column. */
export type RedactRules = Readonly<Record<string, RedactRule>>;

/** Of each column the strictest of the rules that several sources have for it. */
export function strictestRules(said: readonly RedactRules[]): RedactRules {
  const strictest = new Map<string, RedactRule>();
  for (const [name, rule] of said.flatMap((rules) => Object.entries(rules))) {
    const known = strictest.get(name);
    if (known === undefined || isStricter(rule, known)) strictest.set(name, rule);
  }
  // By name, so that equal rules compare as equal whoever said them.
  return Object.fromEntries([...strictest].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Nothing is less than a mark, that less than what tells equal values, that less than a part of the text. */
function isStricter(rule: RedactRule, known: RedactRule): boolean {
  if (typeof rule === "object" && typeof known === "object" && "truncate" in rule && "truncate" in known)
    return rule.truncate < known.truncate;
  return rankOf(rule) < rankOf(known);
}

function rankOf(rule: RedactRule): number {
  if (typeof rule === "string") return rule === "drop" ? 0 : 1;
  return "hmacKeyEnv" in rule ? 2 : 3;
}

/** Rules; the result has them by lower-case names. */
export const parseRedactRules: Parser<RedactRules> = (value, where) => {
  const rules = new Map<string, RedactRule>();
  for (const [name, rule] of Object.entries(plainObject(value, where))) {
    const key = name.toLowerCase();
    if (rules.has(key)) throw wrongValue(where, "names that differ in more than case", told(quote(name)));
    rules.set(key, parseRedactRule(rule, `${where}.${name}`));
  }
  return strictestRules([Object.fromEntries(rules)]);
};

/** One rule, as files say it. */
export const parseRedactRule: Parser<RedactRule> = (value, where) => {
  if (typeof value === "string") return oneOf("drop", "mask")(value, where);
  const expected = '"drop", "mask", or one of hmac_key_env and truncate';
  if (typeof value !== "object" || value === null) throw wrongKind(where, expected, value);
  const { hmacKeyEnv, truncate } = parseFileFields<{ hmacKeyEnv: string; truncate: number }>(
    value,
    within(where),
    { hmacKeyEnv: secretVariable, truncate: integer(0, Number.MAX_SAFE_INTEGER, "characters") },
  );
  if (hmacKeyEnv !== undefined && truncate === undefined) return { hmacKeyEnv };
  if (truncate !== undefined && hmacKeyEnv === undefined) return { truncate };
  throw wrongValue(where, expected, value);
};
