import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonRedaction } from "../../src/http/body/redaction/json-redaction.ts";
import type {
  BodyRedactionRule,
  BodyRedactionRules,
} from "../../src/http/body/redaction/redaction-options.ts";
import { bodyRedactions, bodyRules } from "../../src/http/body/redaction/redaction-options.ts";

/** What is done to requests under the option `redact`. */
function redactionOf(rules: BodyRedactionRules): JsonRedaction | undefined {
  return bodyRedactions(bodyRules({ request: rules }, "redact"), { request: {}, response: {} }).request;
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** What a step of a path takes. */
type Step = { readonly name: string } | { readonly index: number } | { readonly below: string } | "*";

const names = fc.constantFrom("a", "b", "c d", "é", 'q"', "back\\", "__proto__", "0");
const value = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<Json>(
      null,
      true,
      false,
      1.5,
      -0,
      12,
      "",
      "text",
      'quote " and \\',
      "\n{[,:\u2028",
      "😀😀",
    ),
    fc.array(tie("value"), { maxLength: 4 }),
    fc
      .uniqueArray(fc.tuple(names, tie("value")), { maxLength: 5, selector: ([name]) => name })
      .map((members) => Object.fromEntries(members)),
  ),
})).value;
const step = fc.oneof(
  names.map((name): Step => ({ name })),
  fc.nat(3).map((index): Step => ({ index })),
  names.map((below): Step => ({ below })),
  fc.constant<Step>("*"),
);
const rule = fc.constantFrom<BodyRedactionRule>("drop", "mask", { truncate: 3 }, { hmacKey: "k" });

function pathText(steps: readonly Step[]): string {
  const texts = steps.map((one) => {
    if (one === "*") return "[*]";
    if ("index" in one) return `[${one.index}]`;
    return "name" in one ? `[${JSON.stringify(one.name)}]` : `..[${JSON.stringify(one.below)}]`;
  });
  return `$${texts.join("")}`;
}

/** JSON with whitespace, and characters written as escapes, as `seed` says. */
function written(of: Json, seed: number): string {
  const space = ["", " ", "\n\t", ""][seed % 4] ?? "";
  const string = (text: string): string => (seed % 3 === 0 ? escaped(text) : JSON.stringify(text));
  const write = (one: Json): string => {
    if (typeof one === "string") return string(one);
    if (typeof one !== "object" || one === null) return Object.is(one, -0) ? "-0" : JSON.stringify(one);
    const parts = Array.isArray(one)
      ? one.map(write)
      : Object.entries(one).map(([name, child]) => `${string(name)}${space}:${space}${write(child)}`);
    const [open, close] = Array.isArray(one) ? "[]" : "{}";
    return `${open}${space}${parts.join(`${space},${space}`)}${space}${close}`;
  };
  return `${space}${write(of)}${space}`;
}

function escaped(text: string): string {
  const units = [...Array(text.length).keys()].map((i) => text.charCodeAt(i).toString(16).padStart(4, "0"));
  return `"${units.map((unit) => `\\u${unit}`).join("")}"`;
}

const compact = 4;

/** The same on the parsed value: what is left of it, or `gone`. */
const gone = Symbol("gone");
type Left = Json | typeof gone;

function expectedOf(of: Json, pending: readonly (readonly Step[])[], how: BodyRedactionRule): Left {
  if (pending.some((steps) => steps.length === 0) && how === "drop") return gone;
  const child = (key: string | number, one: Json): Left => expectedOf(one, next(pending, key), how);
  let left: Json = of;
  if (Array.isArray(of))
    left = of.map((one: Json, i) => child(i, one)).filter((one): one is Json => one !== gone);
  else if (typeof of === "object" && of !== null)
    left = Object.fromEntries(
      Object.entries(of)
        .map(([name, one]) => [name, child(name, one)] as const)
        .filter((entry): entry is readonly [string, Json] => entry[1] !== gone),
    );
  if (!pending.some((steps) => steps.length === 0) || left === null) return left;
  if (how === "mask") return "***";
  const text = typeof left === "string" ? left : Object.is(left, -0) ? "0" : written(left, compact);
  if (typeof how === "object" && "truncate" in how) return [...text].slice(0, how.truncate).join("");
  return typeof how === "object" ? createHmac("sha256", how.hmacKey).update(text).digest("hex") : "";
}

function next(pending: readonly (readonly Step[])[], key: string | number): readonly (readonly Step[])[] {
  return pending.flatMap((steps) => {
    const [first, ...rest] = steps;
    if (first === undefined) return [];
    if (first === "*") return [rest];
    if ("below" in first) return first.below === key ? [steps, rest] : [steps];
    return ("name" in first ? first.name : first.index) === key ? [rest] : [];
  });
}

test("what JSON.parse reads of the redacted text is what the paths leave of the value", () => {
  const path = fc.array(step, { minLength: 1, maxLength: 4 });
  let touched = 0;
  fc.assert(
    fc.property(
      value,
      fc.array(path, { minLength: 1, maxLength: 3 }),
      rule,
      fc.nat(11),
      (of, paths, how, seed) => {
        // Of objects and lists, hash and part depend on how their text is written.
        const text = written(of, typeof how === "string" ? seed : compact);
        const rules = Object.fromEntries(paths.map((steps) => [pathText(steps), how]));
        const redacted = redactionOf(rules)?.redact(text) ?? "";
        const expected = expectedOf(of, paths, how);
        expect(JSON.parse(redacted)).toEqual(expected);
        if (redacted !== text) touched++;
      },
    ),
    { numRuns: 3_000 },
  );
  expect(touched).toBeGreaterThan(300);
});

test("a text is refused where JSON.parse refuses it, and else stays what it is if nothing is named", () => {
  const redaction = redactionOf(["$..nowhere"]);
  const isJson = (text: string): boolean => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  const damaged = fc.tuple(
    value,
    fc.nat(11),
    fc.nat(200),
    fc.constantFrom("", "}", "]", '"', ",", "\\", "1"),
  );
  fc.assert(
    fc.property(damaged, ([of, seed, at, by]) => {
      const text = written(of, seed);
      const changed = text.slice(0, at) + by + text.slice(at + 1);
      if (isJson(changed)) expect(redaction?.redact(changed)).toBe(changed);
      else expect(() => redaction?.redact(changed)).toThrow("not_json");
    }),
    { numRuns: 3_000 },
  );
});
