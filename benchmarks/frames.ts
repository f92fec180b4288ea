import { randomUUID } from "node:crypto";
import { mulberry32 } from "./mulberry32.ts";

/** The columns of a frame, by name. */
export type Columns = Readonly<Record<string, readonly unknown[]>>;
export type Row = Readonly<Record<string, unknown>>;

/** The same rows in the two forms that JavaScript has for them. */
export interface Frame {
  readonly columns: Columns;
  readonly rows: readonly Row[];
}

/** Rows as a frame; its columns are made when somebody asks for them. */
export function rowsFrame(rows: readonly Row[]): Frame {
  return {
    rows,
    get columns() {
      const names = Object.keys(rows[0] ?? {});
      return Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name])]));
    },
  };
}

/** Of every twenty columns: twelve doubles, six strings of a hundred values, a boolean, a UUID. */
const pattern = "dddsddsddsddsddsdsbu";

/** What a column of {@link makeFrames} holds. */
export type ColumnKind = "double" | "string" | "boolean" | "uuid";

const kinds: Readonly<Record<string, ColumnKind>> = { d: "double", s: "string", b: "boolean", u: "uuid" };

/** Names and kinds of so many columns. */
export function columnKinds(columns: number): ReadonlyMap<string, ColumnKind> {
  return new Map(
    Array.from({ length: columns }, (_, index) => {
      const kind = kinds[pattern[index % pattern.length] ?? "d"] ?? "double";
      return [`${kind}_${index}`, kind];
    }),
  );
}

/** Different frames of one shape; numbers and strings are the same in every run. */
export function makeFrames(count: number, rows: number, columns: number): Frame[] {
  const random = mulberry32(20_261_122);
  const cell: Readonly<Record<ColumnKind, () => number | string | boolean>> = {
    double: random,
    string: () => `category ${Math.floor(random() * 100)}`,
    boolean: () => random() < 0.3,
    uuid: () => randomUUID(),
  };
  const named = [...columnKinds(columns)];
  return Array.from({ length: count }, () => {
    const filled = named.map(([name, kind]) => [name, Array.from({ length: rows }, cell[kind])] as const);
    return frameOf(Object.fromEntries(filled));
  });
}

function frameOf(columns: Columns): Frame {
  const entries = Object.entries(columns);
  const rows = Array.from({ length: entries[0]?.[1].length ?? 0 }, (_, row) =>
    Object.fromEntries(entries.map(([name, values]) => [name, values[row]])),
  );
  return { columns, rows };
}

/**
 * Reads every value of a frame in one of its forms. A service has just made the frame that it collects, so
 * that it is in the processor's caches; one of thousands that were made long ago is not. Returns something
 * that depends on all of it.
 */
export function readFrame({ columns, rows }: Frame, form: keyof Frame): number {
  if (form === "columns") return readColumns(columns);
  let read = 0;
  for (const row of rows) for (const name in row) read += weigh(row[name]);
  return read;
}

/** {@link readFrame} of columns in any arrays. */
export function readColumns(columns: Readonly<Record<string, ArrayLike<unknown>>>): number {
  let read = 0;
  for (const name in columns) {
    const values = columns[name] ?? [];
    for (let i = 0; i < values.length; i++) read += weigh(values[i]);
  }
  return read;
}

function weigh(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" ? value.charCodeAt(0) : 1;
}
