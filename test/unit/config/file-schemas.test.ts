import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deploymentSchema, ourSchema } from "../../../scripts/write-schemas.ts";
import { readDeploymentFile } from "../../../src/config/file/deployment-file.ts";
import { readOurFile } from "../../../src/config/file/our-settings.ts";
import { jsonPathPattern, parseJsonPath } from "../../../src/config/payload/json-path.ts";
import { parseRoutes, routePattern } from "../../../src/config/payload/route-patterns.ts";
import { settingRows } from "../../../src/config/settings.ts";

const ajv = new Ajv2020({ strict: false });
const workspace = undefined;

/** Values right for some setting, and wrong for most. Numbers in quotes are in every range or in none. */
const words = [
  "1",
  "x",
  "True",
  "fAlse",
  "true",
  "parquet",
  "group",
  "day",
  "Hour",
  "full",
  "",
  " ",
  "a\nb",
  "a b",
];
const value = fc.oneof(
  fc.constantFrom<unknown>(...words, true, false, null, 0, 1, 0.5, -1, 1.5, 10_000, 1_048_576, 1e18),
  fc.constantFrom<unknown>(
    [],
    {},
    ["x"],
    ["a b"],
    { email: "drop" },
    { email: { truncate: 3 } },
    { email: "no" },
  ),
  fc.constantFrom<unknown>("x".repeat(300), "..", "a..b", "-a", { email: { truncate: -1 } }, { email: {} }),
);
const name = fc.constantFrom("a", "model_inputs", "a b", "a..b", "");

/** An object with some of these fields, and now and then a field that nobody knows. */
function some(fields: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<unknown> {
  const known = fc
    .subarray(Object.keys(fields), { maxLength: Math.min(3, Object.keys(fields).length) })
    .chain((keys) => fc.record(Object.fromEntries(keys.map((key) => [key, fields[key] ?? value]))));
  return fc.oneof(
    { weight: 30, arbitrary: known },
    { weight: 1, arbitrary: known.map((object) => ({ ...object, unknown: 1 })) },
    { weight: 1, arbitrary: value },
  );
}

/** What has a schema's own keys; their values are right more often than not, by what it says of them. */
function guided(schema: object): fc.Arbitrary<unknown> {
  const {
    properties,
    additionalProperties: each,
    anyOf,
    items,
    minimum,
    maximum,
    enum: choices,
  } = schema as Schema;
  if (properties !== undefined) {
    const fields = Object.entries(properties).filter(([key, one]) => one !== false && key !== "destination");
    return some(Object.fromEntries(fields.map(([key, one]) => [key, guided(one as object)])));
  }
  if (typeof each === "object") {
    const entries = fc.array(fc.tuple(name, guided(each)), { maxLength: 1 });
    return entries.map((pairs) => Object.fromEntries(pairs));
  }
  if (items !== undefined) return fc.array(guided(items), { maxLength: 2 });
  if (anyOf !== undefined && properties === undefined) return mostly(fc.oneof(...anyOf.map(guided)));
  const right = [...(choices ?? []), ...(minimum === undefined ? [] : [minimum, maximum])];
  return right.length === 0 ? value : mostly(fc.constantFrom<unknown>(...right));
}

function mostly(right: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 5, arbitrary: right }, { weight: 1, arbitrary: value });
}

interface Schema {
  readonly properties?: Readonly<Record<string, object | boolean>>;
  readonly additionalProperties?: object | boolean;
  readonly anyOf?: readonly object[];
  readonly items?: object;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly unknown[];
}

function accepts(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    expect(String(error)).toMatch(/^(Type|Range)Error: blue(\.mdc)?\.yml:\d+/);
    return false;
  }
}

/** What the schemas leave to the parser: see `docs/configuration.md`. */
function isLeftToParser(document: unknown): boolean {
  const text = JSON.stringify(document);
  const isQuoted = /_(bytes|ms|rows|columns)":"1"/.test(text);
  if (/"(above|below)":/.test(text)) return true;
  return isQuoted || /"(hash_key_env|hmac_key_env|model|path|client_id|baseline)":/.test(text);
}

describe.each([
  ["our file", ourSchema(), (text: string) => readOurFile(text, "/x/blue.mdc.yml", workspace)],
  ["Azure's YAML", deploymentSchema(), (text: string) => readDeploymentFile(text, "/x/blue.yml", workspace)],
])("the schema of %s", (_, schema, read) => {
  test("accepts what the parser accepts, and nothing else", () => {
    const validate = ajv.compile(schema);
    const seen = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(guided(schema), (document) => {
        fc.pre(!isLeftToParser(document));
        const byParser = accepts(() => read(JSON.stringify(document)));
        seen[byParser ? "accepted" : "refused"]++;
        expect(validate(document), JSON.stringify(validate.errors)).toBe(byParser);
      }),
      { numRuns: 800 },
    );
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(15);
  });
});

test.each([
  [
    "a JSON path",
    jsonPathPattern,
    fc.constantFrom(..."$ $ . .. [ ] , * 0 7 a é - ' \" \\ \\' \\n".split(" "), " "),
    parseJsonPath,
  ],
  [
    "a route",
    routePattern,
    fc.constantFrom("/", "*", "GET ", "get ", "a", "?", "%20", " ", "é", "\n"),
    (route: string) => parseRoutes([route], "ignore"),
  ],
])("the pattern of %s is that of its parser", (_, pattern, part, parse) => {
  const expression = new RegExp(pattern, "u");
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const text = parts.join("");
      const byParser = succeeds(() => parse(text, "it"));
      if (byParser) accepted++;
      expect(expression.test(text), text).toBe(byParser);
    }),
    { numRuns: 3_000 },
  );
  expect(accepted).toBeGreaterThan(50);
});

function succeeds(call: () => unknown): boolean {
  try {
    call();
    return true;
  } catch {
    return false;
  }
}

test("every setting that a file can say has a schema of its own", () => {
  const without = [...settingRows()].filter(
    ([, { file, kind }]) => (file.ours === true || file.azure !== undefined) && kind.schema === undefined,
  );
  expect(without.map(([setting]) => setting)).toEqual([]);
});
