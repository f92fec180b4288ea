import { createRequire } from "node:module";
import { join } from "node:path";
import type { Frame, Row } from "../frames.ts";
import type { Sink } from "./sink.ts";

/** The parts of parquetjs-lite used here; it has no types. */
interface ParquetjsLite {
  readonly ParquetSchema: new (fields: Record<string, unknown>) => unknown;
  readonly ParquetWriter: {
    openFile(
      schema: unknown,
      file: string,
    ): Promise<{ appendRow(row: Row): Promise<void>; close(): Promise<void> }>;
  };
}

const { ParquetSchema, ParquetWriter } = createRequire(import.meta.url)("parquetjs-lite") as ParquetjsLite;

/** The Parquet writer that people find first. Rows are appended one after the other, as it asks for. */
export async function openParquetjsLite(folder: string): Promise<Sink> {
  let writer: ReturnType<(typeof ParquetWriter)["openFile"]> | undefined;
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  const open = ({ rows: [row = {}] }: Frame) => {
    const fields = Object.entries(row).map(([name, value]) => [
      name,
      { type: typeOf(value), compression: "SNAPPY" },
    ]);
    return ParquetWriter.openFile(
      new ParquetSchema(Object.fromEntries(fields)),
      join(folder, "frames.parquet"),
    );
  };
  return {
    form: "rows",
    collect(frame) {
      writer ??= open(frame);
      const opened = writer;
      waiting++;
      last = last.then(async () => {
        const file = await opened;
        for (const row of frame.rows) await file.appendRow(row);
        waiting--;
      });
    },
    lostFrames: 0,
    pressure: () => (waiting > 1000 ? last : undefined),
    async close() {
      await last;
      await (await writer)?.close();
    },
  };
}

function typeOf(value: unknown): string {
  if (value instanceof Date) return "TIMESTAMP_MILLIS";
  return typeof value === "number" ? "DOUBLE" : typeof value === "boolean" ? "BOOLEAN" : "UTF8";
}
