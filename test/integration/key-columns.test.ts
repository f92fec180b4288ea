import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Collector, key, list, openDeployment } from "model-data-collector";
import { openDataset } from "model-data-collector/reader";
import { expect, test } from "vitest";
import { duckdbQuery } from "../support/parquet-engines.ts";
import { scratch } from "../support/scratch.ts";

/** Collects 500 orders, a file of them. */
async function orders() {
  const { destination, options } = await scratch();
  await using deployment = await openDeployment(options({}));
  const schema = {
    order_id: key("string"),
    customer: key("int64"),
    note: "string",
    tags: list("string"),
  } as const;
  const inputs = new Collector({ name: "model_inputs", deployment, schema });
  const outputs = deployment.collector("model_outputs");
  for (let i = 0; i < 500; i++) {
    // Texts that repeat become a dictionary of the batch.
    const order_id = i % 2 === 0 ? `A-${i}` : "A-common";
    const row = { order_id, customer: i % 7 === 0 ? null : BigInt(i), note: `n${i}`, tags: ["x"] };
    const context = inputs.collect([row]);
    outputs.collect([{ late: i > 250, note: i === 17 ? "a needle" : "hay" }], context);
  }
  await deployment.flush();
  return destination;
}

function file(destination: string, collection: string): Uint8Array {
  const [path = ""] = globSync(`**/${collection}/**/*.parquet`, { cwd: destination });
  return readFileSync(join(destination, path));
}

test("a declared key has a Bloom filter that DuckDB can use, and no other column has one more", async () => {
  const destination = await orders();
  const bytes = file(destination, "model_inputs");
  const filters = await duckdbQuery(
    bytes,
    "SELECT path_in_schema AS name FROM parquet_metadata(FILE) WHERE bloom_filter_offset IS NOT NULL",
  );
  const names = new Set(filters.map(({ name }) => name));
  expect(names).toEqual(new Set(["mdc_correlation_id", "order_id", "customer"]));
  const excludes = async (column: string, value: string): Promise<unknown> => {
    const [row] = await duckdbQuery(bytes, `SELECT * FROM parquet_bloom_probe(FILE, '${column}', ${value})`);
    return row?.["bloom_filter_excludes"];
  };
  for (const value of ["'A-0'", "'A-common'", "'A-498'"])
    expect(await excludes("order_id", value)).toBe(false);
  for (const value of ["1", "499"]) expect(await excludes("customer", `${value}::BIGINT`)).toBe(false);
  const absent = await Promise.all(Array.from({ length: 60 }, (_, i) => excludes("order_id", `'B-${i}'`)));
  expect(absent.filter((one) => one === true).length).toBeGreaterThan(50);
});

test("a key is stored as any other column of its type is", async () => {
  const destination = await orders();
  const rows = await duckdbQuery(
    file(destination, "model_inputs"),
    "SELECT typeof(order_id) AS o, typeof(customer) AS c, count(*)::INT AS n, count(customer)::INT AS m FROM FILE GROUP BY ALL",
  );
  expect(rows).toEqual([{ o: "VARCHAR", c: "BIGINT", n: 500, m: 428 }]);
});

test("a row is found by its key, by a number, by a text, and leads to its request", async () => {
  await using data = await openDataset(await orders());
  const [found, ...others] = await data.find({ where: { order_id: "A-100" } });
  expect(others).toEqual([]);
  expect(found).toMatchObject({ collection: "model_inputs", row: { order_id: "A-100", customer: 100n } });
  const { records } = await data.trace(found?.id ?? "");
  expect(records.map(({ collection }) => collection).sort()).toEqual(["model_inputs", "model_outputs"]);
  expect(await data.find({ where: { customer: 101 } })).toMatchObject([{ row: { note: "n101" } }]);
  expect(await data.find({ text: "needle" })).toMatchObject([
    { collection: "model_outputs", row: { note: "a needle" } },
  ]);
  expect(await data.find({ where: { order_id: "A-common" }, limit: 3 })).toHaveLength(3);
  expect(await data.find({ where: { order_id: "B" } })).toEqual([]);
});

test("what can be no key is refused when the collector is made", async () => {
  const make = (type: unknown) => () => new Collector({ name: "x", schema: { a: type } as never });
  expect(make({ key: "float64" })).toThrow('expected key("string") or key("int64")');
  expect(make({ key: 1 })).toThrow('expected key("string") or key("int64")');
});
