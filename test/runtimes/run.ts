/**
 * `npm run test:runtimes`: the packed package where people run it: on runtimes, in bundles, under test
 * runners, compiled, in frameworks and with other package managers. Each collects 50 frames into a folder and
 * 50 into Azurite and ends by itself; DuckDB counts what is stored. At the end a table says what ran.
 *
 * What cannot be had (there is no network) is said and left out; what runs and fails exits 1. Words after it
 * choose among rows and columns: `npm run test:runtimes -- esbuild deno`.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { countOf } from "../../src/base/plural.ts";
import { startAzurite } from "../support/azurite.ts";
import { pack } from "../support/packed-project.ts";
import { applications } from "./applications.ts";
import { documents } from "./documents.ts";
import { exchanges } from "./exchanges.ts";
import { matrix } from "./matrix.ts";
import { type Outcome, table } from "./report.ts";
import { runners } from "./runners.ts";
import { servers } from "./servers.ts";
import { container, install, LeftOut, type World } from "./world.ts";

/** One thing to try. */
export interface Case {
  readonly row: string;
  readonly column: string;
  /** Throws what is wrong, {@link LeftOut} if it cannot be had. */
  readonly run: (world: World) => Promise<void>;
}

/** So many at once: a case is mostly one process that waits little. */
const maxAtOnce = 2;

const started = performance.now();
const words = process.argv.slice(2);
const folder = await mkdtemp(join(realpathSync(tmpdir()), "mdc-runtimes-"));
const azurite = await startAzurite();
try {
  await azurite.container(container);
  const { path: tarball } = await pack(folder);
  const project = join(folder, "project");
  await install(project, [tarball]);
  const cases = [
    ...matrix(),
    ...runners(),
    ...applications(),
    ...documents(),
    ...exchanges(),
    ...servers(),
  ].filter(
    ({ row, column }) => words.length === 0 || words.some((word) => `${row} ${column}`.includes(word)),
  );
  const outcomes: Outcome[] = [];
  const left = [...cases];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift())
      outcomes.push(await run(next, { folder, project, tarball, azurite }));
  };
  await Promise.all(Array.from({ length: maxAtOnce }, work));
  outcomes.sort((a, b) => place(cases, a) - place(cases, b));
  console.log(`\n${table(outcomes)}\n`);
  const failed = outcomes.filter(({ result }) => result === "FAILED");
  const seconds = Math.round((performance.now() - started) / 1_000);
  console.log(`${countOf(outcomes.length, "case")} in ${seconds} s, ${failed.length} failed`);
  if (failed.length > 0 || outcomes.length === 0) process.exitCode = 1;
} catch (thrown) {
  if (!(thrown instanceof LeftOut)) throw thrown;
  console.log(`left out: ${thrown.message}`);
} finally {
  await azurite.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** A failure is said at once and leaves the others their turn. */
async function run({ row, column, run }: Case, world: World): Promise<Outcome> {
  const begin = performance.now();
  const seconds = (): number => (performance.now() - begin) / 1_000;
  try {
    await run(world);
    console.log(`${row}, ${column}: ok`);
    return { row, column, result: "ok", seconds: seconds() };
  } catch (thrown) {
    const result = thrown instanceof LeftOut ? "left out" : "FAILED";
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    console.log(`${row}, ${column}: ${result}: ${reason}`);
    return { row, column, result, reason, seconds: seconds() };
  }
}

function place(cases: readonly Case[], { row, column }: Outcome): number {
  return cases.findIndex((one) => one.row === row && one.column === column);
}
