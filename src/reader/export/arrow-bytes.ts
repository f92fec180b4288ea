import type * as library from "apache-arrow";
import type { Builder, Data, DataType } from "apache-arrow";
import type { TableRows } from "../../codec/parquet/tables/table-writer.ts";
import type { ColumnType, ScalarType } from "../../layout/column-type.ts";
import type { Schema } from "../../layout/schema.ts";
import { missingPeer } from "../../store/missing-peer.ts";

type Arrow = typeof library;

/** Rows and characters of a record batch, at most about so many: its offsets have 32 bits. */
const maxRows = 65_536;
const maxCharacters = 64 * 1024 * 1024;

/**
 * A table in Arrow's columnar format (Apache Arrow, "Serialization and Interprocess Communication"): `file`
 * is the IPC file, which some call Feather V2, and `stream` the same without its index. All columns can be
 * null; instants are microseconds in UTC, JSON is text. A `StoreError` where `apache-arrow` is not installed.
 */
export async function* arrowBytes(
  form: "file" | "stream",
  schema: Schema,
  batches: AsyncIterable<TableRows>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const arrow = await loadArrow();
  const columns = [...schema].map(([name, type]) => new ArrowColumn(arrow, name, type));
  const fields = columns.map(({ name, type }) => new arrow.Field(name, type, true));
  const arrowSchema = new arrow.Schema(fields);
  let pieces: Uint8Array[] = [];
  // A queue of the library's own would keep all that is written until somebody takes it.
  class Pieces extends arrow.AsyncByteQueue {
    override write(piece: ArrayBufferView): void {
      pieces.push(new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength));
    }
  }
  const take = (): Uint8Array => {
    const bytes = Buffer.concat(pieces);
    pieces = [];
    return bytes;
  };
  const writer = form === "file" ? new arrow.RecordBatchFileWriter() : new arrow.RecordBatchStreamWriter();
  writer.reset(new Pieces(), arrowSchema);
  let [rows, characters] = [0, 0];
  const writeBatch = (): void => {
    if (rows === 0) return;
    const children = columns.map((column) => column.take());
    const data = arrow.makeData({ type: new arrow.Struct(fields), length: rows, nullCount: 0, children });
    writer.write(new arrow.RecordBatch(arrowSchema, data));
    [rows, characters] = [0, 0];
  };
  for await (const { length, columns: values } of batches) {
    for (let row = 0; row < length; row++) {
      for (const column of columns) characters += column.add(values.get(column.name)?.[row]);
      if (++rows < maxRows && characters < maxCharacters) continue;
      writeBatch();
      yield take();
    }
  }
  writeBatch();
  writer.finish();
  yield take();
}

/** One column of a record batch, as it is gathered. */
class ArrowColumn {
  readonly name: string;
  readonly type: DataType;
  readonly #builder: Builder;

  constructor(arrow: Arrow, name: string, type: ColumnType) {
    this.name = name;
    this.type = arrowType(arrow, type, (scalar) => scalarType(arrow, scalar));
    // The library's own builders of instants take floats of milliseconds, which are not exact.
    const built = arrowType(arrow, type, (scalar) =>
      scalar === "timestamp" ? new arrow.Int64() : scalarType(arrow, scalar),
    );
    this.#builder = arrow.makeBuilder({ type: built, nullValues: [null, undefined] }) as Builder;
  }

  /** Adds a value as files are decoded, and tells about how long it is. */
  add(value: unknown): number {
    this.#builder.append(value);
    return lengthOf(value);
  }

  /** What was added since. */
  take(): Data {
    return retyped(this.#builder.flush() as Data, this.type);
  }
}

function lengthOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + 8 + lengthOf(item), 0);
  return typeof value === "string" || value instanceof Uint8Array ? value.length : 8;
}

function arrowType(arrow: Arrow, type: ColumnType, scalar: (type: ScalarType) => DataType): DataType {
  return typeof type === "object"
    ? new arrow.List(new arrow.Field("item", scalar(type.list), true))
    : scalar(type);
}

function scalarType(arrow: Arrow, type: ScalarType): DataType {
  switch (type) {
    case "float64":
      return new arrow.Float64();
    case "int64":
      return new arrow.Int64();
    case "int32":
      return new arrow.Int32();
    case "boolean":
      return new arrow.Bool();
    case "timestamp":
      return new arrow.TimestampMicrosecond("UTC");
    case "binary":
      return new arrow.Binary();
    case "string":
    case "json":
      return new arrow.Utf8();
  }
}

/** The same buffers as of another type that is stored so. */
function retyped(data: Data, type: DataType): Data {
  const children = data.children.map((child, i) => retyped(child, type.children[i]?.type ?? child.type));
  return data.clone(type, data.offset, data.length, data.nullCount, data.buffers, children);
}

async function loadArrow() {
  try {
    return await import("apache-arrow");
  } catch (thrown) {
    throw missingPeer(thrown, "apache-arrow", "Arrow");
  }
}
