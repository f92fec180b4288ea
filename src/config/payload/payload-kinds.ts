import { policies } from "../protection/policy.ts";
import type { RedactRules } from "../protection/redact-rules.ts";
import { ruleSchema } from "../setting-kinds.ts";
import type { JsonSchema, Kind } from "../setting-row.ts";
import { maxPaths, parseBodyRules } from "./body-rules.ts";
import { jsonPathPattern } from "./json-path.ts";
import type { PolicyByRoute, TabularColumns } from "./payload-config.ts";
import { maxRoutes, parsePolicyByRoute, parseRoutes, routePattern } from "./route-patterns.ts";
import { parseTabular } from "./tabular-columns.ts";

const jsonPath: JsonSchema = { type: "string", pattern: jsonPathPattern };
const route: JsonSchema = { type: "string", pattern: routePattern };
const words = policies.map((policy) => `\`${policy}\``);

/** What is done to values in JSON bodies. */
export const bodyRules: Kind<RedactRules> = {
  parse: parseBodyRules,
  schema: {
    anyOf: [
      { type: "array", items: jsonPath, maxItems: maxPaths },
      {
        type: "object",
        propertyNames: jsonPath,
        additionalProperties: ruleSchema,
        maxProperties: maxPaths,
      },
    ],
  },
  values: "JSON paths, or by path `drop`, `mask`, `{ hmacKeyEnv }` or `{ truncate }`",
  show: () => "none",
};

/** What is stored of exchanges, by route. */
export const policyByRoute: Kind<readonly PolicyByRoute[]> = {
  parse: (value, where) => [parsePolicyByRoute(value, where)],
  schema: {
    anyOf: [
      { enum: policies },
      {
        type: "object",
        propertyNames: route,
        additionalProperties: { enum: policies },
        maxProperties: maxRoutes,
      },
    ],
  },
  values: `${words.slice(0, -1).join(", ")} or ${words.at(-1)}, for all or by [route](payload.md#by-route)`,
  show: () => "`full`",
};

/** Patterns of routes. */
export const routes: Kind<readonly string[]> = {
  parse: parseRoutes,
  schema: { type: "array", items: route, maxItems: maxRoutes },
  values: "a list of [routes](payload.md#by-route)",
  show: (patterns) => patterns.map((pattern) => `\`${pattern}\``).join(", "),
};

const columnNames: JsonSchema = {
  type: "array",
  items: { type: "string", minLength: 1, maxLength: 1024, pattern: "^[^.\\u0000\\p{Cs}]*$" },
  minItems: 1,
  uniqueItems: true,
};

/** Whether columns are read from models' bodies, and what rows without names have. */
export const tabular: Kind<TabularColumns | null> = {
  parse: parseTabular,
  schema: {
    type: ["boolean", "object"],
    properties: {
      columns: {
        type: "object",
        properties: { inputs: columnNames, outputs: columnNames },
        additionalProperties: false,
      },
    },
    additionalProperties: false,
  },
  values: "true, false or `{ columns: { inputs, outputs } }`",
  show: (columns) => (columns === null ? "false" : "true"),
};
