import { describe, expect, test } from "vitest";
import {
  createParquetEncoder,
  type ParquetEncoderOptions,
} from "../../../src/codec/parquet/parquet-encoder.ts";
import type { ColumnType } from "../../../src/layout/column-type.ts";
import { longCells, shapes } from "../../support/long-cells.ts";
import { makeBatch, type Plain } from "../../support/make-batch.ts";
import { duckdbQuery, engines, fileBytes, hexBytes } from "../../support/parquet-engines.ts";

async function encode(
  type: ColumnType,
  parts: readonly (readonly Plain[])[],
  options?: ParquetEncoderOptions,
): Promise<Uint8Array> {
  const batches = parts.map((cells, seed) => makeBatch({ seed, columns: [{ name: "x", type, cells }] }));
  const schema = new Map([["x", type]]);
  return fileBytes(createParquetEncoder(options).encode(() => batches, { schema, segment: "s" }));
}

async function encodings(bytes: Uint8Array): Promise<string> {
  const [row] = await duckdbQuery(
    bytes,
    "SELECT encodings FROM parquet_metadata(FILE) WHERE path_in_schema = 'x' ORDER BY row_group_id",
  );
  return String(row?.["encodings"]);
}

async function expectCells(bytes: Uint8Array, type: string, cells: readonly Plain[]): Promise<void> {
  const types = new Map([["x", type]]);
  for (const engine of engines.filter(({ knows }) => knows?.(type) ?? true)) {
    const lossy = engine.lossy ?? ((value: unknown) => value);
    const rows = await engine.rows(bytes, types);
    expect(
      rows.map((row) => row["x"] ?? null),
      engine.name,
    ).toEqual(cells.map((cell) => lossy(hexBytes(cell))));
  }
}

function range<T>(count: number, cell: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => cell(i));
}

const uuids = (rows: number): Plain[] => longCells("string", rows, { shape: "narrow", seed: 1, nulls: 0 });

describe("delta encodings", () => {
  test("are chosen for integers and times that rise or lie close together", async () => {
    const rising = range(5000, (i) => BigInt(i) * 7n);
    const spread = longCells("int64", 5000, { shape: "narrow", seed: 2, nulls: 0 });
    for (const cells of [rising, spread.map((cell) => (cell as bigint) * 977n)]) {
      expect(await encodings(await encode("int64", [cells]))).toContain("DELTA_BINARY_PACKED");
      const times = cells.map((cell) => 1_700_000_000_000_000n + cell);
      expect(await encodings(await encode("timestamp", [times]))).toContain("DELTA_BINARY_PACKED");
    }
  });

  test("are left for texts and ids, because not every engine reads them there", async () => {
    expect(await encodings(await encode("string", [uuids(1000)]))).not.toContain("DELTA");
  });

  test("are left when few values repeat, which are a dictionary", async () => {
    const cells = range(5000, (i) => BigInt(i % 50));
    expect(await encodings(await encode("int64", [cells]))).not.toContain("DELTA");
  });

  test("are left for integers that lie 64 bits apart, also when only the last does", async () => {
    const wide = longCells("int64", 3000, { shape: "extremes", seed: 3, nulls: 0 });
    expect(await encodings(await encode("int64", [wide]))).not.toContain("DELTA");
    const late = [...range(3000, (i) => BigInt(i)), -(2n ** 63n), 2n ** 63n - 1n];
    await expectCells(await encode("int64", [late], { pageBytes: 4000 }), "int64", late);
  });

  test.each([1, 2, 32, 33, 64, 65, 127, 128, 129, 130, 256, 257, 258, 385])(
    "read back with %i values in the last page",
    async (last) => {
      const first = 512;
      for (const [type, shape] of [
        ["int64", "rising"],
        ["int64", "narrow"],
        ["timestamp", "narrow"],
      ] as const) {
        const cells = longCells(type, first + last, { shape, seed: last, nulls: 0 });
        const pageBytes = first * 8 + 200;
        const bytes = await encode(type, [cells.slice(0, first), cells.slice(first)], { pageBytes });
        await expectCells(bytes, type, cells);
      }
    },
  );

  test.each(shapes)("read back %s integers, times and texts with and without nulls", async (shape) => {
    for (const type of ["int64", "int32", "timestamp", "string", "binary"] as const) {
      for (const nulls of [0, 0.2, 0.99]) {
        const parts = range(3, (seed) => longCells(type, 700, { shape, seed, nulls }));
        await expectCells(await encode(type, parts, { pageBytes: 3000 }), type, parts.flat());
      }
    }
  });

  test("a page without values among pages with some is read back", async () => {
    const rising = range(600, (i) => BigInt(i) * 3n);
    const parts = [rising, range(600, () => null), rising];
    const bytes = await encode("int64", parts, { pageBytes: 2400 });
    expect(await encodings(bytes)).toContain("DELTA_BINARY_PACKED");
    await expectCells(bytes, "int64", parts.flat());
  });
});

describe("the limits of row groups and pages", () => {
  test.each([99, 100, 101, 199, 200, 201])("hold with %i rows in groups of 100", async (rows) => {
    const cells = range(rows, (i) => i / 3);
    const bytes = await encode(
      "float64",
      cells.map((cell) => [cell]),
      { rowGroupRows: 100 },
    );
    const [file] = await duckdbQuery(
      bytes,
      "SELECT num_row_groups::INT AS n FROM parquet_file_metadata(FILE)",
    );
    expect(file?.["n"]).toBe(Math.ceil(rows / 100));
    await expectCells(bytes, "float64", cells);
  });

  test.each([63, 64, 65, 127, 128, 129])("hold with %i values in pages of 64", async (rows) => {
    const cells = range(rows, (i) => i / 3);
    // 64 doubles and the bits that say they are there.
    await expectCells(await encode("float64", [cells], { pageBytes: 64 * 8 + 8 }), "float64", cells);
  });
});
