import { expect, test } from "vitest";
import { treeCommands, treeRunner } from "../../fuzz/tree/tree-runner.ts";

/*
 * Whatever happens to one file of a dataset, of whatever kind: every command that reads ends with 0 or 3 and
 * names it. Each file is read by every sixth command here; `npm run test:fuzz-tree` has 2,000 files read by
 * all.
 */

const [fixed, drawn, stride] = [70, 30, 6];

test(`no damaged file ends a command but by its rules, ${fixed} known and ${drawn} new ones`, async () => {
  using runner = await treeRunner();
  const first = Math.floor(Math.random() * 2 ** 31);
  const problems: string[] = [];
  const codes: number[] = [];
  const kinds = new Set<string>();
  for (let i = 0; i < fixed + drawn; i++) {
    const seed = i < fixed ? i : first + i;
    const found = await runner.run(seed, stride);
    kinds.add(found.kind);
    codes.push(...found.codes);
    for (const problem of found.problems)
      problems.push(`seed ${seed} (npm run test:fuzz-tree -- 1 ${seed}), ${found.how}: ${problem}`);
  }
  expect(problems).toEqual([]);
  expect([...kinds].sort()).toEqual(["beside", "json lines", "labels", "ledger", "parquet", "pins"]);
  // Files that nothing had happened to would prove nothing.
  expect(codes.filter((code) => code === 3).length).toBeGreaterThan(codes.length / 5);
  expect(codes.length).toBeGreaterThan((fixed + drawn) * Math.floor(treeCommands.length / stride) - 1);
}, 600_000);
