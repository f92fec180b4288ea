import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { readStored } from "../../support/oracle.ts";

/** A frame that is stored. */
export interface FoundFrame {
  readonly rows: number;
  /** False if it is there more than once, in part, or with another content. */
  readonly isOnce: boolean;
  readonly isRight: boolean;
  /** Of the folder that has it; milliseconds since 1970 UTC. */
  readonly hour: number;
}

/** What is stored of one collection, as DuckDB reads it. */
export interface Found {
  readonly frames: ReadonlyMap<string, FoundFrame>;
  /** Whose frames each file has, by its name: the first one's writer. */
  readonly writers: ReadonlyMap<string, string>;
  /** Files with frames of more than one writer, and rows in a folder of another hour than theirs. */
  readonly problems: readonly string[];
}

/** Reads what is stored of a collection in the folder of its deployment. */
export async function findFrames(deployment: string, collection: string): Promise<Found> {
  const stored = await readStored(join(deployment, collection));
  const path = join(deployment, collection).replaceAll("'", "''");
  const rows = await query(`
    SELECT file, id, split_part(id, ':', 1) AS writer, hour,
      count(*) FILTER (epoch_ms(time) // 3600000 <> epoch_ms(hour::TIMESTAMPTZ) // 3600000)::INT AS astray
    FROM (
      SELECT regexp_extract(filename, '[^/]*$') AS file, mdc_correlation_id AS id, mdc_request_time AS time,
        regexp_replace(filename, '.*inference_date=([-0-9]+)/inference_hour=([0-9]+)/.*', '\\1T\\2:00:00.000Z') AS hour
      FROM read_parquet('${path}/**/*.parquet', filename = true, hive_partitioning = false, union_by_name = true)
    )
    GROUP BY ALL`);
  const frames = new Map<string, FoundFrame>();
  const writers = new Map<string, string>();
  const problems: string[] = [];
  let strays = 0;
  for (const { file, id, writer, hour, astray } of rows as unknown as FoundRow[]) {
    const frame = stored.get(id);
    strays += astray;
    if (frame !== undefined) {
      const isOnce = frame.events === 1 && frame.rows === frame.places && !frames.has(id);
      frames.set(id, { rows: frame.rows, isOnce, isRight: frame.wrong === 0, hour: Date.parse(hour) });
    }
    const known = writers.get(file);
    if (known === undefined) writers.set(file, writer);
    else if (known !== writer) problems.push(`${file} has frames of ${known} and of ${writer}`);
  }
  if (strays > 0) problems.push(`${collection}: ${strays} rows are in the folder of another hour`);
  return { frames, writers, problems };
}

interface FoundRow {
  readonly file: string;
  readonly id: string;
  readonly writer: string;
  readonly hour: string;
  readonly astray: number;
}

async function query(sql: string): Promise<readonly object[]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run("SET threads = 1");
    return (await connection.runAndReadAll(sql)).getRowObjects();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
