import { openParquet, readParquetColumns } from "../codec/parquet/parquet-decoder.ts";
import { isBodyPath } from "../layout/body-path.ts";
import type { Filter, Scalar } from "../layout/filter/filter.ts";
import { systemColumns } from "../layout/system-columns.ts";
import type { DataFile } from "../reader/data-file.ts";
import type { PinnedTypes } from "../reader/lines/pinned-types.ts";
import { storedLines, wantedRows } from "../reader/lines/scan-lines.ts";
import { openStoredFile } from "../reader/stored-file.ts";
import { reasonOf } from "../reader/unreadable.ts";
import type { Store } from "../store/store.ts";
import type { PartitionFiles } from "./partition.ts";

const idColumn = systemColumns.correlationId.name;
const bodyColumn = "body_ref";

/** The places in a file of the rows that a filter wants, in order, and the bodies that they refer to. */
export async function rowsOf(
  store: Store,
  file: DataFile,
  filter: Filter,
  pins: PinnedTypes,
): Promise<{ readonly rows: readonly number[]; readonly bodies: readonly string[] }> {
  const rows: number[] = [];
  const bodies = new Set<string>();
  for await (const found of foundIn(store, file, filter, bodyColumn, pins)) {
    for (const row of found.rows) rows.push(row);
    for (const ref of found.values) if (typeof ref === "string" && isBodyPath(ref)) bodies.add(ref);
  }
  return { rows, bodies: [...bodies] };
}

/** What whole requests come to. */
interface WholeRequests {
  /** What to erase of each deployment. */
  readonly filters: ReadonlyMap<string, Filter>;
  /** The files that have rows which the filter wants itself: without these, nobody would find the others. */
  readonly own: ReadonlySet<string>;
}

/** All rows of the requests of which a filter wants one. Files that cannot be read have none here. */
export async function requestFilters(
  store: Store,
  partitions: readonly PartitionFiles[],
  filter: Filter,
  pins: PinnedTypes,
): Promise<WholeRequests> {
  const own = new Set<string>();
  const ids = new Map<string, Set<string>>();
  for (const { place, files } of partitions) {
    const key = `${place.endpoint}/${place.deployment}`;
    const known = ids.get(key) ?? new Set<string>();
    ids.set(key, known);
    for (const file of files)
      try {
        for await (const { rows, values } of foundIn(store, file, filter, idColumn, pins)) {
          if (rows.length > 0) own.add(file.path);
          for (const id of values) known.add(String(id));
        }
      } catch (thrown) {
        reasonOf(thrown);
      }
  }
  const filters = new Map<string, Filter>();
  for (const [key, values] of ids) {
    const test = { kind: "in", values: [...values] } as const;
    if (values.size > 0)
      filters.set(key, { kind: "any", of: [filter, { kind: "column", column: idColumn, test }] });
  }
  return { filters, own };
}

/**
 * A filter that also finds the values that it asks for where they did not fit their column, and stand among
 * the rejected ones.
 */
export function withRejected(filter: Filter): Filter {
  if (filter.kind === "not") return filter;
  if (filter.kind !== "column") return { kind: filter.kind, of: filter.of.map(withRejected) };
  const { column, test } = filter;
  if (test.kind !== "in") return filter;
  const texts = test.values.flatMap(jsonTexts).flatMap((text) => memberTexts(column, text));
  const others = texts.map((value): Filter => {
    return { kind: "column", column: systemColumns.rejected.name, test: { kind: "contains", value } };
  });
  return others.length === 0 ? filter : { kind: "any", of: [filter, ...others] };
}

/** How a value can stand in JSON: what is asked for as a number may have come as a text. */
function jsonTexts(value: Scalar): readonly string[] {
  if (typeof value === "string") return [JSON.stringify(value)];
  if (typeof value === "object") return [];
  return [String(value), JSON.stringify(String(value))];
}

/** A member of the object of rejected values, up to what comes after it, so that 1 is not found in 17. */
function memberTexts(column: string, value: string): readonly string[] {
  const text = `${JSON.stringify(column)}:${value}`;
  return [`${text},`, `${text}}`];
}

/** The rows that a filter wants: their places, and their values of one column. */
async function* foundIn(
  store: Store,
  file: DataFile,
  filter: Filter,
  column: string,
  pins: PinnedTypes,
): AsyncGenerator<{ readonly rows: readonly number[]; readonly values: readonly unknown[] }> {
  const stored = openStoredFile(store, file);
  try {
    if (file.format === "jsonl") {
      let start = 0;
      for await (const lines of storedLines(stored.source, store, file, pins)) {
        const places = wantedRows(lines, filter);
        const values = lines.columns.get(column);
        yield {
          rows: places.map((place) => start + place),
          values: places.map((place) => values?.[place]),
        };
        start += lines.length;
      }
      return;
    }
    const opened = await openParquet(stored.source, "end");
    const columns = opened.info.types.has(column) ? [column] : [];
    for await (const part of readParquetColumns(opened, { columns, filter }))
      yield {
        rows: Array.from({ length: part.length }, (_, i) => part.rows[i] ?? 0),
        values: Array.from(part.columns.get(column) ?? []),
      };
  } catch (thrown) {
    throw stored.explain(thrown);
  }
}
