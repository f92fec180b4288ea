import { readFileSync } from "node:fs";
import { type Durability, openDeployment } from "model-data-collector";
import { expect, test } from "vitest";
import { duckdbQuery } from "../support/parquet-engines.ts";
import { expectBalance, parquetFiles, scratch } from "../support/scratch.ts";

type Columns = Record<string, unknown[]>;

const alphabets = ["plain", "Zürich", "Ελλάδα", "東京", "🛫🛬", "\u0000 nul", "‏עברית‏", ""];

/**
 * The value of a cell is known from where it is, so that a file can be checked without what was collected.
 */
function frame(number: number, rows: number, columns: number): Columns {
  return Object.fromEntries(
    Array.from({ length: columns }, (_, column) => [
      `c${column}`,
      Array.from({ length: rows }, (__, row) => cell(number, row, column)),
    ]),
  );
}

function cell(number: number, row: number, column: number): unknown {
  const at = number * 1e7 + row * 10 + (column % 10);
  switch (column % 5) {
    case 0:
      return at / 4;
    case 1:
      return `${alphabets[(row + number) % alphabets.length]} ${at % 97}`;
    case 2:
      return `id-${at}`;
    case 3:
      return at % 3 === 0 ? null : at % 2 === 0;
    default:
      return row % 7 === 6 ? null : at;
  }
}

const shapes = [
  { name: "a row of 20 columns", rows: 1, columns: 20, frames: 300 },
  { name: "ten rows of 500 columns", rows: 10, columns: 500, frames: 20 },
  { name: "100,000 rows of 5 columns", rows: 100_000, columns: 5, frames: 2 },
];
const durabilities: readonly Durability[] = ["memory", "group", "frame"];

test.for(shapes.flatMap((shape) => durabilities.map((durability) => ({ ...shape, durability }))))(
  "frames of $name, durability $durability, are stored to the cell",
  { timeout: 120_000 },
  async ({ rows, columns, frames, durability }) => {
    const { destination, options } = await scratch();
    const deployment = await openDeployment(
      options({ spool: { ...options().spool, durability }, limits: { maxCollectMs: 60_000 } }),
    );
    const collector = deployment.collector("shapes");
    for (let number = 0; number < frames; number++) {
      collector.collect({ ...frame(number, rows, columns), number: new Array(rows).fill(number) });
      // Frames come over time, not all in one turn.
      if (number % 50 === 49) await new Promise((resolve) => setImmediate(resolve));
    }
    await deployment.close();
    expect(deployment.stats().frames).toMatchObject({ offered: frames, delivered: frames });
    expectBalance(deployment.stats());

    const names = Array.from({ length: columns }, (_, column) => `c${column}`);
    let stored = 0;
    for (const path of parquetFiles(destination)) {
      const found = await duckdbQuery(
        readFileSync(path),
        `select number, mdc_row_index, ${names.map((name) => `"${name}"`).join(", ")} from FILE`,
      );
      stored += found.length;
      const wrong = found.filter((row) => {
        const [number, index] = [Number(row["number"]), Number(row["mdc_row_index"])];
        return names.some((name, column) => row[name] !== cell(number, index, column));
      });
      expect(wrong.slice(0, 3)).toEqual([]);
      const places = new Set(found.map((row) => `${String(row["number"])} ${String(row["mdc_row_index"])}`));
      expect(places.size).toBe(found.length);
    }
    expect(stored).toBe(frames * rows);
  },
);
