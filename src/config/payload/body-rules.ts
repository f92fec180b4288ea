import { quote, reading, wrongKind, wrongValue } from "../../base/errors.ts";
import type { Parser } from "../../base/fields.ts";
import { parseRedactRule, type RedactRules, strictestRules } from "../protection/redact-rules.ts";
import { parseJsonPath } from "./json-path.ts";

/** Paths of one side; more would take longer than the bodies themselves. */
export const maxPaths = 256;

/** Rules by JSON path: a list of paths to mask, or an object of what is done to each. */
export function bodyRulesOf<T>(parseRule: Parser<T>): Parser<readonly (readonly [path: string, rule: T])[]> {
  return (value, where) => {
    if (typeof value !== "object" || value === null)
      throw wrongKind(where, "a list of JSON paths, or an object of rules by path", value);
    const entries: readonly (readonly [unknown, unknown, string])[] = Array.isArray(value)
      ? value.map((path: unknown, i) => [path, "mask", `${where}[${i}]`] as const)
      : reading(where, () => Object.entries(value)).map(
          ([path, rule]) => [path, rule, `${where}, path ${quote(path)}`] as const,
        );
    if (entries.length > maxPaths) throw wrongValue(where, `at most ${maxPaths} paths`, entries.length);
    return entries.map(([path, rule, at]) => {
      if (typeof path !== "string") throw wrongKind(at, "a JSON path", path);
      parseJsonPath(path, at);
      return [path, parseRule(rule, at)] as const;
    });
  };
}

const parseRules = bodyRulesOf(parseRedactRule);

/** The rules of a file. */
export const parseBodyRules: Parser<RedactRules> = (value, where) =>
  strictestRules(parseRules(value, where).map(([path, rule]) => ({ [path]: rule })));
