/**
 * `npm run test:interop`: writes a tree of files through the public API, and has other engines read it. Each
 * engine must find the same rows, types and values, and the same counts when it prunes by statistics.
 *
 * Python and its packages are fetched into `node_modules/.cache/interop`. What can not be had (no Python, no
 * network, no Java for Spark) is said and left out; a mismatch exits 1.
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runChild } from "../support/child.ts";
import { root } from "../support/packed-project.ts";
import { writeTree } from "./write-tree.ts";

const engines = [
  { name: "pyarrow", packages: ["pyarrow>=15"] },
  { name: "pandas", packages: ["pandas>=2", "pyarrow>=15"] },
  { name: "polars", packages: ["polars>=1"] },
  { name: "duckdb", packages: ["duckdb>=1.1"] },
  // Spark 3 refuses what 4 takes: instants before 1900, unless a file says which calendar theirs is.
  { name: "pyspark", packages: ["pyspark==3.5.*"], needsJava: true },
];

const folder = await mkdtemp(join(tmpdir(), "mdc-interop-"));
try {
  const expected = await writeTree(join(folder, "collected"));
  await writeFile(join(folder, "expected.json"), JSON.stringify(expected));
  console.log(
    `wrote ${expected.collections.map(({ name, rows }) => `${name}: ${rows.length} rows`).join(", ")}`,
  );
  const python = await virtualEnvironment();
  if (python !== undefined) {
    for (const engine of engines) await check(python, engine);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Has one engine read the tree; a failure sets the exit code and leaves the others their turn. */
async function check(
  python: string,
  { name, packages, needsJava = false }: (typeof engines)[number],
): Promise<void> {
  if (needsJava && !(await works("java", ["-version"]))) return leftOut(name, "there is no Java");
  const pip = await run(python, [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    ...packages,
  ]);
  if (!pip.ok) return leftOut(name, `pip could not install it: ${lastLine(pip.output)}`);
  const reader = join(import.meta.dirname, "read_tree.py");
  const { ok, output } = await run(python, [
    reader,
    name,
    join(folder, "collected"),
    join(folder, "expected.json"),
  ]);
  console.log(ok ? output.trim() : `${name}: FAILED\n${output.trim()}`);
  if (!ok) process.exitCode = 1;
}

/** The Python of an environment of our own, made on first use. */
async function virtualEnvironment(): Promise<string | undefined> {
  const home = join(root, "node_modules", ".cache", "interop");
  const python =
    process.platform === "win32" ? join(home, "Scripts", "python.exe") : join(home, "bin", "python");
  if (existsSync(python) && (await works(python, ["-m", "pip", "--version"]))) return python;
  for (const system of ["python3", "python"]) {
    if (await works(system, ["-m", "venv", "--clear", home])) return python;
  }
  leftOut("all engines", "there is no Python 3 that can make a virtual environment");
  return undefined;
}

function leftOut(what: string, why: string): void {
  console.log(`${what}: left out, ${why}`);
}

async function works(program: string, args: readonly string[]): Promise<boolean> {
  return (await run(program, args)).ok;
}

async function run(program: string, args: readonly string[]): Promise<{ ok: boolean; output: string }> {
  try {
    const { code, stdout, stderr } = await runChild(program, args, { timeoutMs: 300_000 });
    return { ok: code === 0, output: code === 0 ? stdout : stdout + stderr };
  } catch (error) {
    return { ok: false, output: String(error) };
  }
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
