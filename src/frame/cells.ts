import type { BatchColumn, Values } from "./batch.ts";
import type { ColumnType, ScalarType } from "./column-type.ts";

/**
 * A value outside a batch: number for float64 and int32, bigint for int64 and for timestamp (microseconds since 1970
 * UTC), boolean, string for string, json and rejected (JSON text), bytes for binary; a list has these, or null.
 */
export type Cell = number | bigint | boolean | string | Uint8Array | readonly (Cell | null)[];

/** A column's values row by row; undefined where there is none. Slow: for what the columns themselves cannot tell. */
export function columnCells(column: BatchColumn, rows: number): (Cell | undefined)[] {
  const cells = valueCells(column.values, column.type);
  return column.validity === undefined ? cells : spread(cells, column.validity, rows);
}

function spread(cells: readonly Cell[], validity: Uint8Array, slots: number): (Cell | undefined)[] {
  let next = 0;
  return Array.from({ length: slots }, (_, i) =>
    ((validity[i >> 3]! >> (i & 7)) & 1) === 1 ? cells[next++] : undefined,
  );
}

function valueCells(values: Values, type: ColumnType | "rejected"): Cell[] {
  switch (values.kind) {
    case "float64":
    case "int32":
      return Array.from<number, Cell>(values.data, (value) => value);
    case "int64":
      return Array.from<bigint, Cell>(values.data, (value) => value);
    case "boolean":
      return Array.from(values.data, (value) => value === 1);
    case "bytes":
      return byteCells(values.data, values.count, type);
    case "dictionary": {
      const cells = byteCells(values.dictionary.data, values.dictionary.count, type);
      return Array.from(values.codes, (code) => cells[code]!);
    }
    case "list": {
      const { elements } = values;
      const element = typeof type === "object" ? type.list : type;
      const dense = valueCells(elements.values, element);
      const all = elements.validity === undefined ? dense : spread(dense, elements.validity, elements.total);
      let at = 0;
      return Array.from(values.lengths, (length) => {
        const cells = all.slice(at, at + length).map((cell) => cell ?? null);
        at += length;
        return cells;
      });
    }
  }
}

function byteCells(data: Uint8Array, count: number, type: ColumnType | "rejected"): Cell[] {
  // A Buffer, because TextDecoder refuses views of shared memory.
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const cells: Cell[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const start = at + 4;
    at = start + bytes.readUInt32LE(at);
    cells.push(
      type === "binary" ? new Uint8Array(bytes.subarray(start, at)) : bytes.toString("utf8", start, at),
    );
  }
  return cells;
}

/** A column of `cells`, which must all be of `type`; undefined is null. */
export function columnOfCells(
  name: string,
  type: ColumnType,
  cells: readonly (Cell | undefined)[],
): BatchColumn {
  const { validity, present } = gather(cells);
  const values = typeof type === "object" ? listValues(present, type.list) : scalarValues(present, type);
  return { name, type, validity, count: present.length, values };
}

function gather(cells: readonly (Cell | null | undefined)[]): {
  validity: Uint8Array | undefined;
  present: Cell[];
} {
  const bits = new Uint8Array((cells.length + 7) >> 3);
  const present: Cell[] = [];
  cells.forEach((cell, i) => {
    if (cell === undefined || cell === null) return;
    bits[i >> 3]! |= 1 << (i & 7);
    present.push(cell);
  });
  return { validity: present.length === cells.length ? undefined : bits, present };
}

function listValues(cells: readonly Cell[], element: ScalarType): Values {
  const lists = cells as readonly (readonly (Cell | null)[])[];
  const all = lists.flat() as (Cell | null)[];
  const { validity, present } = gather(all);
  return {
    kind: "list",
    lengths: Uint32Array.from(lists, (list) => list.length),
    elements: { total: all.length, validity, count: present.length, values: scalarValues(present, element) },
  };
}

function scalarValues(cells: readonly Cell[], type: ScalarType): Values {
  switch (type) {
    case "float64":
    case "int32": {
      const numbers = cells as readonly number[];
      let min = Number.POSITIVE_INFINITY;
      let max = Number.NEGATIVE_INFINITY;
      for (const value of numbers) {
        if (value < min) min = value;
        if (value > max) max = value;
      }
      if (type === "int32") return { kind: "int32", data: Int32Array.from(numbers), min, max };
      return { kind: "float64", data: Float64Array.from(numbers), min, max };
    }
    case "int64":
    case "timestamp": {
      const integers = cells as readonly bigint[];
      let min = integers[0] ?? 0n;
      let max = min;
      for (const value of integers) {
        if (value < min) min = value;
        if (value > max) max = value;
      }
      return { kind: "int64", data: BigInt64Array.from(integers), min, max };
    }
    case "boolean":
      return { kind: "boolean", data: Uint8Array.from(cells, (cell) => (cell === true ? 1 : 0)) };
    case "string":
    case "json":
    case "binary": {
      const parts: Uint8Array[] = [];
      for (const cell of cells as readonly (string | Uint8Array)[]) {
        const bytes = typeof cell === "string" ? Buffer.from(cell) : cell;
        const length = Buffer.alloc(4);
        length.writeUInt32LE(bytes.length);
        parts.push(length, bytes);
      }
      return { kind: "bytes", count: cells.length, data: Buffer.concat(parts) };
    }
  }
}
