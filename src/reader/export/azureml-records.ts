import { featuresText, type RecordFacts, type RecordRow, recordText } from "../../codec/jsonl/record-text.ts";
import type { TableRows } from "../../codec/parquet/tables/table-writer.ts";
import type { Schema } from "../../layout/schema.ts";
import { isSystemColumn, systemColumnList, systemColumns } from "../../layout/system-columns.ts";

/** Text is handed on in pieces of about so many characters. */
const pieceCharacters = 1024 * 1024;

/**
 * What records need to be read of a collection whose columns are `all`: all that the system knows, and its
 * features, or of them those asked for.
 */
export function recordColumns(all: Schema): Schema {
  const system = systemColumnList.map(({ name, type }) => [name, type] as const);
  return new Map([...system, ...[...all].filter(([name]) => !isSystemColumn(name))]);
}

/**
 * Rows as Azure Machine Learning's records, a line for each frame; `schema` is that of
 * {@link recordColumns}. Rows of one frame stand together, as they do in every file.
 */
export async function* recordLines(
  schema: Schema,
  batches: AsyncIterable<TableRows>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const features = new Map([...schema].filter(([name]) => !isSystemColumn(name)));
  let facts: RecordFacts | undefined;
  let rows: RecordRow[] = [];
  let text = "";
  for await (const { length, columns } of batches) {
    const values = (name: string): ArrayLike<unknown> => columns.get(name) ?? [];
    const [ids, rejected] = [values(systemColumns.eventId.name), values(systemColumns.rejected.name)];
    const write = featuresText(features, columns);
    for (let row = 0; row < length; row++) {
      const eventId = String(ids[row] ?? "");
      // Where a file of somebody else names no event, each row is one.
      if (facts !== undefined && (eventId === "" || eventId !== facts.eventId)) {
        text += recordText(facts, rows);
        [facts, rows] = [undefined, []];
      }
      facts ??= factsOf(columns, row);
      rows.push({ features: write(row), rejected: (rejected[row] ?? null) as string | null });
      if (text.length < pieceCharacters) continue;
      yield Buffer.from(text);
      text = "";
    }
  }
  if (facts !== undefined) text += recordText(facts, rows);
  if (text !== "") yield Buffer.from(text);
}

function factsOf(columns: ReadonlyMap<string, ArrayLike<unknown>>, row: number): RecordFacts {
  const value = ({ name }: { readonly name: string }): unknown => columns.get(name)?.[row] ?? null;
  const text = (column: { readonly name: string }): string => String(value(column) ?? "");
  return {
    eventId: text(systemColumns.eventId),
    eventTime: (value(systemColumns.eventTime) ?? 0n) as bigint,
    correlationId: text(systemColumns.correlationId),
    requestId: value(systemColumns.requestId) as string | null,
    clientRequestId: value(systemColumns.clientRequestId) as string | null,
    collection: text(systemColumns.collection),
    source: text(systemColumns.source),
    modelVersion: value(systemColumns.modelVersion) as string | null,
    agent: text(systemColumns.agent),
    samplingRate: Number(value(systemColumns.samplingRate) ?? 1),
    tags: value(systemColumns.tags) as string | null,
  };
}
