import { join } from "node:path";
import { type DuckDBAppender, DuckDBDataChunk, DuckDBInstance } from "@duckdb/node-api";
import { GatheredColumns } from "./gathered-columns.ts";
import type { Sink } from "./sink.ts";

/** DuckDB's chunks hold this many rows. */
const rowsPerChunk = 2048;
const rowsPerFile = 128 * rowsPerChunk;
const maxWaitingChunks = 16;

/**
 * An embedded database as a buffer: its appender takes the rows, COPY makes Parquet files of them in its own
 * threads.
 */
export async function openDuckdb(folder: string): Promise<Sink> {
  const instance = await DuckDBInstance.create(":memory:");
  const [appending, copying] = [await instance.connect(), await instance.connect()];
  const gathered = new GatheredColumns();
  let appender: DuckDBAppender | undefined;
  let appended = 0;
  let files = 0;
  let waiting = 0;
  let lastAppend: Promise<void> = Promise.resolve();
  let lastCopy: Promise<void> = Promise.resolve();

  const append = async (columns: ReadonlyMap<string, unknown[]>): Promise<void> => {
    appender ??= await createTable(columns);
    const types = Array.from({ length: columns.size }, (_, index) => appender?.columnType(index));
    const chunk = DuckDBDataChunk.create(types as never);
    chunk.setColumns([...columns.values()] as never);
    appender.appendDataChunk(chunk);
    appended += chunk.rowCount;
    waiting--;
    if (appended >= rowsPerFile) finishTable();
  };
  const createTable = async (columns: ReadonlyMap<string, unknown[]>): Promise<DuckDBAppender> => {
    const declared = Array.from(columns, ([name, [value]]) => `"${name}" ${typeOf(value)}`);
    await appending.run(`create table t${files} (${declared.join(", ")})`);
    return await appending.createAppender(`t${files}`);
  };
  const finishTable = (): void => {
    appender?.closeSync();
    appender = undefined;
    appended = 0;
    const table = `t${files++}`;
    const file = join(folder, `${table}.parquet`).replaceAll("'", "''");
    lastCopy = lastCopy.then(async () => {
      await copying.run(`copy ${table} to '${file}' (format parquet, compression zstd, compression_level 1)`);
      await copying.run(`drop table ${table}`);
    });
  };
  const passOn = (): void => {
    for (const columns of gathered.take(rowsPerChunk)) {
      waiting++;
      lastAppend = lastAppend.then(() => append(columns));
    }
  };

  return {
    form: "columns",
    collect(frame) {
      gathered.add(frame);
      if (gathered.rows >= rowsPerChunk) passOn();
    },
    lostFrames: 0,
    pressure: () => (waiting > maxWaitingChunks ? lastAppend : undefined),
    async close() {
      passOn();
      await lastAppend;
      if (appender !== undefined) finishTable();
      await lastCopy;
      for (const connection of [appending, copying]) connection.closeSync();
      instance.closeSync();
    },
  };
}

function typeOf(value: unknown): string {
  return typeof value === "number" ? "DOUBLE" : typeof value === "boolean" ? "BOOLEAN" : "VARCHAR";
}
