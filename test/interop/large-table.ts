import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Action, AddFile } from "../../src/delta/actions.ts";
import { commitBytes } from "../../src/delta/actions.ts";
import { writeCheckpoint } from "../../src/delta/checkpoint.ts";
import { commitPath } from "../../src/delta/log-paths.ts";
import { LogState } from "../../src/delta/log-state.ts";
import { partitionFields, schemaText, tableField, withFields } from "../../src/delta/table-schema.ts";
import { systemColumnList } from "../../src/layout/system-columns.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";

/**
 * The log of a table of so many commits of ten files each, every hundred commits a checkpoint, as
 * `DeltaTable` leaves it; its files are not there, for who opens a table reads none. Only the last checkpoint
 * is written: nobody reads those before it.
 */
export async function writeLargeLog(root: string, table: string, commits: number): Promise<void> {
  const store = createFolderStore({ root });
  const names = [
    ...systemColumnList,
    { name: "distance", type: "float64" },
    { name: "origin", type: "string" },
  ];
  const columns = names.flatMap(({ name, type }) => tableField(name, type) ?? []);
  const keys = partitionFields("hour").map(({ name }) => name);
  const metaData = {
    id: "00000000-0000-4000-8000-000000000000",
    format: { provider: "parquet", options: {} },
    schemaString: schemaText(withFields(partitionFields("hour"), columns, keys)),
    partitionColumns: keys,
    configuration: {},
  };
  const state = new LogState();
  await mkdir(join(root, table, "_delta_log"), { recursive: true });
  for (let version = 0; version < commits; version++) {
    const adds: Action[] = Array.from({ length: 10 }, (_, i) => ({ add: fileOf(version * 10 + i) }));
    const first: Action[] = [{ protocol: { minReaderVersion: 1, minWriterVersion: 2 } }, { metaData }];
    const actions = [...(version === 0 ? first : []), ...adds];
    state.advance(actions);
    await writeFile(join(root, commitPath(table, version)), commitBytes(actions));
    if (version === commits - 1 - ((commits - 1) % 100)) await writeCheckpoint(store, table, state);
  }
}

function fileOf(number: number): AddFile {
  const date = new Date(Date.UTC(2026, 0, 1) + Math.floor(number / 12) * 3_600_000).toISOString();
  const [day, hour] = [date.slice(0, 10), date.slice(11, 13)];
  const bounds = {
    mdc_correlation_id: `019aa8f2-${number}`,
    mdc_row_index: 0,
    mdc_sampling_rate: 1,
    distance: number,
  };
  const nulls = Object.fromEntries(systemColumnList.map(({ name }) => [name, 0]));
  const stats = { numRecords: 100, minValues: bounds, maxValues: bounds, nullCount: nulls };
  return {
    path: `inference_date=${day}/inference_hour=${hour}/${String(number).padStart(32, "0")}.parquet`,
    partitionValues: { inference_date: day, inference_hour: String(Number(hour)) },
    size: 20_000,
    modificationTime: Date.parse(date),
    dataChange: true,
    stats: JSON.stringify(stats),
  };
}
