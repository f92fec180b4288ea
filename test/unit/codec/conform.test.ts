import { describe, expect, test } from "vitest";
import type { BatchColumn } from "../../../src/frame/batch.ts";
import type { ColumnType } from "../../../src/layout/column-type.ts";
import { conformBatch } from "../../../src/frame/conform/conform.ts";
import { columnCells } from "../../support/column-cells.ts";
import { makeBatch, type Plain, type PlainColumn } from "../../support/make-batch.ts";

/**
 * What becomes of `cells` that came as `from` in a column pinned to `to`, beside a first row of the pinned
 * type.
 */
function conform(
  from: ColumnType | "rejected",
  to: ColumnType,
  cells: readonly Plain[],
  first: Plain = null,
) {
  const rows = cells.length + 1;
  const columns: PlainColumn[] = [
    { name: "x", type: to, cells: [first, ...cells.map(() => null)] },
    { name: "x", type: from, cells: [null, ...cells] },
  ];
  const result = conformBatch(makeBatch({ columns, rows }), new Map([["x", to]]));
  return {
    values: valuesOf(result.columns[0], rows).slice(1),
    rejected: valuesOf(result.rejected, rows).slice(1),
    report: result.report,
  };
}

function valuesOf(column: BatchColumn | undefined, rows: number): unknown[] {
  if (column === undefined) return new Array(rows).fill(null);
  return columnCells(column, rows).map((cell) => cell ?? null);
}

describe("a column that came in its pinned type only", () => {
  test("is passed on as the same object", () => {
    const batch = makeBatch({ columns: [{ name: "x", type: "float64", cells: [1, null] }] });
    const { columns, rejected, report } = conformBatch(batch, new Map([["x", "float64"]]));
    expect(columns[0]).toBe(batch.columns[0]);
    expect([rejected, report]).toEqual([undefined, []]);
  });

  test("is left out where the batch does not have it", () => {
    const batch = makeBatch({ columns: [{ name: "x", type: "float64", cells: [1] }] });
    const { columns } = conformBatch(
      batch,
      new Map<string, ColumnType>([
        ["y", "string"],
        ["x", "float64"],
      ]),
    );
    expect(columns).toEqual([batch.columns[0]]);
  });
});

describe("a value of another type", () => {
  const big = 2n ** 53n;

  test.each<[string, ColumnType, ColumnType, readonly Plain[], readonly Plain[]]>([
    ["an integer up to 2^53 becomes a double", "int64", "float64", [3n, big, -big], [3, 2 ** 53, -(2 ** 53)]],
    ["an int32 becomes a double", "int32", "float64", [7], [7]],
    ["an int32 becomes an int64", "int32", "int64", [-7], [-7n]],
    ["a whole double becomes an int64", "float64", "int64", [5, -(2 ** 63), -0], [5n, -(2n ** 63n), 0n]],
    ["a whole double becomes an int32", "float64", "int32", [5], [5]],
    ["an int64 in range becomes an int32", "int64", "int32", [-5n], [-5]],
    ["a NaN beside text is null", "float64", "string", [Number.NaN], [null]],
    ["a NaN beside a list is null", "float64", { list: "string" }, [Number.NaN], [null]],
    ["an empty list fits every list", { list: "string" }, { list: "int64" }, [[]], [[]]],
    ["a list of nulls fits every list", { list: "string" }, { list: "int64" }, [[null]], [[null]]],
    ["an empty list is JSON", { list: "float64" }, "json", [[], [null]], ["[]", "[null]"]],
    ["text is JSON", "string", "json", ['a "b"', ""], ['"a \\"b\\""', '""']],
    ["a number is JSON", "float64", "json", [1, -0, 1e300, 0.1], ["1", "-0", "1e+300", "0.1"]],
    ["an integer is JSON, to its last digit", "int64", "json", [2n ** 53n + 1n], ["9007199254740993"]],
    ["a boolean is JSON", "boolean", "json", [true, false], ["true", "false"]],
    ["a list is JSON", { list: "string" }, "json", [["a", null]], ['["a",null]']],
    [
      "a timestamp is JSON text, to the microsecond",
      "timestamp",
      "json",
      [1_700_000_000_000_001n],
      ['"2023-11-14T22:13:20.000001Z"'],
    ],
    ["a NaN beside JSON is null", "float64", "json", [Number.NaN], [null]],
    ["a list's integers become doubles", { list: "int64" }, { list: "float64" }, [[1n, null]], [[1, null]]],
  ])("%s", (_what, from, to, cells, expected) => {
    expect(conform(from, to, cells)).toEqual({
      values: expected,
      rejected: cells.map(() => null),
      report: [],
    });
  });

  test.each<[string, ColumnType | "rejected", ColumnType, Plain, string]>([
    ["an integer beyond 2^53 in a double column", "int64", "float64", big + 1n, '"9007199254740993"'],
    ["a fraction in an integer column", "float64", "int64", 1.5, "1.5"],
    ["a whole double beyond 64 bits", "float64", "int64", 2 ** 63, "9223372036854776000"],
    ["an infinity in an integer column", "float64", "int64", -Infinity, '"-Infinity"'],
    ["a NaN in an integer column", "float64", "int64", Number.NaN, '"NaN"'],
    ["an int64 beyond 32 bits", "int64", "int32", 2n ** 31n, '"2147483648"'],
    ["a double in a text column", "float64", "string", -0, "-0"],
    ["text in a double column", "string", "float64", 'a "b"', '"a \\"b\\""'],
    ["a boolean in a double column", "boolean", "float64", true, "true"],
    [
      "a timestamp in an integer column",
      "timestamp",
      "int64",
      1_700_000_000_000_001n,
      '"2023-11-14T22:13:20.000001Z"',
    ],
    ["a timestamp of whole milliseconds", "timestamp", "string", -1000n, '"1969-12-31T23:59:59.999Z"'],
    ["bytes in a text column", "binary", "string", Uint8Array.of(255, 0), '"/wA="'],
    ["an object in a text column", "json", "string", '{"a":[1]}', '{"a":[1]}'],
    ["a list in a text column", { list: "int64" }, "string", [1n, null], '["1",null]'],
    ["a list with one value that does not fit", { list: "float64" }, { list: "int64" }, [1, 1.5], "[1,1.5]"],
    ["a scalar in a list column", "int64", { list: "int64" }, 1n, '"1"'],
    ["an infinity in a JSON column", "float64", "json", Infinity, '"Infinity"'],
    ["a list with a NaN in a JSON column", { list: "float64" }, "json", [1, Number.NaN], '[1,"NaN"]'],
    ["bytes in a JSON column", "binary", "json", Uint8Array.of(255, 0), '"/wA="'],
    ["bytes in a list in a JSON column", { list: "binary" }, "json", [Uint8Array.of(255)], '["/w=="]'],
    ["an empty list in a text column", { list: "float64" }, "string", [], "[]"],
    ["what no type can hold", "rejected", "string", '"\\ud800"', '"\\ud800"'],
  ])("%s is kept exactly in mdc_rejected", (_what, from, to, cell, text) => {
    const { values, rejected, report } = conform(from, to, [cell]);
    expect([values, rejected]).toEqual([[null], [`{"x":${text}}`]]);
    expect(report).toMatchObject([{ name: "x", cells: 1 }]);
    expect(JSON.parse(rejected[0] as string)).toHaveProperty("x");
  });

  test("does not move the values of the pinned type", () => {
    expect(conform("string", "float64", ["a", "b"], 2.5).values).toEqual([null, null]);
    const columns: PlainColumn[] = [
      { name: "x", type: "float64", cells: [1, null, 3] },
      { name: "x", type: "int64", cells: [null, 2n, null] },
    ];
    const result = conformBatch(makeBatch({ columns }), new Map([["x", "float64"]]));
    expect(valuesOf(result.columns[0], 3)).toEqual([1, 2, 3]);
  });
});

describe("mdc_rejected", () => {
  test("has one object a row with every column that did not fit, and the report counts by column and type", () => {
    const batch = makeBatch({
      columns: [
        { name: "a", type: "string", cells: ["x", "y", null] },
        { name: 'b"', type: "boolean", cells: [true, null, null] },
        { name: "unknown", type: "int64", cells: [null, 1n, null] },
      ],
    });
    const result = conformBatch(
      batch,
      new Map<string, ColumnType>([
        ["a", "float64"],
        ['b"', "string"],
      ]),
    );
    expect(valuesOf(result.rejected, 3)).toEqual(['{"a":"x","b\\"":true}', '{"a":"y","unknown":"1"}', null]);
    expect(result.columns).toEqual([]);
    expect(result.report).toEqual([
      { name: "a", expected: "float64", got: "string", cells: 2 },
      { name: 'b"', expected: "string", got: "boolean", cells: 1 },
      { name: "unknown", expected: "none", got: "int64", cells: 1 },
    ]);
  });

  test("keeps the values of a column that has no type yet, and nobody is told of them", () => {
    const batch = makeBatch({
      columns: [
        { name: "a", type: "float64", cells: [Number.NaN, null, Number.NaN] },
        { name: "b", type: { list: "float64" }, cells: [[], [null], null] },
        { name: "c", type: "float64", cells: [1, null, null] },
      ],
    });
    const result = conformBatch(batch, new Map());
    expect(valuesOf(result.rejected, 3)).toEqual(['{"a":"NaN","b":[],"c":1}', '{"b":[null]}', '{"a":"NaN"}']);
    expect(result.report).toEqual([{ name: "c", expected: "none", got: "float64", cells: 1 }]);
  });
});
