import { copyFile, cp, glob, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { root } from "../support/packed-project.ts";
import { certifiedReader } from "./fixtures/certificate.ts";
import { writeLargeLog } from "./large-table.ts";

/** A program, and what it wrote; `ok` if it ended well. */
export type Run = (
  program: string,
  args: readonly string[],
) => Promise<{ readonly ok: boolean; readonly output: string }>;

/** Readers of Delta tables, and what they are installed as. */
const readers = [
  { name: "deltalake", packages: ["deltalake>=1", "pyarrow>=15"] },
  // Of these versions the extension is a package, too.
  { name: "duckdb", packages: ["duckdb==1.5.5", "duckdb-extension-delta==1.5.5", "pyarrow>=15"] },
  { name: "spark", packages: ["pyspark==3.5.*", "delta-spark==3.3.*", "pyarrow>=15"] },
] as const;

/** Engines that run what `mdc ddl` prints for them, and what they are installed as besides. */
const definers = [
  { name: "pandas", packages: ["pandas>=2"] },
  { name: "clickhouse", packages: ["chdb>=3"] },
  { name: "duckdb", packages: [] },
  { name: "spark", packages: [] },
] as const;

/** What a reader that cannot be had here says. */
const absent = [
  "ModuleNotFoundError",
  "JAVA_GATEWAY_EXITED",
  "Could not establish connection",
  "Failed to download extension",
  "unresolved dependency",
];

/**
 * Makes Delta tables of a tree that was written, by `mdc delta init`, and has engines compare them with the
 * same files read as they are; and has `deltalake` open a table of 100,000 files and 10,000 commits. Then
 * engines define the tables as `mdc ddl` says, and must find `rows` in them, and none of a file that is not
 * in the log. Gives back a line for each; one of what is wrong begins with the reader's name and FAILED.
 */
export async function* readTables(
  python: string,
  folder: string,
  rows: Readonly<Record<string, number>>,
  run: Run,
): AsyncGenerator<string> {
  const [plain, tables] = [join(folder, "collected"), join(folder, "tables")];
  await cp(plain, tables, { recursive: true });
  const made = await run(process.execPath, [
    join(root, "dist/cli/main.js"),
    "delta",
    "init",
    "--root",
    tables,
  ]);
  if (!made.ok) throw new Error(made.output);
  await writeLargeLog(join(folder, "large"), "default/default/model_inputs", 10_000);
  const script = join(import.meta.dirname, "read_delta.py");
  for (const { name, packages } of readers) {
    if (!(await install(python, packages, run))) {
      yield `Delta tables by ${name}: left out, pip could not install it`;
      continue;
    }
    yield told(name, await run(python, [script, name, plain, tables]));
    if (name !== "deltalake") continue;
    yield told(`${name}, a certified one`, await run(python, certifiedReader(folder, name)));
    const large = join(folder, "large/default/default/model_inputs");
    yield told(`${name}, a large one`, await run(python, [script, "open", large, "100000"]));
  }
  yield* defineTables(python, folder, rows, run);
}

async function* defineTables(
  python: string,
  folder: string,
  rows: Readonly<Record<string, number>>,
  run: Run,
): AsyncGenerator<string> {
  const tables = join(folder, "tables");
  const files: string[] = [];
  for await (const path of glob("*/*/*/inference_date=*/**/*.parquet", { cwd: tables })) files.push(path);
  for (const path of files)
    await copyFile(join(tables, path), join(tables, dirname(path), "not-in-the-log.parquet"));
  for (const { name, packages } of definers) {
    const what = `mdc ddl --engine ${name}`;
    if (!(await install(python, packages, run))) {
      yield `Delta tables by ${what}: left out, pip could not install it`;
      continue;
    }
    const args = ["ddl", "--engine", name, "--root", tables, "--json"];
    const printed = await run(process.execPath, [join(root, "dist/cli/main.js"), ...args]);
    if (!printed.ok) throw new Error(printed.output);
    const scratch = join(folder, `delta-${name}`);
    await mkdir(scratch);
    const file = join(scratch, "statements.json");
    await writeFile(
      file,
      JSON.stringify({ statements: JSON.parse(printed.output) as unknown, rows, scratch }),
    );
    const script = join(import.meta.dirname, "define_tables.py");
    yield told(what, await run(python, [script, name, file]));
  }
}

async function install(python: string, packages: readonly string[], run: Run): Promise<boolean> {
  if (packages.length === 0) return true;
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  return (await run(python, [...pip, ...packages])).ok;
}

function told(name: string, { ok, output }: { readonly ok: boolean; readonly output: string }): string {
  const last = output.trim().split("\n").at(-1) ?? "";
  const missing = ok ? undefined : absent.find((text) => output.includes(text));
  if (missing !== undefined) return `Delta tables by ${name}: left out, ${missing}`;
  return `Delta tables by ${name}: ${ok ? last : `FAILED\n${output.trim()}`}`;
}
