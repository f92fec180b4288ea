import { type ParquetFileInfo, readParquetInfo } from "../codec/parquet/parquet-decoder.ts";
import { systemColumns } from "../layout/system-columns.ts";
import type { Store } from "../store/store.ts";
import type { DataFile } from "./data-file.ts";
import { openStoredFile } from "./stored-file.ts";

/** What a file's footer tells of it. */
export interface FooterSummary {
  readonly rows: number;
  /** Request time of its first row, milliseconds since 1970 UTC. */
  readonly from: number;
  /** Request time of its last row. */
  readonly to: number;
  /** Rows of which a value did not fit its column, as far as there are statistics. */
  readonly rejectedRows: number;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

/** Reads a file's footer. Throws as {@link openStoredFile} explains. */
export async function readFooterSummary(store: Store, file: DataFile): Promise<FooterSummary> {
  const stored = openStoredFile(store, file);
  try {
    const info = await readParquetInfo(stored.source);
    return {
      rows: info.rows,
      ...requestTimes(info, file),
      rejectedRows: rejectedRows(info),
      columns: info.columns,
    };
  } catch (thrown) {
    throw stored.explain(thrown);
  }
}

/** From the statistics; a row group that has none stands for its whole partition. */
function requestTimes(info: ParquetFileInfo, file: DataFile): { from: number; to: number } {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const { statistics } of info.rowGroups) {
    const times = statistics(systemColumns.requestTime.name);
    from = Math.min(from, times?.min instanceof Date ? times.min.getTime() : file.start);
    to = Math.max(to, times?.max instanceof Date ? times.max.getTime() : file.end);
  }
  return { from, to };
}

function rejectedRows({ rowGroups }: ParquetFileInfo): number {
  return rowGroups.reduce((sum, { rows, statistics }) => {
    const nulls = statistics(systemColumns.rejected.name)?.nulls;
    return sum + (nulls === undefined ? 0 : rows - nulls);
  }, 0);
}
