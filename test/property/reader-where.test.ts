import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createParquetEncoder } from "../../src/codec/parquet/parquet-encoder.ts";
import type { ScalarType } from "../../src/layout/column-type.ts";
import { writePath } from "../../src/layout/dataset-path.ts";
import type { Where, WhereCondition, WhereValue } from "../../src/reader.ts";
import { datasetOf } from "../../src/reader/dataset.ts";
import { createMemoryStore } from "../../src/store/memory-store.ts";
import { correlationId, makeBatch, type Plain } from "../support/make-batch.ts";
import { duckdbQuery, fileBytes } from "../support/parquet-engines.ts";

/*
 * Whatever is asked of whatever files, the rows are those that a look at every value finds: nothing that
 * statistics, page indexes or Bloom filters say may cost one. Small pages and groups, values that repeat and
 * bounds that are values make these say as much as they can.
 */

/** 500 of them are 5,000 questions; `READER_DATASETS` asks for more than a test run has time for. */
const datasets = Number(process.env["READER_DATASETS"] ?? 120);
const questionsOfEach = 10;

/** Few different values, so that a question often meets one. Instants are microseconds. */
const pools: Record<Exclude<ScalarType, "int32">, readonly Plain[]> = {
  float64: [0, -0, 1, 2.5, -7, 1e300, Number.NaN, Infinity, -Infinity, 3],
  int64: [0n, 1n, 3n, -1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)],
  boolean: [true, false],
  string: ["", "a", "b", "ab", "\uffff", "\u{10000}", "é".repeat(70), `${"é".repeat(70)}x`, "2026-11-22"],
  timestamp: [0n, 1n, 999n, 1_000n, 1_763_000_000_000_000n, 1_763_000_000_000_001n, -1n],
  binary: [new Uint8Array(0), Uint8Array.of(1), Uint8Array.of(97, 98), Uint8Array.of(255, 254)],
  json: ['{"a":1}', "[]", "3", '"a"'],
};
const scalarNames = Object.keys(pools) as (keyof typeof pools)[];
/** Each column has one type wherever it is, as pins see to; `absent` is in no file. */
const columnTypes = { ...Object.fromEntries(scalarNames.map((name) => [name, name])), list: "list<string>" };

const cellOf = (type: keyof typeof pools): fc.Arbitrary<Plain> =>
  fc.option(fc.constantFrom(...pools[type]), { freq: 4 });

function cells(name: string, rows: number): fc.Arbitrary<readonly Plain[]> {
  const exactly = { minLength: rows, maxLength: rows };
  if (name === "list") {
    const list = fc.array(fc.option(fc.constantFrom(...pools.string)), { maxLength: 3 });
    return fc.array(fc.option(list), exactly);
  }
  const type = name as keyof typeof pools;
  // Sorted values make pages that differ.
  return fc.oneof(
    fc.array(cellOf(type), exactly),
    fc.constantFrom(...pools[type]).map((one) => new Array<Plain>(rows).fill(one)),
  );
}

const anyBatch = fc
  .integer({ min: 1, max: 12 })
  .chain((rows) =>
    fc.record(Object.fromEntries(Object.keys(columnTypes).map((name) => [name, cells(name, rows)]))),
  );

const anyFile = fc.record({
  batches: fc.array(anyBatch, { minLength: 1, maxLength: 4 }),
  columns: fc.subarray(Object.keys(columnTypes), { minLength: 5 }),
  rowGroupRows: fc.constantFrom(1, 10, 1_000),
  pageBytes: fc.constantFrom(1, 40, 1_000),
});

type Value = Exclude<WhereValue, null>;

/** A value of a type, as it is asked for: of an instant, its millisecond. */
const valueOf = (type: keyof typeof pools): fc.Arbitrary<Value> =>
  fc
    .constantFrom(...pools[type])
    .map((value) => (type === "timestamp" ? new Date(Math.floor(Number(value) / 1_000)) : (value as Value)));
const anyValue: fc.Arbitrary<Value> = fc.oneof(
  ...scalarNames.map(valueOf),
  fc.constantFrom<Value>(0.5, 3n, "ba", 2 ** 53, "1970-01-01T00:00:00.001Z"),
);

function condition(value: fc.Arbitrary<Value>, depth: number): fc.Arbitrary<WhereValue | WhereCondition> {
  const bound = value.map((one) => (typeof one === "boolean" || Number.isNaN(one) ? "b" : one));
  const bounds = fc.record(
    { above: bound, atLeast: bound, below: bound, atMost: bound },
    { requiredKeys: [] },
  );
  return fc.oneof(
    fc.option(value, { freq: 9 }),
    fc.record({ equals: fc.option(value, { freq: 9 }) }),
    fc.record({ in: fc.array(fc.option(value, { freq: 9 }), { maxLength: 4 }) }),
    fc
      .oneof(bounds, fc.record({ below: bound }), fc.record({ atLeast: bound }))
      .map(
        (limits): WhereCondition =>
          Object.keys(limits).length === 0 ? { not: null } : (limits as WhereCondition),
      ),
    fc.record({ contains: value }),
    fc.record({ not: depth > 1 ? condition(value, depth - 1) : fc.option(value) }),
  );
}

/** Mostly what a column can have. */
const anyEntry = fc.constantFrom(...Object.keys(columnTypes), "absent").chain((name) => {
  const own =
    name === "list" ? valueOf("string") : name === "absent" ? anyValue : valueOf(name as keyof typeof pools);
  return fc.tuple(
    fc.constant(name),
    condition(fc.oneof({ weight: 9, arbitrary: own }, { weight: 1, arbitrary: anyValue }), 2),
  );
});

const anyWhere: fc.Memo<Where> = fc.memo((depth) => {
  const flat = fc
    .array(anyEntry, { minLength: 1, maxLength: 2 })
    .map((entries): Where => Object.fromEntries(entries));
  if (depth <= 1) return flat;
  const several = fc.array(anyWhere(), { maxLength: 3 });
  return fc.oneof(
    { weight: 4, arbitrary: flat },
    { weight: 1, arbitrary: several.map((all): Where => ({ $and: all })) },
    { weight: 1, arbitrary: several.map((any): Where => ({ $or: any })) },
    { weight: 1, arbitrary: anyWhere().map((not): Where => ({ $not: not })) },
  );
});

describe("a question to a table", () => {
  test("is answered with the rows that a look at every value finds", { timeout: 300_000 }, async () => {
    const questions = fc.array(anyWhere(3), { minLength: questionsOfEach, maxLength: questionsOfEach });
    let met = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyFile, { minLength: 1, maxLength: 3 }), questions, async (files, asked) => {
        const { data, rows } = await stored(files);
        for (const where of asked) {
          const expected = rows.filter((row) => satisfies(where, row.cells)).map(({ id }) => id);
          const found: string[] = [];
          const columns = ["mdc_correlation_id", "mdc_row_index"];
          for await (const row of data.table("model_inputs", { where, columns }).rows())
            found.push(`${String(row["mdc_correlation_id"])} ${String(row["mdc_row_index"])}`);
          expect(found.sort()).toEqual(expected.sort());
          if (expected.length > 0 && expected.length < rows.length) met++;
        }
      }),
      { numRuns: datasets },
    );
    expect(met).toBeGreaterThan((datasets * questionsOfEach) / 5);
  });

  test("gives the values of all columns, whichever it asks about", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyFile, { minLength: 1, maxLength: 2 }),
        anyWhere(2),
        async (files, where) => {
          const { data, rows } = await stored(files);
          const names = Object.keys(columnTypes);
          const expected = rows
            .filter((row) => satisfies(where, row.cells))
            .map(({ cells }) => plainRow(cells));
          const found: string[] = [];
          for await (const row of data.table("model_inputs", { where, columns: names }).rows())
            found.push(plainRow(new Map(names.map((name) => [name, row[name]]))));
          expect(found.sort()).toEqual(expected.sort());
        },
      ),
      { numRuns: 100 },
    );
  });

  test("is answered as DuckDB answers it, of a file with pages and groups", async () => {
    const comparable = fc
      .constantFrom("float64", "int64", "string", "boolean")
      .chain((column) =>
        fc.tuple(
          fc.constant(column),
          fc.constantFrom("=", "<", ">="),
          fc.constantFrom(...pools[column as keyof typeof pools].filter((value) => !Number.isNaN(value))),
        ),
      );
    await fc.assert(
      fc.asyncProperty(anyFile, fc.array(comparable, { minLength: 1, maxLength: 4 }), async (file, asked) => {
        const { data, rows, bytes } = await stored([{ ...file, columns: Object.keys(columnTypes) }]);
        for (const [column, sign, value] of asked) {
          if (typeof value === "boolean" && sign !== "=") continue;
          const key = sign === "=" ? "equals" : sign === "<" ? "below" : "atLeast";
          const where = {
            [column]: { [key]: value, ...(column === "float64" && { not: Number.NaN }) },
          } as Where;
          let found = 0;
          for await (const { length } of data.table("model_inputs", { where })) found += length;
          const literal =
            typeof value === "string"
              ? `'${value}'`
              : Object.is(value, Infinity) || value === -Infinity
                ? `'${value}'::DOUBLE`
                : `${value}${typeof value === "number" ? "::DOUBLE" : ""}`;
          const besides = column === "float64" ? "AND NOT isnan(float64)" : "";
          const [counted] = await duckdbQuery(
            bytes[0] as Uint8Array,
            `SELECT count(*)::INT AS n FROM FILE WHERE "${column}" ${sign} ${literal} ${besides}`,
          );
          expect([column, sign, value, found, rows.length]).toEqual([
            column,
            sign,
            value,
            counted?.["n"],
            rows.length,
          ]);
        }
      }),
      { numRuns: 40 },
    );
  });
});

type Generated<T> = T extends fc.Arbitrary<infer V> ? V : never;
interface PlainRow {
  readonly id: string;
  readonly cells: ReadonlyMap<string, unknown>;
}

/** The files at one place, and their rows as they were given. */
async function stored(files: readonly Generated<typeof anyFile>[]) {
  const store = createMemoryStore();
  const rows: PlainRow[] = [];
  const written: Uint8Array[] = [];
  for (const [number, { batches, columns: names, rowGroupRows, pageBytes }] of files.entries()) {
    const all = batches.map((cellsOf, i) => {
      const seed = number * 100 + i;
      const columns = names.map((name) => ({
        name,
        type: name === "list" ? ({ list: "string" } as const) : (name as ScalarType),
        cells: cellsOf[name] ?? [],
      }));
      const count = columns[0]?.cells.length ?? 0;
      for (let row = 0; row < count; row++)
        rows.push({
          id: `${correlationId(seed, 0)} ${row}`,
          cells: new Map(columns.map(({ name, cells: values }) => [name, values[row]])),
        });
      return makeBatch({ seed, columns });
    });
    const schema = new Map(
      names.map((name) => [name, name === "list" ? ({ list: "string" } as const) : (name as ScalarType)]),
    );
    const encoder = createParquetEncoder({ rowGroupRows, pageBytes });
    const bytes = await fileBytes(encoder.encode(() => all, { schema, segment: "s" }));
    written.push(bytes);
    const place = { endpoint: "flights", deployment: "blue", collection: "model_inputs" };
    const partition = Date.parse("2026-11-22T05:00:00Z");
    const path = writePath({ kind: "parquet", ...place, partition, rollingRate: "hour", stem: `${number}` });
    expect(await store.put(path, bytes)).toEqual({ status: "stored" });
  }
  return { data: datasetOf(store), rows, bytes: written };
}

/** What {@link Where} says, of one row, in as few words as possible. */
function satisfies(where: Where, cells: ReadonlyMap<string, unknown>): boolean {
  return Object.entries(where).every(([name, asked]) => {
    if (name === "$and") return (asked as Where[]).every((one) => satisfies(one, cells));
    if (name === "$or") return (asked as Where[]).some((one) => satisfies(one, cells));
    if (name === "$not") return !satisfies(asked as Where, cells);
    const type = (columnTypes as Record<string, string>)[name] ?? "";
    return holds(asked as WhereValue | WhereCondition, type, cells.get(name) ?? null);
  });
}

function holds(asked: WhereValue | WhereCondition, type: string, cell: unknown): boolean {
  const isValue =
    typeof asked !== "object" || asked === null || asked instanceof Date || asked instanceof Uint8Array;
  if (isValue) return isSame(asked, type, cell);
  return Object.entries(asked).every(([key, value]: [string, unknown]) => {
    if (value === undefined) return true;
    if (key === "not") return !holds(value as WhereValue, type, cell);
    if (key === "equals") return isSame(value, type, cell);
    if (key === "in") return (value as unknown[]).some((one) => isSame(one, type, cell));
    if (key === "contains") return hasPart(value, type, cell);
    const order = orderOf(cell, value, type);
    if (order === undefined) return false;
    return key === "above"
      ? order > 0
      : key === "atLeast"
        ? order >= 0
        : key === "below"
          ? order < 0
          : order <= 0;
  });
}

function isSame(value: unknown, type: string, cell: unknown): boolean {
  if (value === null) return cell === null;
  if (Number.isNaN(value)) return type === "float64" && Number.isNaN(cell);
  return orderOf(cell, value, type) === 0;
}

function hasPart(value: unknown, type: string, cell: unknown): boolean {
  if (cell === null) return false;
  if (type === "list<string>") return (cell as unknown[]).includes(value);
  if (typeof value !== "string") return false;
  if (type === "binary") return Buffer.from(cell as Uint8Array).includes(value);
  return ["string", "json"].includes(type) && (cell as string).includes(value);
}

/** The order of a cell and a value of the same kind; undefined of others. */
function orderOf(cell: unknown, value: unknown, type: string): number | undefined {
  if (cell === null || Number.isNaN(cell) || Number.isNaN(value)) return undefined;
  const difference = (a: number | bigint, b: number | bigint): number => (a < b ? -1 : a > b ? 1 : 0);
  if (type === "timestamp") {
    const text = typeof value === "string" && /^\d{4}-/.test(value) ? new Date(value) : value;
    return text instanceof Date ? difference(cell as bigint, BigInt(text.getTime()) * 1_000n) : undefined;
  }
  if (type === "float64" || type === "int64")
    return typeof value === "number" || typeof value === "bigint"
      ? difference(cell as number, value)
      : undefined;
  if (type === "string" || type === "json")
    return typeof value === "string"
      ? Buffer.compare(Buffer.from(cell as string), Buffer.from(value))
      : undefined;
  if (type === "binary")
    return value instanceof Uint8Array ? Buffer.compare(cell as Buffer, value) : undefined;
  if (type === "boolean") return typeof value === "boolean" ? Number(cell) - Number(value) : undefined;
  return undefined;
}

/** A row as text, in which all values of all types differ. */
function plainRow(cells: ReadonlyMap<string, unknown>): string {
  return Object.keys(columnTypes)
    .map((name) => {
      const cell = cells.get(name) ?? null;
      if (cell === null) return "null";
      if (name === "timestamp")
        return String(cell instanceof Date ? cell.getTime() : Math.floor(Number(cell as bigint) / 1_000));
      if (Object.is(cell, -0)) return "-0";
      return cell instanceof Uint8Array
        ? Buffer.from(cell).toString("hex")
        : JSON.stringify(cell, (_, one: unknown) =>
            typeof one === "bigint" || typeof one === "number" ? String(one) : one,
          );
    })
    .join(" ");
}
