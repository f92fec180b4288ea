import { tableFromArrays } from "apache-arrow";
import { CorrelationContext, openDeployment } from "model-data-collector";
import { expect, test } from "vitest";
import fc from "fast-check";
import { duckdbQuery } from "../support/parquet-engines.ts";
import { expectBalance, parquetFiles, type Row, scratch, storedRows } from "../support/scratch.ts";

/** A kind of column: what users pass, and what is stored. */
interface Kind {
  readonly type: string;
  readonly value: fc.Arbitrary<unknown>;
  readonly stored?: (value: never) => unknown;
}

const text = fc.string({ unit: "grapheme", maxLength: 12 });

const kinds: Readonly<Record<string, Kind>> = {
  number: { type: "float64", value: fc.double() },
  whole: { type: "float64", value: fc.integer() },
  big: { type: "int64", value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) },
  flag: { type: "boolean", value: fc.boolean() },
  text: { type: "string", value: text },
  word: { type: "string", value: fc.constantFrom("JFK", "LAX", "", "Zürich", "\u0000", "🛫") },
  time: {
    type: "timestamp",
    value: fc.date({ min: new Date("1900-01-01"), max: new Date("2200-01-01"), noInvalidDate: true }),
    stored: (value: Date) => BigInt(value.getTime()) * 1000n,
  },
  bytes: {
    type: "binary",
    value: fc.uint8Array({ maxLength: 9 }),
    stored: (value: Uint8Array) => `x${Buffer.from(value).toString("hex")}`,
  },
  numbers: { type: "list<float64>", value: fc.array(fc.double(), { minLength: 1, maxLength: 4 }) },
  texts: {
    type: "list<string>",
    value: fc
      .array(fc.option(text), { minLength: 1, maxLength: 4 })
      .filter((list) => list.some((item) => item !== null)),
  },
  // Text of JSON: compared as what it means.
  object: {
    type: "json",
    value: fc.record({ a: fc.integer(), b: text }),
    stored: (value: object) => JSON.stringify(value),
  },
};

const names = Object.keys(kinds);

/** A frame as columns; how it will be passed; and when the request was. */
const anyFrame = fc
  .record({
    names: fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 5 }),
    rows: fc.integer({ min: 1, max: 6 }),
    form: fc.constantFrom("rows", "columns", "typed", "arrow"),
    hour: fc.integer({ min: 0, max: 2 }),
  })
  .chain(({ names: chosen, rows, form, hour }) =>
    fc.record({
      form: fc.constant(form),
      hour: fc.constant(hour),
      columns: fc.record(
        Object.fromEntries(
          chosen.map((name) => [
            name,
            fc.array(fc.option((kinds[name] as Kind).value, { freq: 5 }), {
              minLength: rows,
              maxLength: rows,
            }),
          ]),
        ),
      ),
    }),
  );

type Columns = Record<string, unknown[]>;

/** The frame in the form in which a user might have it. */
function formed(form: string, columns: Columns): object {
  const [first = []] = Object.values(columns);
  if (form === "rows") {
    return first.map((_, i) =>
      Object.fromEntries(Object.entries(columns).map(([name, cells]) => [name, cells[i]])),
    );
  }
  if (form === "typed") {
    return Object.fromEntries(
      Object.entries(columns).map(([name, cells]) => {
        if (cells.includes(null)) return [name, cells];
        if (name === "number" || name === "whole") return [name, Float64Array.from(cells as number[])];
        if (name === "big") return [name, BigInt64Array.from(cells as bigint[])];
        return [name, cells];
      }),
    );
  }
  if (form === "arrow") {
    const simple = Object.entries(columns).filter(
      ([name, cells]) =>
        ["number", "flag", "text", "word"].includes(name) && cells.some((cell) => cell !== null),
    );
    if (simple.length > 0) {
      for (const name of Object.keys(columns))
        if (!simple.some(([kept]) => kept === name)) delete columns[name];
      return tableFromArrays(Object.fromEntries(simple) as Record<string, string[]>);
    }
  }
  return columns;
}

test("everything that is collected opens in DuckDB, hyparquet and arrow-rs with the same counts, values, nulls and types", async () => {
  const types = Object.fromEntries(Object.entries(kinds).map(([name, { type }]) => [name, type]));
  const start = Date.UTC(2026, 10, 22, 5);
  let total = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(anyFrame, { minLength: 700, maxLength: 700 }), async (frames) => {
      const { destination, options } = await scratch();
      const deployment = await openDeployment(
        options({ onError: (error) => expect.soft(error).toBeUndefined() }),
      );
      const collector = deployment.collector("model_inputs");
      const expected: Row[] = [];
      for (const [i, { form, hour, columns }] of frames.entries()) {
        const frame = formed(form, columns as Columns);
        const id = `request-${String(i).padStart(6, "0")}`;
        const requestTime = new Date(start + hour * 3_600_000);
        collector.collect(frame, CorrelationContext.create({ id, requestTime }));
        const [first = []] = Object.values(columns as Columns);
        for (let row = 0; row < first.length; row++) {
          const cells = names.map((name) => {
            const cell = (columns as Columns)[name]?.[row] ?? null;
            const stored = (kinds[name] as Kind).stored as ((value: unknown) => unknown) | undefined;
            return [name, cell === null || stored === undefined ? cell : stored(cell)];
          });
          expected.push({ ...Object.fromEntries(cells), mdc_correlation_id: id, mdc_row_index: row });
        }
      }
      await deployment.flush();
      expectBalance(deployment.stats());
      expect(deployment.stats().frames).toMatchObject({ offered: 700, delivered: 700 });
      expect(deployment.stats().rows).toMatchObject({ delivered: expected.length });
      await deployment.close();
      const stored = (await storedRows(destination, "model_inputs", types)).map(
        ({ mdc_event_id: _, ...row }) => row,
      );
      expect(stored).toEqual(expected);
      const glob = `'${destination}/**/*.parquet'`;
      const [counted] = await duckdbQuery(
        new Uint8Array(),
        `SELECT count(*) AS rows, count(DISTINCT mdc_correlation_id) AS frames, count(DISTINCT inference_hour) AS hours
         FROM read_parquet(${glob}, hive_partitioning = true, union_by_name = true)`,
      );
      expect(counted).toEqual({ rows: BigInt(expected.length), frames: 700n, hours: 3n });
      expect(parquetFiles(destination)).toHaveLength(3);
      total += 700;
    }),
    { numRuns: 3, endOnFailure: true },
  );
  expect(total).toBeGreaterThanOrEqual(2_000);
});
