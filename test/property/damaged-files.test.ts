import { describe, expect, test } from "vitest";
import { damageRunner, readingCommands } from "../fuzz/reading.ts";

/*
 * Whatever happens to a file: every command that reads ends with 0 or 3, names the file once if it is bad,
 * shows what can be read beside it, and no rejection is left to Node. `npm run test:fuzz` does the same with
 * 10,000 files.
 */

const fixed = 60;
const drawn = 40;

describe("damaged files, read by every command", () => {
  test(`end no command but by its rules, ${fixed} known and ${drawn} new ones`, async () => {
    using runner = await damageRunner();
    const first = Math.floor(Math.random() * 2 ** 31);
    const seeds = Array.from({ length: fixed + drawn }, (_, i) => (i < fixed ? i : first + i));
    const problems: string[] = [];
    const codes = new Map<number, number>();
    for (const seed of seeds) {
      const found = await runner.run(seed);
      for (const problem of found.problems) {
        problems.push(`seed ${seed} (npm run test:fuzz -- 1 ${seed}), ${found.how}: ${problem}`);
      }
      for (const code of found.codes) codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect(problems).toEqual([]);
    // Files that nothing had happened to would prove nothing.
    expect(codes.get(3)).toBeGreaterThan((seeds.length * readingCommands.length) / 2);
    // Seconds, but on a machine that is busy with other things.
  }, 900_000);
});
