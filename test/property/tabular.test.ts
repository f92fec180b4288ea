import fc from "fast-check";
import { expect, test } from "vitest";
import { readTable } from "../../src/http/tabular/read-table.ts";

type Value = number | bigint | boolean | string | null;

interface Column {
  readonly name: string;
  readonly datatype: "FP64" | "INT64" | "BOOL" | "BYTES";
  readonly values: readonly Value[];
}

/** A name that stands for no row and no member of a protocol. */
const name = fc
  .string({ unit: "binary", minLength: 1, maxLength: 8 })
  .map((text) => `c${text.replaceAll(".", "")}`);
const text = fc.string({ unit: "binary", maxLength: 12 });
const number = fc.double({ noNaN: true, noDefaultInfinity: true });

function column(rows: number, withIntegers: boolean): fc.Arbitrary<Column> {
  const of = (datatype: Column["datatype"], values: fc.Arbitrary<Value>): fc.Arbitrary<Column> =>
    fc.record({
      name,
      datatype: fc.constant(datatype),
      values: fc.array(values, { minLength: rows, maxLength: rows }),
    });
  const plain = [of("FP64", number), of("BOOL", fc.boolean()), of("BYTES", text)] as const;
  const integer = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  return withIntegers ? fc.oneof(...plain, of("INT64", integer)) : fc.oneof(...plain);
}

function table(withIntegers: boolean): fc.Arbitrary<readonly Column[]> {
  return fc.integer({ min: 1, max: 6 }).chain((rows) =>
    fc.uniqueArray(column(rows, withIntegers), {
      minLength: 1,
      maxLength: 5,
      selector: (each) => each.name,
    }),
  );
}

/** JSON as Python writes it, where a whole float has a fraction, and an integer all its digits. */
function json(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  if (Object.is(value, -0)) return "-0.0";
  if (typeof value === "number") return /[.e]/.test(String(value)) ? String(value) : `${value}.0`;
  if (Array.isArray(value)) return `[${value.map(json).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, member]) => `${JSON.stringify(key)}:${json(member)}`)
    .join()}}`;
}

const rowsOf = (columns: readonly Column[]): Value[][] =>
  (columns[0]?.values ?? []).map((_, row) => columns.map(({ values }) => values[row] as Value));
const recordsOf = (columns: readonly Column[]): object[] =>
  rowsOf(columns).map((row) => Object.fromEntries(row.map((value, i) => [columns[i]?.name, value])));
const namesOf = (columns: readonly Column[]): string[] => columns.map((each) => each.name);
const listsOf = (columns: readonly Column[]): object =>
  Object.fromEntries(columns.map((each) => [each.name, each.values]));
const splitOf = (columns: readonly Column[]): object => ({
  columns: namesOf(columns),
  index: rowsOf(columns).map((_, row) => row),
  data: rowsOf(columns),
});

/** Formats in which numbers have no datatype. */
const formats: Readonly<Record<string, (columns: readonly Column[]) => object>> = {
  instances: (columns) => ({ signature_name: "s", instances: recordsOf(columns) }),
  inputs: (columns) => ({ inputs: listsOf(columns) }),
  "pandas split": splitOf,
  "pandas records": recordsOf,
  "pandas columns": (columns) =>
    Object.fromEntries(columns.map((each) => [each.name, Object.fromEntries(Object.entries(each.values))])),
  dataframe_split: (columns) => ({ dataframe_split: splitOf(columns), params: {} }),
  dataframe_records: (columns) => ({ dataframe_records: recordsOf(columns) }),
  input_data: (columns) => ({ input_data: splitOf(columns) }),
  Seldon: (columns) => ({ data: { names: namesOf(columns), ndarray: rowsOf(columns) } }),
  "named by options": (columns) => ({ data: rowsOf(columns) }),
};

function tensors(columns: readonly Column[], flat: boolean): string {
  const inputs = columns.map(({ name: called, datatype, values }) => ({
    ...{ name: called, datatype, shape: flat ? [values.length] : [values.length, 1] },
    data: flat ? values : values.map((value) => [value]),
  }));
  return json({ inputs });
}

function bytesOf({ datatype, values }: Column): Buffer {
  switch (datatype) {
    case "FP64":
      return Buffer.from(Float64Array.from(values as number[]).buffer);
    case "INT64":
      return Buffer.from(BigInt64Array.from(values as bigint[]).buffer);
    case "BOOL":
      return Buffer.from(values.map(Number));
    case "BYTES":
      return Buffer.concat(
        values.flatMap((value) => {
          const bytes = Buffer.from(String(value));
          const length = Buffer.alloc(4);
          length.writeUInt32LE(bytes.length);
          return [length, bytes];
        }),
      );
  }
}

function binary(columns: readonly Column[]): { body: Buffer; head: number } {
  const parts = columns.map(bytesOf);
  const inputs = columns.map(({ name: called, datatype, values }, i) => ({
    ...{ name: called, datatype, shape: [values.length] },
    parameters: { binary_data_size: parts[i]?.length },
  }));
  const head = Buffer.from(json({ inputs }));
  return { body: Buffer.concat([head, ...parts]), head: head.length };
}

function expectColumns(columns: readonly Column[], body: string | Buffer, head?: number): void {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const inferenceHeader = head === undefined ? undefined : String(head);
  const read = readTable({ bytes, inferenceHeader }, { side: "inputs", names: namesOf(columns) });
  const found = "columns" in read ? read.columns : read.reason;
  expect(
    typeof found === "string" ? found : found.map((each) => [each.name, Array.from<unknown>(each.values)]),
  ).toEqual(columns.map((each) => [each.name, each.values]));
}

test("any table is read from tensors as it was written, in JSON and in bytes", () => {
  fc.assert(
    fc.property(table(true), fc.boolean(), (columns, flat) => {
      expectColumns(columns, tensors(columns, flat));
      const { body, head } = binary(columns);
      expectColumns(columns, body, head);
    }),
    { numRuns: 300 },
  );
});

test.each(Object.entries(formats))("any table is read as it was written: %s", (_, format) => {
  fc.assert(
    fc.property(table(false), (columns) => expectColumns(columns, json(format(columns)))),
    { numRuns: 100 },
  );
});

test("any bytes have columns or a reason, and the same JSON that JSON.parse takes", () => {
  const hint = { side: "inputs", names: undefined } as const;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(80), (bytes, head) => {
      const body = Buffer.from(bytes);
      for (const inferenceHeader of [undefined, String(head)])
        readTable({ bytes: body, inferenceHeader }, hint);
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.json(), fc.nat(200), fc.string({ maxLength: 2 }), (valid, at, other) => {
      const damaged = valid.slice(0, at) + other + valid.slice(at + 1);
      for (const body of [valid, damaged]) {
        const read = readTable({ bytes: Buffer.from(body), inferenceHeader: undefined }, hint);
        const isRead = !("reason" in read && read.reason === "not_json");
        // Ours tells of what is double or too large before it has seen the end.
        const isEarly = "reason" in read && ["ambiguous", "too_large", "value"].includes(read.reason);
        expect(isEarly || isRead === isJson(body), body).toBe(true);
      }
    }),
    { numRuns: 1_000 },
  );
});

function isJson(body: string): boolean {
  try {
    JSON.parse(body);
    return true;
  } catch {
    return false;
  }
}
