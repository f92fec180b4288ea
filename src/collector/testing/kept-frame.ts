import { decodeBatch } from "../../frame/wire/decode.ts";
import type { Batch } from "../../frame/batch.ts";
import { CellCursor } from "../../frame/conform/cell-cursor.ts";
import type { Row } from "../../layout/row.ts";
import { systemColumns } from "../../layout/system-columns.ts";

/** A frame as it was kept, with the request that it belongs to. */
export interface TestFrame {
  /**
   * A value for each column of the frame, as the reader gives them: `bigint` for int64, `Date` for a
   * timestamp, text for JSON, null for none. What no column can hold stands in `mdc_rejected`, as JSON text
   * by column.
   */
  readonly rows: readonly Row[];
  readonly context: TestContext;
}

/** What was kept of a frame's context. */
export interface TestContext {
  readonly id: string;
  readonly requestTime: Date;
  readonly requestId: string | null;
  readonly clientRequestId: string | null;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The frames of a batch in its wire form, in the order of `collect`. */
export function framesOf(bytes: Uint8Array): TestFrame[] {
  // A copy: the batch's memory is lent again.
  const batch = decodeBatch(new Uint8Array(bytes));
  const rows = rowsOf(batch);
  const contexts = contextsOf(batch);
  let start = 0;
  return Array.from(batch.frames.rows, (count, index) => {
    const end = start + count;
    const frame = { rows: rows.slice(start, end), context: contexts[index] as TestContext };
    start = end;
    return frame;
  });
}

function rowsOf({ header, columns }: Batch): Row[] {
  const rows = Array.from({ length: header.rows }, (): Row => ({}));
  const names = [...new Set([...columns.map(({ name }) => name), ...header.untyped])];
  for (const row of rows) for (const name of names) put(row, name, null);
  for (const column of columns) {
    const cursor = new CellCursor(column);
    for (const row of rows) {
      if (!cursor.next()) continue;
      if (column.type === "rejected") reject(row, column.name, String(cursor.cell()));
      else put(row, column.name, valueOf(cursor));
    }
  }
  return rows;
}

/** Also for `__proto__`, which would set no property. */
function put(row: Row, name: string, value: unknown): void {
  Object.defineProperty(row, name, { value, enumerable: true, writable: true, configurable: true });
}

function reject(row: Row, name: string, json: string): void {
  const key = systemColumns.rejected.name;
  const others = row[key] as string | undefined;
  const member = `${JSON.stringify(name)}:${json}`;
  put(row, key, others === undefined ? `{${member}}` : `${others.slice(0, -1)},${member}}`);
}

function valueOf(cursor: CellCursor): unknown {
  const { type, items } = cursor;
  if (items !== undefined)
    return Array.from({ length: cursor.length }, () => (items.next() ? valueOf(items) : null));
  const value = cursor.cell();
  if (type === "timestamp") return new Date(Number((value as bigint) / 1000n));
  return type === "binary" ? new Uint8Array(value as Uint8Array) : value;
}

function contextsOf({ frames }: Batch): TestContext[] {
  const cursors = new Map(frames.columns.map((column) => [column.name, new CellCursor(column)]));
  const { correlationId, requestTime, requestId, clientRequestId, tags } = systemColumns;
  return Array.from(frames.rows, () => {
    const values = new Map(Array.from(cursors, ([name, cursor]) => [name, nextOf(cursor)]));
    const text = values.get(tags.name);
    return {
      id: String(values.get(correlationId.name)),
      requestTime: values.get(requestTime.name) as Date,
      requestId: values.get(requestId.name) as string | null,
      clientRequestId: values.get(clientRequestId.name) as string | null,
      attributes: (typeof text === "string" ? JSON.parse(text) : {}) as Record<string, string>,
    };
  });
}

function nextOf(cursor: CellCursor): unknown {
  return cursor.next() ? valueOf(cursor) : null;
}
