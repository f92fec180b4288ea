import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { constants, zstdCompressSync } from "node:zlib";
import { type BasicType, parquetWriteBuffer } from "hyparquet-writer";
import { GatheredColumns } from "./gathered-columns.ts";
import type { Sink } from "./sink.ts";

/**
 * Rows of a file: the row group size that Parquet writers usually have is larger, and would hold the loop up
 * longer.
 */
const rowsPerFile = 65_536;
const level = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const compressors = { ZSTD: (bytes: Uint8Array) => zstdCompressSync(bytes, level) };

/** The fastest Parquet writer in JavaScript, on the thread that serves. */
export async function openHyparquetWriter(folder: string): Promise<Sink> {
  const gathered = new GatheredColumns();
  const writes: Promise<void>[] = [];
  const flush = (): void => {
    for (const columns of gathered.take(Number.POSITIVE_INFINITY)) {
      const columnData = Array.from(columns, ([name, data]) => ({ name, data, type: typeOf(data[0]) }));
      const bytes = parquetWriteBuffer({ columnData, codec: "ZSTD", compressors });
      writes.push(writeFile(join(folder, `${writes.length}.parquet`), new Uint8Array(bytes)));
    }
  };
  return {
    form: "columns",
    collect(frame) {
      gathered.add(frame);
      if (gathered.rows >= rowsPerFile) flush();
    },
    lostFrames: 0,
    pressure: () => undefined,
    async close() {
      flush();
      await Promise.all(writes);
    },
  };
}

function typeOf(value: unknown): BasicType {
  if (value instanceof Date) return "TIMESTAMP";
  return typeof value === "number" ? "DOUBLE" : typeof value === "boolean" ? "BOOLEAN" : "STRING";
}
