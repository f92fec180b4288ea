/**
 * Encodes one frame, of a size and a kind that the arguments say, to a file, and what stands beside it to
 * others: in a process with as little memory for values of JS as its starter allows.
 *
 *     node encoding-process.ts <parquet|jsonl> <frame> <fitting|misfitting> <path>
 */
import { open } from "node:fs/promises";
import type { EncodedBody, Encoder } from "../../src/codec/encoder.ts";
import { createJsonlEncoder } from "../../src/codec/jsonl/jsonl-encoder.ts";
import { createParquetEncoder } from "../../src/codec/parquet/parquet-encoder.ts";
import { ColumnSink } from "../../src/frame/conform/column-sink.ts";
import type { ColumnType } from "../../src/layout/column-type.ts";
import { makeBatch } from "../support/make-batch.ts";

const MiB = 1024 * 1024;
const types: readonly ColumnType[] = ["string", { list: "float64" }, "json", "timestamp", "int64", "float64"];
/** What nothing of a column fits. */
const misfits: readonly ColumnType[] = [
  "float64",
  { list: "boolean" },
  "int64",
  "string",
  "timestamp",
  "boolean",
];

/** Rows, columns, and what a cell holds beside its row's number. */
const frames: Readonly<Record<string, readonly [rows: number, columns: number, filling: number]>> = {
  wide: [25_000, 18, 0],
  tall: [200_000, 6, 0],
  huge: [1, 5, 16 * MiB],
};

const [format, frame, fit, path] = process.argv.slice(2) as [string, string, string, string];
const [rows, width, filling] = frames[frame]!;

function columnOf(type: ColumnType, seed: number): ColumnSink {
  const sink = new ColumnSink(type);
  const large = filling > 0 ? Buffer.alloc(filling, 34) : undefined;
  const text = Buffer.alloc(32);
  const put = (value: string): void => {
    if (large === undefined) sink.putBytes(text, 0, text.write(value));
    else sink.putBytes(large, 0, large.length);
  };
  for (let row = 0; row < rows; row++) {
    if (typeof type === "object") {
      const length = filling > 0 ? filling / 16 : row % 3;
      sink.putList(length);
      for (let i = 0; i < length; i++) sink.items?.put(row + i / 2);
    } else if (type === "string") put(`value "${row * seed}" \\ ü`);
    else if (type === "json") {
      if (large !== undefined) {
        large.fill(32);
        large.write(`{"row":`, 0);
        large.write(`${row}}`, filling - 8);
      }
      put(`{"row":${row},"k":[${seed}]}`);
    } else if (type === "timestamp") sink.put(BigInt(row) * 1_000_000n);
    else if (type === "int64") sink.put(BigInt(row * seed));
    else sink.put(row / seed);
  }
  return sink;
}

const names = Array.from({ length: width }, (_, k) => `c${k}`);
const columns = names.map((name, k) => columnOf(types[k % types.length]!, k + 1).column(name));
const schema = new Map(
  names.map((name, k) => [name, (fit === "fitting" ? types : misfits)[k % types.length]!]),
);
const batch = { ...makeBatch({ columns: [], rows, header: { rows } }), columns };

async function write(to: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(to, "w");
  for await (const piece of pieces) if (piece.length > 0) await file.write(piece);
  await file.close();
}

const encoder: Encoder = format === "jsonl" ? createJsonlEncoder() : createParquetEncoder();
await write(
  `${path}.body`,
  encoder.encode(() => [batch], { schema, segment: "s" }),
);
const file = await open(`${path}.body`, "r");
const { size } = await file.stat();
const body: EncodedBody = {
  size,
  open: (start = 0, end = size) => file.createReadStream({ start, end: end - 1, autoClose: false }),
};
const unpacked = (await encoder.unpack?.(body, (number) => `beside-${number}`)) ?? { file: body, beside: [] };
await write(path, unpacked.file.open());
for (const [number, beside] of unpacked.beside.entries())
  await write(`${path}-${number}.json`, beside.open());
process.stdout.write(JSON.stringify({ beside: unpacked.beside.length }));
