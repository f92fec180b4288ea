import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { createFolderStore } from "../src/store/folder-store.ts";
import { compact } from "../src/upkeep/compact.ts";
import { serve } from "./child.ts";
import { inputs } from "./reader/stored-rows.ts";

/** Makes the files of each hour under a folder one, in a process of its own. */
export interface CompactRequest {
  readonly root: string;
  readonly who: string;
}

/** What it took, without the start of the process. */
export interface CompactAnswer {
  readonly rows: number;
  readonly ms: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
}

serve<CompactRequest>(async ({ root, who }): Promise<CompactAnswer> => {
  const [cpu, start] = [process.cpuUsage(), performance.now()];
  const rows = await (who === "DuckDB" ? plainDuckDb(root) : ours(root, who === "ours"));
  const { user, system } = process.cpuUsage(cpu);
  return {
    rows,
    ms: performance.now() - start,
    cpuMs: (user + system) / 1000,
    rssBytes: process.resourceUsage().maxRSS * 1024,
  };
});

/** As `mdc compact` does it; or on one thread, as where there is no second core. */
async function ours(root: string, isShared: boolean): Promise<number> {
  const store = createFolderStore({ root, isBrief: true });
  const found = await compact(store, {
    ...{ now: Date.now(), olderThanMs: 0, collections: [inputs] },
    shared: isShared ? { root } : undefined,
  });
  return found.reduce((sum, { status, rows }) => sum + (status === "compacted" ? rows : 0), 0);
}

/** Sorted and compressed as ours, in a file beside those of each hour; neither read back nor in their place. */
async function plainDuckDb(root: string): Promise<number> {
  const files = await readdir(root, { recursive: true });
  const hours = new Set(files.filter((file) => file.endsWith(".parquet")).map(dirname));
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  let rows = 0;
  for (const hour of [...hours].filter((folder) => folder.includes(inputs))) {
    const folder = join(root, hour);
    const read = `read_parquet('${folder}/*.parquet', union_by_name = true, hive_partitioning = false)`;
    const sorted = `select * from ${read} order by mdc_request_time, mdc_correlation_id`;
    const options = "format parquet, compression zstd, compression_level 1, row_group_size 122880";
    const { rowsChanged } = await connection.run(`copy (${sorted}) to '${folder}/one' (${options})`);
    rows += rowsChanged;
  }
  connection.closeSync();
  return rows;
}
