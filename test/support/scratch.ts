import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parquetMetadata } from "hyparquet";
import type { DeploymentOptions, DeploymentStats } from "model-data-collector";
import { expect } from "vitest";
import { type ChildOptions, type ChildResult, runNode } from "./child.ts";
import { root } from "./packed-project.ts";
import { arrowRs, duckdb, hyparquet } from "./parquet-engines.ts";
import { tempFolder } from "./temp-folder.ts";

/** A destination and a spool in a temporary folder. */
export interface Scratch {
  readonly folder: string;
  readonly destination: string;
  readonly spool: string;
  /** Options of a deployment that writes there, some of them given. */
  options(given?: DeploymentOptions): DeploymentOptions;
  /** Environment of a child process that writes there. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Makes a {@link Scratch}; it goes when the test ends. */
export async function scratch(): Promise<Scratch> {
  const folder = await tempFolder();
  const [destination, spool] = [join(folder, "collected"), join(folder, "spool")];
  return {
    folder,
    destination,
    spool,
    options: ({ spool: spoolOptions, ...given } = {}) => ({
      destination,
      spool: { directory: spool, ...spoolOptions },
      ...given,
    }),
    env: { MDC_DESTINATION: destination, MDC_SPOOL_DIR: spool, NODE_OPTIONS: undefined },
  };
}

/** Runs an ES module, given as text, in a process of its own; it imports the package by its name. */
export function runScript(
  code: string,
  options: ChildOptions & { args?: readonly string[] } = {},
): Promise<ChildResult> {
  const { args = [], ...rest } = options;
  return runNode([...args, "--input-type=module", "--eval", code], { cwd: root, timeoutMs: 60_000, ...rest });
}

export type Row = Record<string, unknown>;

/** The Parquet files below a folder. */
export function parquetFiles(folder: string): string[] {
  return globSync("**/*.parquet", { cwd: folder })
    .map((path) => join(folder, path))
    .sort();
}

/**
 * All rows of a collection, read by hyparquet, DuckDB and arrow-rs, which must agree; in the order of
 * collection. `types` of feature columns as in `parquet-engines.ts`; the columns asked for are these and the
 * ids.
 */
export async function storedRows(
  destination: string,
  collection: string,
  types: Readonly<Record<string, string>> = {},
): Promise<Row[]> {
  const all: Record<string, Row[]> = { [hyparquet.name]: [], [duckdb.name]: [], [arrowRs.name]: [] };
  for (const path of parquetFiles(destination).filter((path) => path.includes(`/${collection}/`))) {
    const bytes = new Uint8Array(readFileSync(path));
    const there = new Set(parquetMetadata(bytes.buffer).schema.map(({ name }) => name));
    const wanted = { ...types, mdc_correlation_id: "string", mdc_event_id: "string", mdc_row_index: "int32" };
    const known = new Map(Object.entries(wanted).filter(([name]) => there.has(name)));
    for (const engine of [hyparquet, duckdb, arrowRs]) {
      for (const row of await engine.rows(bytes, known)) {
        const picked = Object.keys(wanted).map((name) => [name, row[name] ?? null]);
        all[engine.name]?.push(Object.fromEntries(picked) as Row);
      }
    }
  }
  const [first, ...others] = Object.entries(all).map(
    ([name, rows]) => [name, rows.sort(byFrameAndRow)] as const,
  );
  for (const [name, rows] of others) expect(rows, `${name} against ${first?.[0]}`).toEqual(first?.[1]);
  return [...(first?.[1] ?? [])];
}

function byFrameAndRow(a: Row, b: Row): number {
  const [x, y] = [String(a["mdc_event_id"]), String(b["mdc_event_id"])];
  return x < y ? -1 : x > y ? 1 : Number(a["mdc_row_index"]) - Number(b["mdc_row_index"]);
}

/** Every unit of the ledger is the sum of its parts. */
export function expectBalance(stats: DeploymentStats): void {
  for (const unit of ["frames", "rows", "bytes"] as const) {
    const { offered, sampledOut, disabled, delivered, spooled, buffered, dropped } = stats[unit];
    const lost = Object.values(dropped).reduce<number>((sum, count) => sum + (count ?? 0), 0);
    expect(sampledOut + disabled + delivered + spooled + buffered + lost, unit).toBe(offered);
    for (const [name, count] of Object.entries({
      offered,
      sampledOut,
      disabled,
      delivered,
      spooled,
      buffered,
    })) {
      expect(count, `${unit} ${name}`).toBeGreaterThanOrEqual(0);
    }
  }
}

/** Waits until `condition` holds. */
export async function until(condition: () => boolean, timeoutMs = 20_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
