import type * as DuckDb from "@duckdb/node-api";
import { type Dataset, openDataset } from "../../src/reader.ts";
import { idOf, inputs, keyOf, outputs } from "./stored-rows.ts";

/** What is asked of stored rows. */
export const questions = [
  "one id",
  "one key",
  "aggregate",
  "join",
  "account",
  "what there is",
  "three columns",
] as const;
/** One of them. */
export type Question = (typeof questions)[number];

/** Who answers. */
export interface Asked {
  /** Answers a question about a row; checks that the answer can be right. */
  ask(question: Question, row: number): Promise<void>;
  close(): Promise<void>;
}

/** How rows are read that are in Azure. */
export interface AzureAccess {
  readonly connectionString: string;
  readonly container: string;
  /** The URL of a DuckDB for Node that is of the extension's version. */
  readonly duckdb: string;
  /** The file of DuckDB's extension for Azure. */
  readonly extension: string;
}

/** This package. */
export async function openOurs(root: string, rows: number, azure?: AzureAccess): Promise<Asked> {
  const credential = azure?.connectionString;
  const data = await openDataset(root, credential === undefined ? {} : { credential });
  return {
    ask: async (question, row) => check(question, await answer(data, question, row, rows), rows),
    close: () => data.close(),
  };
}

async function answer(data: Dataset, question: Question, row: number, rows: number): Promise<number> {
  switch (question) {
    case "one id":
      return (await data.trace(idOf(row, rows))).records.length;
    case "one key":
      return (await data.find({ where: { order_id: keyOf(row) } })).length;
    case "aggregate":
      return Number((await data.sql(aggregate(inputs)))[0]?.["rows"]);
    case "join":
      return Number((await data.sql(join(inputs, outputs)))[0]?.["rows"]);
    case "account":
      return (await data.join({ inputs, outputs })).account.matched;
    case "what there is":
      return (await data.collections()).find(({ name }) => name === inputs)?.rows ?? 0;
    case "three columns": {
      let length = 0;
      for await (const batch of data.table(inputs, { columns: ["d0", "seats", "carrier"] }))
        length += batch.length;
      return length;
    }
  }
}

/** DuckDB alone, over the same files, as somebody would write it who knows where they are. */
export async function openPlain(root: string, rows: number, azure?: AzureAccess): Promise<Asked> {
  const { DuckDBInstance } = (await import(azure?.duckdb ?? "@duckdb/node-api")) as typeof DuckDb;
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  if (azure !== undefined) {
    await connection.run(`load '${azure.extension}'`);
    // What it keeps of files in memory: this package keeps nothing, but for SQL.
    await connection.run("set enable_external_file_cache = false");
    await connection.run(`create secret (type azure, connection_string '${azure.connectionString}')`);
  }
  const place = azure === undefined ? root : `az://${azure.container}`;
  const source = (name: string): string =>
    `read_parquet('${place}/*/*/${name}/**/*.parquet', union_by_name = true)`;
  const statements: Readonly<Record<Question, (row: number) => string>> = {
    "one id": (row) => {
      const where = `where mdc_correlation_id = '${idOf(row, rows)}'`;
      const [a, b] = [inputs, outputs].map((name) => `select * from ${source(name)} ${where}`);
      return `select count(*) as rows from (${a} union all by name ${b})`;
    },
    "one key": (row) =>
      `select count(*) as rows from (select * from ${source(inputs)} where order_id = '${keyOf(row)}')`,
    aggregate: () => aggregate(source(inputs)),
    join: () => join(source(inputs), source(outputs)),
    account: () => account(source(inputs), source(outputs)),
    "what there is": () => {
      const facts = (name: string, rows: string): string =>
        `select count(*) as ${rows}, min(mdc_request_time), max(mdc_request_time) from ${source(name)}`;
      return `select * from (${facts(inputs, "rows")}), (${facts(outputs, "others")})`;
    },
    "three columns": () =>
      `select count(*) as rows, max(d0), max(seats), max(carrier) from ${source(inputs)}`,
  };
  return {
    async ask(question, row) {
      const reader = await connection.runAndReadAll(statements[question](row));
      check(question, Number(reader.getRowObjects()[0]?.["rows"]), rows);
    },
    async close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

function aggregate(source: string): string {
  return `select count(*) as rows, avg(d0), max(d2), sum(seats) from ${source}`;
}

function join(left: string, right: string): string {
  return `select count(*) as rows, avg(i.d0), avg(o.delay) from ${left} i join ${right} o using (mdc_correlation_id, mdc_row_index)`;
}

/** What became of every row, as far as a join of its two sides tells. */
function account(left: string, right: string): string {
  const both = `${left} i full join ${right} o using (mdc_correlation_id, mdc_row_index)`;
  const [isInput, isOutput] = ["i", "o"].map((side) => `${side}.mdc_event_id is not null`);
  return `select count(*) filter (${isInput} and ${isOutput}) as rows, count(*) filter (not (${isOutput})) as inputs_only, count(*) filter (not (${isInput})) as outputs_only from ${both}`;
}

function check(question: Question, got: number, rows: number): void {
  const expected = question === "one id" ? 2 : question === "one key" ? 1 : rows;
  if (got !== expected) throw new Error(`${question}: expected ${expected}, got ${got}`);
}
