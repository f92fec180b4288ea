import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/*
 * What Azure ML's monitoring makes of a collection's folder, as its `model_data_collector_preprocessor` 0.4.31
 * reads it with Spark: said anew, for Spark and the service are not here.
 */

/** Types that Spark infers from JSON. */
export type SparkType = "bigint" | "double" | "decimal" | "boolean" | "string" | "nested";

/** What monitoring works with. */
export interface MonitoredData {
  /** Sorted by name. Nested columns are texts of JSON by now, and of type `nested`. */
  readonly columns: Readonly<Record<string, SparkType>>;
  /** In the order of files and lines, with its row id: the correlation id, `_`, and the row's number. */
  readonly rows: readonly { readonly id: string; readonly values: Readonly<Record<string, unknown>> }[];
}

/** A number as it was written: whether it is a double shows in its text alone. */
class NumberText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

interface Line {
  readonly correlationid: string;
  readonly data?: readonly Record<string, unknown>[] | null;
  readonly dataref?: string;
}

/**
 * Reads the whole hours from that of `from` on to that of `to`, which does not count if `to` is its
 * beginning. Throws where the service would find or infer nothing.
 */
export function readAsMonitoring(collectionFolder: string, from: Date, to: Date): MonitoredData {
  const files = hoursOf(from, to).flatMap((hour) =>
    globSync(`${hour}/*.jsonl`, { cwd: collectionFolder })
      .sort()
      .map((path) => join(collectionFolder, path)),
  );
  if (files.length === 0) throw new Error("DataNotFoundError: no file in the window");
  const lines = files.flatMap((file) =>
    readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line) => ({ file, line: parse(line) as Line })),
  );
  const inRecords = lines.flatMap(({ line }) => line.data ?? []);
  if (inRecords.length === 0) throw new Error("AnalysisException: no record of the window has data");
  const columns = infer(inRecords);
  const rows = lines.flatMap(({ file, line }) => {
    const own =
      line.data ?? (parse(readFileSync(join(dirname(file), line.dataref ?? ""), "utf8")) as typeof inRecords);
    return own.map((row, index) => ({ id: `${line.correlationid}_${index}`, values: typed(row, columns) }));
  });
  return { columns, rows };
}

function hoursOf(from: Date, to: Date): string[] {
  const hours: string[] = [];
  for (let at = Math.floor(from.getTime() / 3_600_000); at * 3_600_000 < to.getTime(); at++) {
    hours.push(new Date(at * 3_600_000).toISOString().slice(0, 13).replaceAll(/[-T]/g, "/"));
  }
  return hours;
}

function parse(text: string): unknown {
  type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;
  const reviver: Reviver = (_, value, { source }) =>
    typeof value === "number" && source !== undefined ? new NumberText(source) : value;
  return JSON.parse(text, reviver as Parameters<typeof JSON.parse>[1]);
}

/** One schema of all rows: a column that is two things is text, and one that is nothing is, too. */
function infer(rows: readonly Record<string, unknown>[]): Record<string, SparkType> {
  const found = new Map<string, Set<SparkType>>();
  for (const row of rows) {
    for (const [name, value] of Object.entries(row)) {
      const types = found.get(name) ?? new Set();
      found.set(name, types);
      const type = typeOf(value);
      if (type !== undefined) types.add(type);
    }
  }
  const names = [...found.keys()].sort();
  return Object.fromEntries(names.map((name) => [name, together([...(found.get(name) ?? [])])]));
}

function typeOf(value: unknown): SparkType | undefined {
  if (value === null) return undefined;
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "string") return "string";
  if (!(value instanceof NumberText)) return "nested";
  if (/[.eE]/.test(value.text)) return "double";
  const integer = BigInt(value.text);
  return integer >= -(2n ** 63n) && integer < 2n ** 63n ? "bigint" : "decimal";
}

function together(types: readonly SparkType[]): SparkType {
  if (types.length === 1) return types[0] as SparkType;
  const numbers: readonly SparkType[] = ["bigint", "double", "decimal"];
  if (types.length === 0 || !types.every((type) => numbers.includes(type))) return "string";
  return types.includes("double") ? "double" : "decimal";
}

/** A row as the schema has it; a key that it lacks is null, and one that the schema lacks is gone. */
function typed(
  row: Record<string, unknown>,
  columns: Readonly<Record<string, SparkType>>,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, type] of Object.entries(columns)) {
    const value = row[name] ?? null;
    if (value === null) values[name] = null;
    else if (type === "double") values[name] = Number((value as NumberText).text);
    else if (type === "bigint" || type === "decimal") values[name] = BigInt((value as NumberText).text);
    else if (type === "boolean" || typeof value === "string") values[name] = value;
    else values[name] = text(value);
  }
  return values;
}

/** A value as text of JSON, its numbers as they were written. */
function text(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part instanceof NumberText
      ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(part.text)
      : part,
  );
}
