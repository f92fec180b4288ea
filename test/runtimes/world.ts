import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { Azurite } from "../support/azurite.ts";
import { type ChildResult, runChild, runNpm } from "../support/child.ts";
import { configFile, frames } from "./program.ts";

/** Where everything happens. */
export interface World {
  readonly folder: string;
  /** A project that has the packed package; what is below it finds the package, too. */
  readonly project: string;
  readonly tarball: string;
  readonly azurite: Azurite;
}

/** The container that everything is stored in, each case below a prefix of its own. */
export const container = "runtimes";

/** Why something is left out: it could not be had. Whatever else is thrown is a failure. */
export class LeftOut extends Error {}

/** Makes a project in `folder` with packages from the registry. Throws {@link LeftOut} if they cannot be had. */
export async function install(folder: string, packages: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "app", private: true }));
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline"];
  const { code, stderr } = await runNpm(["install", ...quiet, ...packages], {
    cwd: folder,
    timeoutMs: 300_000,
  });
  const line =
    stderr
      .trim()
      .split("\n")
      .find((text) => /code|not found|ENOTFOUND/.test(text)) ?? "";
  if (code !== 0) throw new LeftOut(`${packages.join(" ")} cannot be installed: ${line}`);
}

/** What a case runs, and where. */
export interface Run {
  readonly command: readonly string[];
  /** The folder that it runs in; the deployment's file is put there. */
  readonly cwd: string;
  /** What it prints last, if anything is to be. */
  readonly says?: string;
  /** Default `model_inputs`. */
  readonly collections?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The environment of a case that runs in `cwd`: nothing of ours, and its own prefix in Azurite. */
export function environment(
  { azurite, folder }: World,
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Record<string, string | undefined> {
  const bin = ["node_modules/.bin"].map((path) => join(cwd, path));
  return {
    NODE_OPTIONS: undefined,
    MDC_DESTINATION: undefined,
    MDC_CONFIG: undefined,
    MDC_SPOOL_DIR: undefined,
    // Of the runner that may run this.
    NODE_ENV: undefined,
    VITEST: undefined,
    CI: "1",
    XDG_STATE_HOME: join(cwd, "state"),
    NEXT_TELEMETRY_DISABLED: "1",
    AZURE_STORAGE_CONNECTION_STRING: azurite.connectionString,
    RUNTIMES_AZURITE: `${azurite.url}/${container}/${prefixOf(folder, cwd)}`,
    PATH: [...bin, process.env["PATH"]].join(delimiter),
    ...env,
  };
}

const prefixOf = (folder: string, cwd: string): string =>
  cwd.slice(folder.length + 1).replaceAll(/[^a-z0-9/-]+/gi, "-");

/** Runs a line of a document: with what is installed, while `npx` would ask the network. */
export const shell = (line: string): readonly string[] => ["sh", "-ec", line.replaceAll("npx ", "")];

/** Runs a case to its own end, and counts what is stored. Throws what is wrong. */
export async function check(world: World, { command, cwd, says, collections, env }: Run): Promise<void> {
  await prepare(cwd);
  const [program = "", ...args] = command;
  const result = await runChild(program, args, {
    cwd,
    env: environment(world, cwd, env),
    timeoutMs: 180_000,
  });
  expectEnd(result, says);
  await countStored(world, cwd, collections);
}

/** Puts the deployment's file where a case runs. */
export async function prepare(cwd: string): Promise<void> {
  await mkdir(cwd, { recursive: true });
  await writeFile(join(cwd, "blue.yml"), configFile);
}

function expectEnd({ code, signal, stdout, stderr }: ChildResult, says: string | undefined): void {
  const said = stdout.trim().split("\n").at(-1);
  if (code === 0 && (says === undefined || said === says)) return;
  const end = code === 0 ? `said something else than ${says}` : `ended with ${code ?? signal}`;
  throw new Error(`${end}\n${stdout.slice(-3_000)}\n${stderr.slice(-3_000)}`);
}

/** Has DuckDB count the frames in the folder and in Azurite that a case stored. Throws if any is missing. */
export async function countStored(
  { azurite, folder }: World,
  cwd: string,
  collections: readonly string[] = ["model_inputs"],
): Promise<void> {
  const client = await azurite.container(container);
  const prefix = prefixOf(folder, cwd);
  for await (const { name } of client.listBlobsFlat({ prefix: `${prefix}/` })) {
    const path = join(cwd, "azurite", name.slice(prefix.length));
    await mkdir(dirname(path), { recursive: true });
    await client.getBlobClient(name).downloadToFile(path);
  }
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  for (const place of ["out", "azurite"]) {
    for (const collection of collections) {
      const files = join(cwd, place, "flights/blue", collection, "**/*.parquet");
      const reader = await connection.runAndReadAll(
        `select count(*)::int as n, count(distinct mdc_event_id)::int as ids, sum(x)::int as total
          from read_parquet('${files}')`,
      );
      const counted = JSON.stringify(reader.getRowObjects()[0]);
      const expected = JSON.stringify({ n: frames, ids: frames, total: (frames * (frames - 1)) / 2 });
      if (counted !== expected) throw new Error(`${files}: expected ${expected}, got ${counted}`);
    }
  }
  connection.closeSync();
}
