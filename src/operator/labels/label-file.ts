import { StringDecoder } from "node:string_decoder";
import { countOf } from "../../base/plural.ts";
import { inspectPath, readFileChunks, readFileRange } from "../../base/files/files.ts";
import { openParquet, readParquetColumns } from "../../codec/parquet/parquet-decoder.ts";
import { columnBatch } from "../../layout/column-batch.ts";
import type { Row } from "../../layout/row.ts";
import { csvRecords } from "./csv.ts";

/** Rows of labels in a file: `.csv`, `.jsonl` or `.ndjson`, `.parquet`, by its name. */
export async function* labelRows(path: string): AsyncGenerator<Row, void, undefined> {
  if (/\.csv$/i.test(path)) yield* csvRows(path);
  else if (/\.(jsonl|ndjson)$/i.test(path)) yield* jsonRows(path);
  else if (/\.parquet$/i.test(path)) yield* parquetRows(path);
  else throw new Error("expected a file that ends with .csv, .jsonl, .ndjson or .parquet");
}

async function* texts(path: string): AsyncGenerator<string, void, undefined> {
  const decoder = new StringDecoder("utf8");
  for await (const chunk of readFileChunks(path)) yield decoder.write(Buffer.from(chunk));
  yield decoder.end();
}

type CellReader = (text: string) => unknown;

/** What is in a CSV has no types: a column has the narrowest that all its fields fit. */
async function* csvRows(path: string): AsyncGenerator<Row, void, undefined> {
  const readers = await csvReaders(path);
  let names: readonly string[] | undefined;
  for await (const record of csvRecords(texts(path))) {
    if (names === undefined) names = record;
    else yield Object.fromEntries(names.map((name, i) => [name, readers[i]?.(record[i] ?? "") ?? null]));
  }
}

/** A leading zero is part of a code, not of a number. */
const number = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

async function csvReaders(path: string): Promise<readonly CellReader[]> {
  let names: readonly string[] | undefined;
  const kinds: { number: boolean; boolean: boolean; unsafe: boolean; whole: boolean }[] = [];
  let row = 1;
  for await (const record of csvRecords(texts(path))) {
    if (names === undefined) {
      names = record;
      const twice = names.find((name, i) => names?.indexOf(name) !== i);
      if (twice !== undefined) throw new Error(`the first record names ${JSON.stringify(twice)} twice`);
      kinds.push(...names.map(() => ({ number: true, boolean: true, unsafe: false, whole: true })));
      continue;
    }
    row++;
    if (record.length !== names.length)
      throw new Error(
        `record ${row} has ${countOf(record.length, "field")}, and the first one names ${names.length}`,
      );
    for (const [i, text] of record.entries()) {
      const kind = kinds[i];
      if (kind === undefined || text === "") continue;
      kind.number &&= number.test(text);
      kind.boolean &&= /^(true|false)$/i.test(text);
      kind.whole &&= /^-?\d+$/.test(text);
      kind.unsafe ||= !Number.isSafeInteger(Number(text));
    }
  }
  return kinds.map((kind) => (text) => {
    if (text === "") return null;
    if (kind.boolean) return text.toLowerCase() === "true";
    if (!kind.number) return text;
    // Numbers that are no longer exact as such: an id more likely than an amount.
    return kind.whole && kind.unsafe ? BigInt(text) : Number(text);
  });
}

async function* jsonRows(path: string): AsyncGenerator<Row, void, undefined> {
  let rest = "";
  let line = 0;
  const parse = (text: string): Row | undefined => {
    line++;
    if (text.trim() === "") return undefined;
    let row: unknown;
    try {
      row = JSON.parse(text);
    } catch {
      // The parser's own message shows a piece of the file.
      throw new Error(`line ${line} is not JSON`);
    }
    if (typeof row !== "object" || row === null || Array.isArray(row))
      throw new Error(`line ${line} is no JSON object`);
    return row as Row;
  };
  for await (const piece of texts(path)) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const text of lines) {
      const row = parse(text);
      if (row !== undefined) yield row;
    }
  }
  const last = parse(rest);
  if (last !== undefined) yield last;
}

async function* parquetRows(path: string): AsyncGenerator<Row, void, undefined> {
  const size = (await inspectPath(path))?.size ?? 0;
  const file = await openParquet({ size, read: (start, end) => readFileRange(path, start, end) });
  for await (const { length, columns } of readParquetColumns(file))
    yield* columnBatch(length, columns, new Map()).rows();
}
