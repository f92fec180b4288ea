import { cp } from "node:fs/promises";
import { join } from "node:path";
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
  // Its extension is a download of its own.
  { name: "duckdb", packages: ["duckdb>=1.1", "pyarrow>=15"] },
  { name: "spark", packages: ["pyspark==3.5.*", "delta-spark==3.3.*", "pyarrow>=15"] },
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
 * same files read as they are; and has `deltalake` open a table of 100,000 files and 10,000 commits. Gives
 * back a line for each; one of what is wrong begins with the reader's name and FAILED.
 */
export async function* readTables(python: string, folder: string, run: Run): AsyncGenerator<string> {
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
    const pip = await run(python, [
      "-m",
      "pip",
      "install",
      "--quiet",
      "--disable-pip-version-check",
      ...packages,
    ]);
    if (!pip.ok) {
      yield `Delta tables by ${name}: left out, pip could not install it`;
      continue;
    }
    yield told(name, await run(python, [script, name, plain, tables]));
    if (name !== "deltalake") continue;
    yield told(`${name}, a certified one`, await run(python, certifiedReader(folder, name)));
    const large = join(folder, "large/default/default/model_inputs");
    yield told(`${name}, a large one`, await run(python, [script, "open", large, "100000"]));
  }
}

function told(name: string, { ok, output }: { readonly ok: boolean; readonly output: string }): string {
  const last = output.trim().split("\n").at(-1) ?? "";
  const missing = ok ? undefined : absent.find((text) => output.includes(text));
  if (missing !== undefined) return `Delta tables by ${name}: left out, ${missing}`;
  return `Delta tables by ${name}: ${ok ? last : `FAILED\n${output.trim()}`}`;
}
