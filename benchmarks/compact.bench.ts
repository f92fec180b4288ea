/**
 * What it takes to make the small files of a collection few, by their number: files of 100 rows and 29 columns,
 * of the 24 hours of a day. The new files are read back and compared, and the small ones deleted, meanwhile.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createFolderStore } from "../src/store/folder-store.ts";
import { compact } from "../src/upkeep/compact.ts";
import { type Benchmark, type BenchmarkResult, spread } from "./benchmark.ts";
import { inputs, storeRows } from "./reader/stored-rows.ts";

const smallRows = 100;
const times = 3;

const benchmark: Benchmark = async (context) => {
  const sizes = { full: [1_000, 10_000], quick: [1_000], smoke: [30] }[context.scale];
  const results: BenchmarkResult[] = [];
  for (const files of sizes) {
    const ms: number[] = [];
    for (let time = 0; time < (context.smoke ? 1 : times); time++) {
      const root = join(context.folder, `${files}-${time}`);
      await storeRows({ root, rows: files * smallRows, files });
      const store = createFolderStore({ root });
      const start = performance.now();
      const found = await compact(store, { now: Date.now(), olderThanMs: 0, collections: [inputs] });
      ms.push(performance.now() - start);
      const rows = found.reduce((sum, one) => sum + one.rows, 0);
      if (rows !== files * smallRows && !context.smoke) throw new Error(`compact: ${rows} rows`);
      await rm(root, { recursive: true });
    }
    const facets = { files };
    results.push({ name: `${files.toLocaleString("en-US")} files`, unit: "ms", ...spread(ms), facets });
  }
  return results;
};

export default benchmark;
