/**
 * Reads damaged files with every reading command, and checks that each ends with 0 or 3, soon, in bounded
 * memory:
 *
 *     npm run test:fuzz                      10,000 files
 *     npm run test:fuzz -- 500 77            500 files, from seed 77 on
 *
 * Ends with 1 if something was wrong, and leaves the file beside the seed, to become a case of the tests.
 */
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { damageRunner, readingCommands } from "./reading.ts";

const [count = 10_000, first = Math.floor(Math.random() * 2 ** 31)] = process.argv.slice(2).map(Number);
const mostMegabytes = 1_500;

using runner = await damageRunner();
const codes = new Map<number, number>();
let longest = { ms: 0, seed: first };
let bad = 0;
const begun = performance.now();
for (let i = 0; i < count; i++) {
  const found = await runner.run(first + i);
  for (const code of found.codes) codes.set(code, (codes.get(code) ?? 0) + 1);
  if (found.longestMs > longest.ms) longest = { ms: found.longestMs, seed: found.seed };
  if (found.problems.length > 0) {
    bad++;
    const file = join(tmpdir(), `mdc-fuzz-${found.seed}.parquet`);
    writeFileSync(file, found.bytes);
    say(`seed ${found.seed}, ${found.how}, ${file}`);
    for (const problem of found.problems.slice(0, 5)) say(`    ${problem}`);
  }
}
const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
say(
  `${count} files from seed ${first} on, ${readingCommands.length} commands each, ${Math.round((performance.now() - begun) / 1_000)} s: ` +
    `${[...codes].map(([code, times]) => `${times} ended with ${code}`).join(", ")}; ` +
    `the longest took ${Math.round(longest.ms)} ms (seed ${longest.seed}); at most ${megabytes} MB of memory; ${bad} bad`,
);
if (megabytes > mostMegabytes) say(`more than ${mostMegabytes} MB of memory`);
process.exitCode = bad > 0 || megabytes > mostMegabytes ? 1 : 0;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
