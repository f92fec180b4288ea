/**
 * The same questions of what is stored in Azure Blob Storage (Azurite, on the same machine), beside DuckDB
 * with its own extension for it. DuckDB's publisher has that on PyPI, for one version of DuckDB, which is
 * installed with it, in a folder below `node_modules/.cache`; where that fails, this is not measured.
 */
import { execFile } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { startAzurite } from "../test/support/azurite.ts";
import { type Benchmark, type BenchmarkResult, NotHere, spread } from "./benchmark.ts";
import { askOnce } from "./child.ts";
import type { AzureAccess, Question } from "./reader/questions.ts";
import type { ReaderAnswer, ReaderRequest } from "./reader/reader-process.ts";
import { storeRows } from "./reader/stored-rows.ts";

const run = promisify(execFile);
const version = "1.5.5";
const installMs = 120_000;
const container = "stored";
const asked: readonly Question[] = ["what there is", "one id", "one key", "aggregate", "join", "account"];

const benchmark: Benchmark = async (context) => {
  // Smoke runs install nothing.
  if (context.smoke) throw new NotHere("installs packages from PyPI and npm, so not in a smoke run");
  const duckdb = await installDuckDb();
  const rows = context.size(1_000_000, 100_000);
  const root = join(context.folder, "rows");
  await storeRows({ root, rows, files: 24 });
  await using azurite = await startAzurite();
  const client = await azurite.container(container);
  for (const file of globSync("**/*.{parquet,json}", { cwd: root }))
    await client.getBlockBlobClient(file).uploadFile(join(root, file));
  const azure: AzureAccess = { ...duckdb, container, connectionString: azurite.connectionString };
  const results: BenchmarkResult[] = [];
  for (const question of asked)
    for (const who of ["ours", "DuckDB"] as const) {
      const request: ReaderRequest = {
        root: `${azurite.url}/${container}`,
        rows,
        who,
        question,
        times: 9,
        azure,
      };
      const module = new URL("./reader/reader-process.ts", import.meta.url);
      const { first, ms, rssBytes } = await askOnce<ReaderAnswer>(module, request);
      const facets = { question, size: rows, contender: who };
      const ratioTo = who === "ours" ? { ratioTo: `${question}: DuckDB` } : {};
      const name = `${question}: ${who}`;
      results.push({ name, metric: "time", unit: "ms", ...spread(ms), facets, ...ratioTo });
      results.push({ name, metric: "first", unit: "ms", ...spread([first]), facets });
      results.push({ name, metric: "RSS", unit: "MB", ...spread([rssBytes / 1e6]), facets });
    }
  return results;
};

export default benchmark;

/** DuckDB and its extension, in one version. */
async function installDuckDb(): Promise<Pick<AzureAccess, "duckdb" | "extension">> {
  const folder = join(import.meta.dirname, `../node_modules/.cache/duckdb-azure-${version}`);
  const extension = join(folder, `duckdb_extension_azure/extensions/v${version}/azure.duckdb_extension`);
  const library = join(folder, "node_modules/@duckdb/node-api/lib/index.js");
  const options = { cwd: folder, timeout: installMs };
  try {
    await mkdir(folder, { recursive: true });
    if (!existsSync(library)) {
      await writeFile(join(folder, "package.json"), "{}");
      await run("npm", ["install", "--no-audit", "--no-fund", `@duckdb/node-api@${version}-r.1`], options);
    }
    if (!existsSync(extension)) {
      const wheel = `duckdb-extension-azure==${version}`;
      await run("python3", ["-m", "pip", "download", "--quiet", "--no-deps", wheel], options);
      const [file = ""] = globSync("*.whl", { cwd: folder });
      await run("python3", ["-m", "zipfile", "-e", file, "."], options);
    }
  } catch (error) {
    throw new NotHere(`DuckDB ${version} and its extension for Azure: ${(error as Error).message}`);
  }
  return { duckdb: pathToFileURL(library).href, extension };
}
