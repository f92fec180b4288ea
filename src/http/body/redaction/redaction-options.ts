import { wrongKind } from "../../../base/errors.ts";
import { groupOf, type Parser } from "../../../base/fields.ts";
import { keyedRule } from "../../../collector/protection.ts";
import { bodyRulesOf } from "../../../config/payload/body-rules.ts";
import { parseJsonPath } from "../../../config/payload/json-path.ts";
import type { BodyRedactConfig } from "../../../config/payload/payload-config.ts";
import type { RedactRules } from "../../../config/protection/redact-rules.ts";
import { resolveRule, type ResolvedRule } from "../../../frame/copy/redaction.ts";
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

/** Rules by side. */
export type SidedRules = Readonly<Partial<Record<"request" | "response", readonly PathRule[]>>>;

/** Redactions by side; none for a side of which all is stored. */
export type BodyRedactions = Readonly<Partial<Record<"request" | "response", JsonRedaction | undefined>>>;

const rule: Parser<ResolvedRule> = (value, where) => {
  const expected = '"drop", "mask", { hmacKey } or { truncate }';
  if (typeof value === "function") throw wrongKind(where, expected, value);
  return resolveRule(value, where);
};
const rulesByPath = bodyRulesOf(rule);
const side: Parser<readonly PathRule[]> = (value, where) =>
  rulesByPath(value, where).map(([path, resolved]) => pathRule(path, resolved));

/** Checks the option `redact`. Errors say which path is wrong, and where. */
export const bodyRules: Parser<SidedRules> = groupOf<SidedRules>({ request: side, response: side });

/** What is done to bodies under the options and the configuration: of each value the strictest. */
export function bodyRedactions(own: SidedRules, { request, response }: BodyRedactConfig): BodyRedactions {
  return {
    request: new JsonRedaction([...(own.request ?? []), ...configured(request)]).orNone(),
    response: new JsonRedaction([...(own.response ?? []), ...configured(response)]).orNone(),
  };
}

/** Both, of each value the strictest. */
export function joinedRedactions(one: BodyRedactions, other: BodyRedactions): BodyRedactions {
  // Most requests meet one adapter.
  if (other.request === undefined && other.response === undefined) return one;
  return {
    request: one.request?.and(other.request) ?? other.request,
    response: one.response?.and(other.response) ?? other.response,
  };
}

function configured(rules: RedactRules): readonly PathRule[] {
  return Object.entries(rules).map(([path, one]) => pathRule(path, resolveRule(keyedRule(one), path)));
}

function pathRule(path: string, resolved: ResolvedRule): PathRule {
  return { path: parseJsonPath(path, path), rule: resolved };
}
