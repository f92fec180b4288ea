/**
 * Breaks what can break, on purpose, and checks that nothing accepted is lost: `npm run test:faults`. Prints
 * a row for each fault, keeps the outcomes in `benchmarks/results/faults.json`, and ends with 1 if a promise
 * was broken.
 *
 *     npm run test:faults -- kills=500 syscallStep=3         with other counts, see `Scale` in rows.ts
 *     npm run test:faults -- kill-group-folder clock         some of the runs only
 *     npm run test:faults -- smoke                           all of them, small; keeps nothing
 */
import type { Outcome } from "./outcome.ts";
import { outcomeTable } from "./outcome.ts";
import { keep, recordPath } from "./record.ts";
import { faultRuns, fullScale, type Scale, smokeScale } from "./rows.ts";

const given = process.argv.slice(2);
const isSmoke = given.includes("smoke");
const names = given.filter((argument) => argument !== "smoke" && !argument.includes("="));
const counts = given.filter((argument) => argument.includes("=")).map(parseCount);
const scale: Scale = { ...(isSmoke ? smokeScale : fullScale), ...Object.fromEntries(counts) };
for (const name of names) {
  if (!faultRuns.some((run) => run.name === name)) {
    fail(`no such run: ${name}; there are ${faultRuns.map((run) => run.name).join(", ")}`);
  }
}

const outcomes: Outcome[] = [];
for (const { name, run } of faultRuns) {
  if (names.length > 0 && !names.includes(name)) continue;
  const start = performance.now();
  const found = await outcomesOf(name, () => run(scale));
  const seconds = Math.round((performance.now() - start) / 1_000);
  outcomes.push(...found);
  if (!isSmoke) keep(name, scale, seconds, found);
  say(`${name}: ${found.some(({ problems }) => problems.length > 0) ? "FAILED" : "done"}, ${seconds} s`);
  for (const { fault, problems } of found) {
    for (const problem of problems.slice(0, 20)) say(`    ${fault}: ${problem}`);
  }
}
say(`\n${outcomeTable(outcomes)}`);
if (!isSmoke) say(`\nkept in ${recordPath}`);
process.exitCode = outcomes.some(({ problems }) => problems.length > 0) ? 1 : 0;

/** A run that breaks off is a row too: it must not hide the others. */
async function outcomesOf(
  name: string,
  run: () => Promise<Outcome | readonly Outcome[]>,
): Promise<readonly Outcome[]> {
  try {
    return [await run()].flat();
  } catch (error) {
    const none = { injected: 0, fired: 0, offered: 0, acknowledged: 0, lost: 0, duplicated: 0, invented: 0 };
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return [{ fault: name, ...none, figure: "", problems: [`the run broke off: ${text}`] }];
  }
}

function parseCount(argument: string): [string, number] {
  const [name = "", value = ""] = argument.split("=");
  if (!(name in fullScale)) fail(`no such count: ${name}; there are ${Object.keys(fullScale).join(", ")}`);
  const count = Number(value);
  if (!Number.isInteger(count) || count < 1) fail(`${name}: expected a whole number from 1, got ${value}`);
  return [name, count];
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function fail(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(2);
}
