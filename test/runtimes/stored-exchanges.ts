import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { duckdbSql } from "../support/parquet-engines.ts";

/** An exchange, and what is stored of it. */
export type StoredExchange = readonly [
  path: string,
  status: number | null,
  outcome: string,
  request: string | null,
  response: string | null,
];

/**
 * Throws if DuckDB reads other exchanges below `folder` than these, or if what the handler collected is of another
 * one.
 */
export async function expectStored(folder: string, expected: readonly StoredExchange[]): Promise<void> {
  const files = (collection: string): string =>
    `read_parquet('${join(folder, "*", "*", collection, "**/*.parquet")}')`;
  const rows = await duckdbSql(
    `select q.http_path, r.http_status::int as status, r.outcome, q.body as asked, r.body as answered
      from ${files("request")} q join ${files("response")} r using (mdc_correlation_id)
      order by q.http_path`,
  );
  const stored = rows.map(Object.values);
  const sorted = expected.toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (!isDeepStrictEqual(stored, sorted)) throw new Error(`stored is ${JSON.stringify(stored)}`);
  const joined = await duckdbSql(
    `select i.distance from ${files("model_inputs")} i join ${files("request")} q using (mdc_correlation_id)`,
  );
  if (!isDeepStrictEqual(joined, [{ distance: 2475 }]))
    throw new Error(`joined is ${JSON.stringify(joined)}`);
}
