import type { TableRows } from "../../codec/parquet/tables/table-writer.ts";
import type { Schema } from "../../layout/schema.ts";

/** Rows as text, from values as files are decoded: instants are bigints of microseconds since 1970 UTC. */

type Value = (value: unknown) => string;

/** Rows so many at a time, so that no text becomes long. */
const rowsAtOnce = 1_024;

/** Rows as CSV with a header, or as lines of JSON. */
export async function* textLines(
  format: "csv" | "jsonl",
  schema: Schema,
  batches: AsyncIterable<TableRows>,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (format === "csv") yield Buffer.from(csvHeader(schema));
  for await (const { length, columns } of batches) {
    const line = format === "csv" ? csvLine(schema, columns) : jsonLine(schema, columns);
    for (let row = 0; row < length; ) {
      let text = "";
      for (const end = Math.min(length, row + rowsAtOnce); row < end; row++) text += line(row);
      yield Buffer.from(text);
    }
  }
}

/** An instant as ISO 8601 in UTC, with microseconds if it has some. */
function instantText(micros: bigint): string {
  const within = ((micros % 1000n) + 1000n) % 1000n;
  const time = new Date(Number((micros - within) / 1000n));
  if (Number.isNaN(time.getTime())) return String(micros);
  const iso = time.toISOString();
  return within === 0n ? iso : iso.replace("Z", `${String(within).padStart(3, "0")}Z`);
}

/**
 * A value as JSON: integers with all their digits, times in ISO 8601, bytes in base64, and `NaN` and the
 * infinities as texts.
 */
export function jsonText(value: unknown, isTime: boolean): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "bigint") return isTime ? `"${instantText(value)}"` : String(value);
  if (typeof value === "number") {
    if (Object.is(value, -0)) return "-0.0";
    return Number.isFinite(value) ? String(value) : `"${value}"`;
  }
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString("base64")}"`;
  if (Array.isArray(value)) return `[${value.map((item) => jsonText(item, isTime)).join(",")}]`;
  return JSON.stringify(value);
}

/** Lines of JSON, an object each. */
function jsonLine(schema: Schema, columns: ReadonlyMap<string, ArrayLike<unknown>>): (row: number) => string {
  const members = [...schema].map(([name, type]) => {
    const values = columns.get(name);
    const isTime = (typeof type === "object" ? type.list : type) === "timestamp";
    return { key: `${JSON.stringify(name)}:`, value: (row: number) => jsonText(values?.[row], isTime) };
  });
  return (row) => `{${members.map(({ key, value }) => key + value(row)).join(",")}}\n`;
}

/** The first line of a CSV file. */
function csvHeader(schema: Schema): string {
  return `${[...schema.keys()].map((name) => csvCell(inert(name))).join(",")}\r\n`;
}

/**
 * Lines of CSV (RFC 4180). No value is an empty cell, an empty text a quoted one. A text that a spreadsheet
 * would take for a formula is made inert (OWASP, "CSV Injection"): an apostrophe stands before it.
 */
function csvLine(schema: Schema, columns: ReadonlyMap<string, ArrayLike<unknown>>): (row: number) => string {
  const cells = [...schema].map(([name, type]) => {
    const values = columns.get(name);
    const text: Value = csvText(typeof type === "object", type === "timestamp", type);
    return (row: number): string => {
      const value = values?.[row];
      return value === null || value === undefined ? "" : text(value);
    };
  });
  return (row) => `${cells.map((cell) => cell(row)).join(",")}\r\n`;
}

function csvText(isList: boolean, isTime: boolean, type: unknown): Value {
  if (isList) {
    const inTime = (type as { readonly list: string }).list === "timestamp";
    return (value) => csvCell(jsonText(value, inTime));
  }
  if (isTime) return (value) => instantText(value as bigint);
  return (value) => {
    if (typeof value === "string") return value === "" ? '""' : csvCell(inert(value));
    if (value instanceof Uint8Array) return csvCell(inert(Buffer.from(value).toString("base64")));
    return Object.is(value, -0) ? "-0" : String(value);
  };
}

/** What a spreadsheet takes for the beginning of a formula, also in full width; a number is none. */
const formula = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
const number = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;

function inert(text: string): string {
  return formula.test(text) && !number.test(text) ? `'${text}` : text;
}

function csvCell(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
