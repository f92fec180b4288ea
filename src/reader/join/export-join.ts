import type { TableRows } from "../../codec/parquet/tables/table-writer.ts";
import { wrongValue } from "../../base/errors.ts";
import type { ColumnType } from "../../layout/column-type.ts";
import type { TimeRange } from "../../layout/partition.ts";
import type { Row } from "../../layout/row.ts";
import type { Schema } from "../../layout/schema.ts";
import { isSystemColumn } from "../../layout/system-columns.ts";
import type { Catalog } from "../catalog.ts";
import { exportColumns } from "../export/export-columns.ts";
import { bytesOf } from "../export/export-table.ts";
import { jsonText } from "../export/export-text.ts";
import type { JoinPlan } from "./join-options.ts";
import type { JoinedRow } from "./joined-rows.ts";

/** What joined rows are exported as; as `ExportFormat` says. */
export type JoinFormat = "csv" | "jsonl" | "parquet" | "arrow" | "arrows";

/** The formats, in the order in which messages name them. */
export const joinFormats: readonly JoinFormat[] = ["csv", "jsonl", "parquet", "arrow", "arrows"];

/** A format, if it is one; throws for any other. */
export function joinFormat(format: JoinFormat): JoinFormat {
  if (joinFormats.includes(format)) return format;
  const names = joinFormats.map((one) => JSON.stringify(one)).join(", ");
  throw wrongValue("export: format", `one of ${names}`, format);
}

/** A row whose outputs are by their collections, or those of the only one. */
type AnyJoinedRow = JoinedRow<string | readonly string[]>;

/** A column of the file, and where its values are. */
interface JoinedColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly value: (row: AnyJoinedRow) => unknown;
}

/** Rows that become columns at once. */
const maxRows = 8_192;

/**
 * Joined rows as the bytes of one file. Its columns are `id`, `row_index`, `request_time`, `endpoint`,
 * `deployment`, then those of each side behind its name: `inputs_distance`, `outputs_late`, `labels_late`;
 * of several collections of outputs behind theirs. Points in time of `rows` are bigints of microseconds.
 */
export async function* exportJoin(
  catalog: Catalog,
  plan: JoinPlan,
  rows: AsyncIterable<AnyJoinedRow>,
  format: JoinFormat,
): AsyncGenerator<Uint8Array, void, undefined> {
  const columns = await joinedColumns(catalog, plan);
  const schema = new Map(columns.map(({ name, type }) => [name, type]));
  yield* bytesOf(format, schema, batchesOf(rows, columns));
}

async function joinedColumns(catalog: Catalog, plan: JoinPlan): Promise<JoinedColumn[]> {
  const { inputs, outputs, labels, columns: asked, isOne, range } = plan;
  const sides: { prefix: string; collection: string; asked: readonly string[] | undefined; of: SideOf }[] = [
    { prefix: "inputs", collection: inputs, asked: asked.inputs, of: (row) => row.inputs },
    ...outputs.map((collection) => ({
      prefix: isOne ? "outputs" : collection,
      collection,
      asked: asked.outputs,
      of: isOne
        ? (row: AnyJoinedRow): Row => row.outputs as Row
        : (row: AnyJoinedRow): Row | null => (row.outputs as Record<string, Row | null>)[collection] ?? null,
    })),
    ...(labels === undefined
      ? []
      : [
          {
            prefix: "labels",
            collection: labels,
            asked: asked.labels,
            of: (row: AnyJoinedRow) => row.labels,
          },
        ]),
  ];
  const columns = [...fixedColumns];
  const taken = new Set(columns.map(({ name }) => name));
  for (const { prefix, collection, asked: names, of } of sides) {
    const schema = await schemaOf(catalog, collection, prefix === "labels" ? always : range);
    for (const name of names ?? [...schema.keys()].filter((column) => !isSystemColumn(column)))
      columns.push({
        name: freeName(`${prefix}_${name}`, taken),
        type: schema.get(name) ?? "string",
        value: (row) => of(row)?.[name],
      });
  }
  return columns;
}

type SideOf = (row: AnyJoinedRow) => Row | null;

const always: TimeRange = { from: -Infinity, to: Infinity };

const fixedColumns: readonly JoinedColumn[] = [
  { name: "id", type: "string", value: ({ id }) => id },
  { name: "row_index", type: "int32", value: ({ rowIndex }) => rowIndex },
  { name: "request_time", type: "timestamp", value: ({ requestTime }) => requestTime },
  { name: "endpoint", type: "string", value: ({ endpoint }) => endpoint },
  { name: "deployment", type: "string", value: ({ deployment }) => deployment },
];

/** The types of a collection's columns; none where nothing is stored yet, as of labels. */
async function schemaOf(catalog: Catalog, collection: string, range: TimeRange): Promise<Schema> {
  return await exportColumns(catalog, collection, range, undefined).catch((thrown: unknown) => {
    if (thrown instanceof RangeError) return new Map<string, ColumnType>();
    throw thrown;
  });
}

/** The name, or with a number behind it: `a` of `b_c` and `c` of `a_b` would be one. */
function freeName(name: string, taken: Set<string>): string {
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name}_${number}`;
  taken.add(free);
  return free;
}

async function* batchesOf(
  rows: AsyncIterable<AnyJoinedRow>,
  columns: readonly JoinedColumn[],
): AsyncGenerator<TableRows, void, undefined> {
  let gathered: AnyJoinedRow[] = [];
  const batch = (): TableRows => {
    const some = gathered;
    gathered = [];
    const values = columns.map(
      ({ name, type, value }) => [name, some.map((row) => conformed(value(row), type))] as const,
    );
    return { length: some.length, columns: new Map(values) };
  };
  for await (const row of rows) if (gathered.push(row) >= maxRows) yield batch();
  if (gathered.length > 0) yield batch();
}

/** A value in the one type that its column has in the file. */
function conformed(value: unknown, type: ColumnType): unknown {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return BigInt(value.getTime()) * 1_000n;
  if (type === "float64") return Number(value);
  if ((type !== "string" && type !== "json") || typeof value === "string") return value;
  const text = jsonText(value, false);
  return text.startsWith('"') ? (JSON.parse(text) as string) : text;
}
