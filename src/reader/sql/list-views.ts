import type { StoreEntry } from "../../store/store.ts";
import type { Catalog } from "../catalog.ts";
import type { ColumnSummary } from "../collection-summary.ts";
import { parseDataFile } from "../data-file.ts";
import { readFooterSummary } from "../footer-summary.ts";
import { reasonOf, type UnreadableFile } from "../unreadable.ts";
import { type CollectionFiles, takeInventory, unusableLogs } from "./inventory.ts";
import { writtenName } from "./sql-text.ts";
import { viewColumns } from "./view.ts";

/** What a statement can ask of. */
export interface ViewSummary {
  /** The collection's name. */
  readonly name: string;
  /** The same as a statement has to write it. */
  readonly written: string;
  readonly files: number;
  /** Stored bytes. */
  readonly bytes: number;
  /** With the types that DuckDB has for them. */
  readonly columns: readonly ColumnSummary[];
}

/**
 * The views that there are, by name, and the Delta logs for which a collection has none. Where no types are
 * pinned the footer of a file tells of columns.
 */
export async function listViews(
  catalog: Catalog,
): Promise<{ views: ViewSummary[]; unreadable: UnreadableFile[] }> {
  const views: ViewSummary[] = [];
  const unreadable: UnreadableFile[] = [];
  for (const collection of await takeInventory(catalog, { from: -Infinity, to: Infinity })) {
    const { name } = collection;
    const logs = unusableLogs(collection);
    unreadable.push(...logs);
    if (logs.length > 0) continue;
    const files = filesOf(collection);
    const columns = viewColumns(collection).map((column) => ({ name: column.name, type: column.sqlType }));
    const known = new Set(columns.map((column) => column.name));
    const unknown = (await footerColumns(catalog, collection)).filter((column) => !known.has(column.name));
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    views.push({
      name,
      written: writtenName(name),
      files: files.length,
      bytes,
      columns: [...columns, ...unknown],
    });
  }
  return { views, unreadable };
}

function filesOf({ deployments }: Pick<CollectionFiles, "deployments">): StoreEntry[] {
  return deployments.flatMap(({ sets }) => sets.flatMap(({ files }) => files));
}

async function footerColumns(
  catalog: Catalog,
  { deployments }: CollectionFiles,
): Promise<readonly ColumnSummary[]> {
  for (const entry of filesOf({ deployments: deployments.filter(({ pins }) => pins === undefined) })) {
    const file = parseDataFile(entry);
    if (file?.format !== "parquet") continue;
    try {
      return (await readFooterSummary(catalog.store, file)).columns;
    } catch (thrown) {
      // A bad file is told when its rows are read.
      reasonOf(thrown);
    }
  }
  return [];
}
