/**
 * Damages the files of a dataset one at a time (Parquet, labels, JSON lines, what lies beside them, pins, the
 * ledger), reads it with every reading command, and checks that each ends with 0 or 3, soon, naming the file,
 * in bounded memory:
 *
 *     npm run test:fuzz-tree                      2,000 files
 *     npm run test:fuzz-tree -- 50 77             50 files, from seed 77 on
 */
import { treeCommands, treeRunner } from "./tree-runner.ts";

const [count = 2_000, first = Math.floor(Math.random() * 2 ** 31)] = process.argv.slice(2).map(Number);
const mostMegabytes = 1_500;

using runner = await treeRunner();
const codes = new Map<number, number>();
let [bad, longestMs] = [0, 0];
const begun = performance.now();
for (let i = 0; i < count; i++) {
  const found = await runner.run(first + i);
  for (const code of found.codes) codes.set(code, (codes.get(code) ?? 0) + 1);
  longestMs = Math.max(longestMs, found.longestMs);
  if (found.problems.length === 0) continue;
  bad++;
  say(`seed ${found.seed}, ${found.kind}, ${found.how}`);
  for (const problem of found.problems.slice(0, 5)) say(`    ${problem}`);
}
const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
say(
  `${count} files from seed ${first} on, ${treeCommands.length} commands each, ${Math.round((performance.now() - begun) / 1_000)} s: ` +
    `${[...codes].map(([code, times]) => `${times} ended with ${code}`).join(", ")}; ` +
    `the longest took ${Math.round(longestMs)} ms of CPU time; at most ${megabytes} MB of memory; ${bad} bad`,
);
process.exitCode = bad > 0 || megabytes > mostMegabytes ? 1 : 0;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
