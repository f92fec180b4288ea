import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { JsonRecords } from "../../../src/frame/from/json/json-records.ts";
import { FrameProblem } from "../../../src/frame/source-frame.ts";

const bounds = { maxFrameRows: 1_000, maxFrameColumns: 100 };

/** The cells of each column, by name. */
function columnsOf(text: string): Record<string, unknown> {
  const frame = new JsonRecords(text, bounds);
  return Object.fromEntries(frame.names.map((name, i) => [name, frame.column(i).cells]));
}

const json = (value: string) => ({ kind: "json", value, element: undefined });
const list = (element: string | undefined, value: readonly unknown[]) => ({ kind: "list", value, element });

describe("the texts of a column's numbers say what it is", () => {
  test.each<[string, readonly unknown[]]>([
    ['[{"a":1},{"a":-0},{"a":9007199254740993}]', [1n, 0n, 9007199254740993n]],
    ['[{"a":1},{"a":0.5},{"a":null},{}]', [1, 0.5, null, null]],
    ['[{"a":1.0},{"a":1e3}]', [1, 1000]],
    // Among doubles, one that no double holds stays what it is, and is rejected alone.
    ['[{"a":0.5},{"a":9007199254740993},{"a":9007199254740994}]', [0.5, 9007199254740993n, 9007199254740994]],
    ['[{"a":1e999}]', [{ kind: "rejected", value: '"1e999"', element: undefined }]],
  ])("%s", (text, cells) => {
    expect(columnsOf(text)).toEqual({ a: cells });
  });
});

describe("nested cells", () => {
  test.each<[string, readonly unknown[]]>([
    ['[{"a":[1.0, null]},{"a":[]},{"a":null}]', [list("float64", [1, null]), list("float64", []), null]],
    ['[{"a":[1]},{"a":[9007199254740993]}]', [list("int64", [1n]), list("int64", [9007199254740993n])]],
    ['[{"a":[]},{"a":[null]}]', [list(undefined, []), list(undefined, [null])]],
    ['[{"a":["x\\n"]}]', [list("string", ["x\n"])]],
    ['[{"a":[1,"x"]},{"a":[2]}]', [json('[1,"x"]'), json("[2]")]],
    [
      '[{"a":{"b":1.0,\n"1":[ ]}},{"a":"x"},{"a":1.0},{"a":null}]',
      [json('{"b":1.0, "1":[ ]}'), json('"x"'), json("1.0"), null],
    ],
  ])("%s", (text, cells) => {
    expect(columnsOf(text)).toEqual({ a: cells });
  });
});

test("any frame that JSON.stringify writes is read back", () => {
  const cell = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
  );
  const name = fc.constantFrom("a", "b", "10", "__proto__", "constructor");
  const rows = fc.array(fc.dictionary(name, cell, { noNullPrototype: false }), { maxLength: 8 });
  fc.assert(
    fc.property(rows, fc.constantFrom("", " \r\n\t"), (given, space) => {
      const text = JSON.stringify(given, undefined, space);
      const frame = new JsonRecords(text, bounds);
      expect(frame.rows).toBe(given.length);
      const parsed = JSON.parse(text) as Record<string, unknown>[];
      for (const [i, column] of frame.names.entries()) {
        const { cells } = frame.column(i);
        const plain = cells.map((one) => (typeof one === "bigint" ? Number(one) : one));
        expect(plain).toEqual(parsed.map((row) => (Object.hasOwn(row, column) ? row[column] : null)));
      }
    }),
  );
});

test("it takes a text exactly if JSON.parse does, whatever character of it is another", () => {
  const text = '[{"a":-1.5e+3,"b":"\\u00e9\\\\\\"x","c":[true,{"d":null}]},{"a":0, "b" : false}]';
  const characters = [
    '"',
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "0",
    "-",
    ".",
    "e",
    "u",
    "\n",
    "\u0001",
    " ",
    "t",
    "",
  ];
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.constantFrom(...characters), (at, character) => {
      const changed = text.slice(0, at) + character + text.slice(at + 1);
      const problem = problemOf(changed);
      const isJson = parses(changed);
      if (!isJson) expect(problem).toMatch(/no JSON|row|array/);
      // What is JSON may still be no frame.
      else expect(problem ?? "").not.toMatch(/no JSON/);
    }),
    { numRuns: 3_000 },
  );
});

function problemOf(text: string): string | undefined {
  try {
    columnsOf(text);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof FrameProblem)) throw thrown;
    return thrown.message;
  }
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test("bounds hold while it is read", () => {
  const wide = `[{${Array.from({ length: 101 }, (_, n) => `"c${n}":1`).join()}}]`;
  expect(problemOf(wide)).toContain("limits.maxFrameColumns");
  expect(problemOf(`[${"{},".repeat(1_000)}{}]`)).toContain("limits.maxFrameRows");
  expect(problemOf(`[{"a":${"[".repeat(100_000)}`)).toContain("64 levels");
});
