import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDocument, stringify } from "yaml";
import { readDeploymentFile } from "../../../src/config/file/deployment-file.ts";
import { readYaml } from "../../../src/config/file/yaml-text.ts";
import { thrown } from "./thrown.ts";

const data = (text: string): unknown => readYaml(text, "a.yml").data;
const error = (text: string): string => thrown(() => readYaml(text, "a.yml"));
const lines = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join("\n");

describe("a document becomes plain data", () => {
  it("whatever JSON it says, in block and flow style", () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), fc.boolean(), (value, flow) => {
        expect(data(stringify(value, { collectionStyle: flow ? "flow" : "any" }))).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    "",
    "~",
    "a:",
    "? a",
    "1: x\ntrue: y\n~: z",
    "__proto__: { polluted: true }",
    "a: !secret x",
    "a: &x [1, { b: 2 }]\nb: *x\nc: [*x, *x]",
    "a: &x 1\nb: &x 2\nc: *x",
    "&k a: *k",
    "base: &base { a: 1, b: 2 }\nx: { <<: *base, b: 3 }\ny: { b: 4, <<: *base }",
    "p: &p { a: 1 }\nq: &q { a: 2, b: 2 }\nx: { <<: [*p, *q] }",
    "'<<': 1",
    "a: |\n  x\n  y\nb: >\n  x\n  y",
    "%YAML 1.1\n---\na: yes\nb: 0o17\nc: 2026-11-22",
  ])("as the library has it: %j", (text) => {
    expect(data(text)).toEqual(parseDocument(text, { merge: true }).toJS());
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("in which an alias within its own anchor does no harm", () => {
    const found = data("a: &a { b: 1, c: *a }") as { a: { c: unknown } };
    expect(found.a.c).toBe(found.a);
  });

  it("and a key that is no text is no setting", () => {
    expect(data("? [a, &x b]\n: 1\n? { c: d }\n: 2\ne: *x")).toEqual({ e: "b" });
  });
});

describe("what is refused names the line, and quotes nothing", () => {
  it.each([
    ["a: 1\nb: 2\na: 3", "a.yml:3", "DUPLICATE_KEY"],
    ["x:\n  a: 1\n  'a': 2", "a.yml:3", "DUPLICATE_KEY"],
    ["x: [{ a: 1, a: 2 }]", "a.yml:1", "DUPLICATE_KEY"],
    ["a: 1\n---\nb: 1\n---\nc: 1", "a.yml:2", "MULTIPLE_DOCS"],
    [lines(200, (i) => `${" ".repeat(i)}a:`), "a.yml:102", "TOO_DEEP"],
    [`a: ${"[".repeat(120)}${"]".repeat(120)}`, "a.yml:1", "TOO_DEEP"],
    ["a: 5\nb: { <<: 5 }", "a.yml:2", "NO_MAPPING_TO_MERGE"],
    ["a: secret: x", "a.yml:1", "BLOCK_AS_IMPLICIT_KEY"],
  ])("%.60s", (text, place, code) => {
    expect(error(text)).toBe(`RangeError: ${place}: expected one YAML document, got "${code}"`);
  });

  it.each(["a: *b", "a: *b\nb: &b 1", `a: &a 1\nb: [${"*a, ".repeat(101)}]`])("%.60s", (text) => {
    expect(error(text)).toMatch(
      /^RangeError: a\.yml:[12]: expected aliases of anchors that are there, 100 uses at most, got "others"$/,
    );
  });

  it("however deep it is nested", () => {
    for (const piece of ["[", "{", "- ", "? ", "a: {", '{"a":']) {
      expect(error(piece.repeat(10_000))).toMatch(
        /^RangeError: a\.yml(:\d+)?: expected one YAML document, got "[A-Z_]+"$/,
      );
    }
  });
});

/**
 * Each is far longer than a file may be: what compares each with each would take minutes, and fail by that.
 */
describe("a long document is read in one go:", () => {
  it("many keys", () => {
    const found = readYaml(`${lines(20_000, (i) => `k${i}: ${i}`)}\nlast: { a: 1 }`, "a.yml");
    expect(Object.keys(found.data as object)).toHaveLength(20_001);
    expect(found.where("last", "a")).toBe("a.yml:20001: last.a");
    for (let i = 0; i < 20_000; i++) expect(found.place().field(`k${i}`).length).toBeGreaterThan(8);
  });

  it("many anchors, and aliases that look far back", () => {
    const text = `${lines(20_000, (i) => `k${i}: &a${i} ${i}`)}\n${lines(100, (i) => `l${i}: *a${i}`)}`;
    expect((data(text) as { l99: number }).l99).toBe(99);
  });

  it("aliases of aliases", () => {
    const level = (i: number): string =>
      `l${i}: &l${i} [${Array(9)
        .fill(i === 0 ? "lol" : `*l${i - 1}`)
        .join(", ")}]`;
    const merges = (i: number): string =>
      i === 0 ? "m0: &m0 { a: 1 }" : `m${i}: &m${i} { <<: [*m${i - 1}, *m${i - 1}] }`;
    let list = (data(lines(11, level)) as { l10: unknown }).l10;
    for (let i = 0; i < 11; i++) list = (list as unknown[])[8];
    expect(list).toBe("lol");
    expect(data(lines(50, merges))).toMatchObject({ m49: { a: 1 } });
  });

  it("many collections", () => {
    const text = `data_collector:\n  collections:\n${lines(20_000, (i) => `    c${i}: { enabled: 'True' }`)}`;
    expect(readDeploymentFile(text, "/a.yml", undefined).settings.collections?.size).toBe(20_000);
  });

  it("long texts, comments, blank lines, flow lists", () => {
    const text = `a: "${"x\\n".repeat(100_000)}"\n${"# c\n\n".repeat(20_000)}b: [${"1, ".repeat(30_000)}]\nc: ${"x\n  ".repeat(30_000)}\nd: 1`;
    expect(data(text)).toMatchObject({ d: 1 });
  });
});
