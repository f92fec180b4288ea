import { DeltaTable } from "../../delta/delta-table.ts";
import { UnusableLogError } from "../../delta/unusable-log.ts";
import { spanOf } from "../../layout/dataset-path.ts";
import { overlaps, type TimeRange } from "../../layout/partition.ts";
import { parseAnyPath } from "../../layout/paths/others-path.ts";
import type { Store } from "../../store/store.ts";
import type { DataFile } from "../data-file.ts";
import type { Findings } from "./findings.ts";

/**
 * Compares a Delta table's log with the files of its collection that are stored, those that others replace
 * included, as far as they can have rows of the range.
 */
export async function compareLog(
  store: Store,
  table: string,
  files: readonly DataFile[],
  range: TimeRange,
  findings: Findings,
): Promise<void> {
  const own = files.filter(({ path, format }) => format === "parquet" && path.startsWith(`${table}/`));
  try {
    const state = await new DeltaTable(store, table).read();
    for (const { path } of own)
      if (state?.has(path.slice(table.length + 1)) === undefined)
        findings.add("unlogged", table, path, "it is stored, and not in the table's log");
    const stored = new Set(own.map(({ path }) => path));
    for (const [name, removedAt] of state?.files ?? []) {
      const path = `${table}/${name}`;
      const parsed = parseAnyPath(path);
      if (removedAt > 0 || stored.has(path) || parsed?.kind !== "parquet") continue;
      if (overlaps(spanOf(parsed), range))
        findings.add("lost", table, path, "it is in the table's log, and not stored");
    }
  } catch (thrown) {
    if (!(thrown instanceof UnusableLogError)) throw thrown;
    findings.add("unreadable", table, table, thrown.message);
  }
}
