import { describe, expect, test } from "vitest";
import { createParquetEncoder, type ParquetEncoderOptions } from "../../../src/codec/parquet-encoder.ts";
import type { Batch } from "../../../src/frame/batch.ts";
import type { ColumnType } from "../../../src/frame/column-type.ts";
import { makeBatch } from "../../support/make-batch.ts";
import { duckdbQuery, fileBytes } from "../../support/parquet-engines.ts";

const schema = new Map<string, ColumnType>([
  ["noise", "float64"],
  ["ramp", "int64"],
  ["wild", "int64"],
  ["id", "string"],
  ["few", "string"],
]);

const prime = 0x9e3779b97f4a7c15n;

/** The same numbers in every run, all 52 bits of each different. */
function noise(i: number): number {
  const word = (seed: number): number => Math.imul(i + seed, 0x9e3779b1) ^ Math.imul(i ^ seed, 0x85ebca6b);
  return new DataView(Uint32Array.of(word(1), (word(7) & 0x000fffff) | 0x3ff00000).buffer).getFloat64(
    0,
    true,
  );
}

function batches(count: number, rows: number): Batch[] {
  return Array.from({ length: count }, (_, batch) => {
    const at = Array.from({ length: rows }, (_, row) => batch * rows + row);
    return makeBatch({
      seed: batch,
      columns: [
        { name: "noise", type: "float64", cells: at.map(noise) },
        { name: "ramp", type: "int64", cells: at.map((i) => BigInt(i) * 7n) },
        // All 64 bits differ, so that its first page says to leave it uncompressed while the next are at work.
        { name: "wild", type: "int64", cells: at.map((i) => BigInt.asIntN(64, BigInt(i + 1) ** 9n * prime)) },
        { name: "id", type: "string", cells: at.map((i) => `row ${noise(i)} of ${i}`) },
        {
          name: "few",
          type: "string",
          cells: at.map((i) => (i % 5 === 0 ? null : `f${i % 3}`)),
          dictionary: true,
        },
      ],
    });
  });
}

async function encode(data: readonly Batch[], options: ParquetEncoderOptions): Promise<Uint8Array> {
  return fileBytes(createParquetEncoder(options).encode(() => data, { schema, segment: "segment-1" }));
}

describe("pages compressed beside each other", () => {
  const data = batches(6, 20_000);

  test("make the same file as one after another, however many there are at once", async () => {
    // Pages of several sizes: some go to another thread and others, between them, do not.
    for (const pageBytes of [40_000, 256 * 1024, 1024 * 1024]) {
      const options = { pageBytes, rowGroupRows: 60_000 };
      const alone = await encode(data, { ...options, parallel: 0 });
      for (const parallel of [1, 2, 7]) {
        const beside = await encode(data, { ...options, parallel });
        expect(Buffer.compare(beside, alone), `${parallel} at once, pages of ${pageBytes}`).toBe(0);
      }
    }
  });

  test("read back in the order of the rows", async () => {
    const rows = await duckdbQuery(
      await encode(data, { parallel: 3, pageBytes: 50_000 }),
      `SELECT count(*)::INT AS n, count_if(ramp = 7 * file_row_number)::INT AS placed,
        count_if(id LIKE '% of ' || file_row_number)::INT AS named
      FROM read_parquet(FILE, file_row_number = true)`,
    );
    expect(rows).toEqual([{ n: 120_000, placed: 120_000, named: 120_000 }]);
  });

  test("a file that is given up half way leaves nothing that fails later", async () => {
    const pieces = createParquetEncoder({ parallel: 2, pageBytes: 64 * 1024 })
      .encode(() => data, { schema, segment: "segment-1" })
      [Symbol.asyncIterator]();
    expect((await pieces.next()).done).toBe(false);
    await pieces.return?.();
    expect((await pieces.next()).done).toBe(true);
  });

  test("their number is a whole number from 0 on", () => {
    for (const parallel of [-1, 1.5, Number.NaN])
      expect(() => createParquetEncoder({ parallel })).toThrow(/parallel: expected a whole number/);
  });
});
