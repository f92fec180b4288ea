import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { createZstdContext, reusedContext } from "../../../src/codec/parquet/bytes/zstd-context.ts";
import { mulberry32 } from "../../../benchmarks/mulberry32.ts";

const params = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_hashLog]: 12 };

test("this Node lets a context be used again", () => {
  expect(reusedContext(params)).toBeDefined();
});

test("every body becomes what zstdCompressSync makes of it, whatever came before", () => {
  const context = createZstdContext(params);
  const random = mulberry32(7);
  for (let round = 0; round < 300; round++) {
    // Up to 2 MB, most of them small; from all alike to pure chance.
    const body = new Uint8Array(Math.floor(2_000_000 * random() ** 6));
    const symbols = 1 + Math.floor(256 * random());
    for (let i = 0; i < body.length; i++) body[i] = Math.floor(symbols * random());
    const frame = context.compress(body);
    expect(Buffer.compare(zstdDecompressSync(frame), body)).toBe(0);
    expect(Buffer.compare(frame, zstdCompressSync(body, { params, pledgedSrcSize: body.length }))).toBe(0);
  }
});

test("two contexts do not disturb each other", () => {
  const [one, other] = [createZstdContext(params), createZstdContext(params)];
  const [a, b] = [Buffer.from("a".repeat(1000)), Buffer.from("b".repeat(500))];
  const frame = one.compress(a);
  expect(zstdDecompressSync(other.compress(b)).toString()).toBe(b.toString());
  expect(zstdDecompressSync(frame).toString()).toBe(a.toString());
});
