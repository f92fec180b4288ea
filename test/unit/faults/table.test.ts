import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultRuns } from "../../faults/rows.ts";

/* The table of faults is written by hand; what it names must be there. */

const root: string = join(import.meta.dirname, "../../..");
const text: string = readFileSync(join(root, "test/faults/README.md"), "utf8");
const rows: readonly string[][] = [...text.matchAll(/^\| \d.*\|$/gm)].map(([line]) =>
  line.split("|").map((cell) => cell.trim()),
);
const named: readonly string[] = rows.flatMap(([, , , runs = ""]) =>
  [...runs.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
);

test("the table has every fault once, in order", () => {
  expect(rows.map(([, number]) => Number(number))).toEqual(
    Array.from({ length: rows.length }, (_, n) => n + 1),
  );
});

test("every run that the table names exists, and every run is in the table", () => {
  expect([...new Set(named)].sort()).toEqual(faultRuns.map(({ name }) => name).sort());
});

test("every other test that the table names exists", () => {
  const paths = rows.flatMap(([, , , , others = ""]) => others.split(", ").filter((path) => path !== ""));
  expect(paths.length).toBeGreaterThan(30);
  for (const path of paths) expect(existsSync(join(root, path)), path).toBe(true);
});

test("what is not tested says so, and only that has no tier", () => {
  for (const [, number, , runs, others, tier] of rows) {
    expect(tier === "", `row ${number}`).toBe(runs === "" && others === "");
    expect(["P", "F", ""]).toContain(tier);
  }
});
