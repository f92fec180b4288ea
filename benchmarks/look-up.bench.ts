/**
 * What it takes to read all columns of one request's rows from one file, in bytes of the file: footer, page
 * index and the pages with those rows, as our reader, DataFusion and others fetch them. Beside it the file,
 * which is what a reader without page index fetches. Bytes are the same on every machine, so there is one
 * run.
 */
import { parseWhere } from "../src/layout/filter/where.ts";
import { readParquetColumns } from "../src/codec/parquet/parquet-decoder.ts";
import { createParquetEncoder } from "../src/codec/parquet/parquet-encoder.ts";
import type { RangeSource } from "../src/codec/range-source.ts";
import { memorySource } from "../src/codec/range-source.ts";
import type { Batch } from "../src/frame/batch.ts";
import type { Benchmark, BenchmarkResult } from "./benchmark.ts";
import { makeTable, schema, tableBatches } from "./encode-table.ts";

const benchmark: Benchmark = async (context) => {
  const table = makeTable(context.size(1_200_000, 8_000));
  const results: BenchmarkResult[] = [];
  for (const rowsPerFrame of [1, 10, 1_000]) {
    const batches = tableBatches(table, rowsPerFrame);
    const source = countedSource(await encoded(batches));
    const id = firstId(batches[Math.floor(batches.length * 0.7)]);
    let rows = 0;
    for await (const part of readParquetColumns(source, {
      filter: parseWhere({ mdc_correlation_id: { equals: id } }, "where"),
    })) {
      rows += part.length;
    }
    if (rows !== rowsPerFrame) throw new Error(`look-up: ${rows} rows of ${id}, not ${rowsPerFrame}`);
    const name = `frames of ${rowsPerFrame} rows`;
    results.push(figure(`${name}: the file`, source.size));
    results.push({ ...figure(`${name}: look-up`, source.fetched), ratioTo: `${name}: the file` });
  }
  return results;
};

export default benchmark;

function figure(name: string, bytes: number): BenchmarkResult {
  return { name, unit: "bytes", median: bytes, min: bytes, max: bytes, runs: 1 };
}

async function encoded(batches: readonly Batch[]): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const options = { schema, segment: "look-up" };
  for await (const piece of createParquetEncoder().encode(() => batches, options))
    pieces.push(new Uint8Array(piece));
  return Buffer.concat(pieces);
}

function countedSource(bytes: Uint8Array): RangeSource & { readonly fetched: number } {
  const { size, read } = memorySource(bytes);
  const source = {
    size,
    fetched: 0,
    read: (start: number, end: number): Promise<Uint8Array> => {
      source.fetched += end - start;
      return read(start, end);
    },
  };
  return source;
}

/** The correlation id of a batch's first frame. */
function firstId(batch: Batch | undefined): string {
  const values = batch?.frames.columns.find(({ name }) => name === "mdc_correlation_id")?.values;
  if (values?.kind !== "bytes" && values?.kind !== "dictionary") throw new Error("look-up: there is no id");
  const { data } = values.kind === "bytes" ? values : values.dictionary;
  const length = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
  return Buffer.from(data.subarray(4, 4 + length)).toString("utf8");
}
