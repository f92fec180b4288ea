import { kindOf, told, wrongKind, wrongValue } from "../../base/errors.ts";
import {
  boolean,
  fileName,
  integer,
  parseFields,
  parseFileFields,
  type Parser,
  type Parsers,
  text,
  within,
} from "../../base/fields.ts";
import type { JsonSchema, Kind, Origin } from "../setting-row.ts";
import type { KeepPredicate, KeepRule } from "./keep-rule.ts";

/** Rules that a deployment can have. */
const maxRules = 100;
/** A day: no request takes longer. */
const maxSlowMs = 86_400_000;
const ruleText =
  "a rule: { column, above, below, equals }, { slowerThanMs }, { failed: true }, { attribute, equals }, or in code a function";

/** A rule of a file that begins with `name` and may have these fields beside it. */
function ruleSchema(name: string, is: JsonSchema, beside: JsonSchema = {}): JsonSchema {
  const properties = { [name]: is, ...beside };
  return { type: "object", properties, required: [name], additionalProperties: false };
}

function textSchema(maxLength: number): JsonSchema {
  return { type: "string", minLength: 1, maxLength, pattern: "^[^\\p{Cc}\\p{Cs}]*$" };
}

/** Of `above` and `below` the order is left to the parser. */
const schema: JsonSchema = {
  type: "array",
  maxItems: maxRules,
  items: {
    anyOf: [
      {
        ...ruleSchema("column", textSchema(1_024), { above: { type: "number" }, below: { type: "number" } }),
        minProperties: 2,
      },
      {
        ...ruleSchema("column", textSchema(1_024), { equals: { type: ["string", "number", "boolean"] } }),
        minProperties: 2,
      },
      ruleSchema("slower_than_ms", { type: "integer", minimum: 0, maximum: maxSlowMs }),
      ruleSchema("failed", { const: true }),
      { ...ruleSchema("attribute", textSchema(128), { equals: { type: "string" } }), minProperties: 2 },
    ],
  },
};

/** A list of rules. In files their names are written with underscores, and there are no functions. */
export const keepRules: Kind<readonly KeepRule[]> = {
  parse(value, where, origin) {
    if (!Array.isArray(value)) throw wrongKind(where, "a list of rules", value);
    if (value.length > maxRules) throw wrongValue(where, `at most ${maxRules} rules`, value.length);
    return (value as readonly unknown[]).map((rule, index) => parseRule(rule, `${where}[${index}]`, origin));
  },
  schema,
  values: "a list of [rules](#which-requests-are-kept)",
  show: (rules) => (rules.length === 0 ? "none" : `${rules.length}`),
};

function parseRule(rule: unknown, where: string, { folder }: Origin): KeepRule {
  if (typeof rule === "function") return rule as KeepPredicate;
  if (typeof rule !== "object" || rule === null) throw wrongKind(where, ruleText, rule);
  // A folder that paths are relative to is what files have, and nothing else.
  const inFile = folder !== undefined;
  const fields = (inFile ? parseFileFields : parseFields)(rule, within(where), parsers);
  const named = (name: string): string => (inFile ? fileName(name) : name);
  const kinds = (["column", "slowerThanMs", "failed", "attribute"] as const).filter((name) => name in fields);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1)
    throw wrongValue(where, ruleText, told(kinds.map(named).join(" and ") || kindOf(rule)));
  const taken: readonly string[] = { ...argumentsOf, slowerThanMs: [], failed: [] }[kind];
  const stray = Object.keys(fields).find((name) => name !== kind && !taken.includes(name));
  if (stray !== undefined) throw wrongValue(where, `${named(kind)} without ${named(stray)}`, told("both"));
  checkArguments(fields, where);
  return Object.freeze(fields) as KeepRule;
}

/** What goes along with a rule's first word. */
const argumentsOf = { column: ["above", "below", "equals"], attribute: ["equals"] };

function checkArguments(fields: Partial<RuleFields>, where: string): void {
  const { column, attribute, above, below, equals } = fields;
  if (column !== undefined && above === undefined && below === undefined && equals === undefined)
    throw wrongValue(where, "above, below or equals beside column", told("none of them"));
  if (equals !== undefined && (above !== undefined || below !== undefined))
    throw wrongValue(where, "above and below, or equals", told("both"));
  if (above !== undefined && below !== undefined && above >= below)
    throw wrongValue(where, "above to be less than below", told(`${above} and ${below}`));
  if (attribute !== undefined && typeof equals !== "string")
    throw wrongKind(`${where}.equals`, "a text", equals);
}

/** All that a declared rule can say. */
interface RuleFields {
  readonly column: string;
  readonly above: number;
  readonly below: number;
  readonly equals: string | number | boolean;
  readonly slowerThanMs: number;
  readonly failed: true;
  readonly attribute: string;
}

const finite: Parser<number> = (value, where) => {
  if (typeof value !== "number") throw wrongKind(where, "a number", value);
  if (!Number.isFinite(value)) throw wrongValue(where, "a finite number", value);
  return value;
};

const parsers: Parsers<RuleFields> = {
  column: text(1_024),
  above: finite,
  below: finite,
  equals(value, where) {
    if (typeof value === "string" || typeof value === "boolean") return value;
    if (typeof value !== "number") throw wrongKind(where, "a text, a number, true or false", value);
    return finite(value, where);
  },
  slowerThanMs: integer(0, maxSlowMs, "milliseconds"),
  failed(value, where) {
    if (!boolean(value, where)) throw wrongValue(where, "true", value);
    return true;
  },
  attribute: text(128),
};
