import { constants, createZstdCompress, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { ZstdDecompressor } from "../../../src/codec/parquet/bytes/zstd-decompressor.ts";
import { mulberry32 } from "../../../benchmarks/mulberry32.ts";

test("every frame becomes the body that it was made of, whatever came before", () => {
  const decompressor = new ZstdDecompressor();
  const random = mulberry32(7);
  for (let round = 0; round < 200; round++) {
    const body = new Uint8Array(Math.floor(1_000_000 * random() ** 6));
    const symbols = 1 + Math.floor(256 * random());
    for (let i = 0; i < body.length; i++) body[i] = Math.floor(symbols * random());
    const found = decompressor.decompress(zstdCompressSync(body), body.length);
    expect(found).toBeDefined();
    expect(Buffer.compare(found ?? new Uint8Array(1), body)).toBe(0);
  }
});

test("what is no whole frame of that size gives nothing, and harms none that follows", async () => {
  const decompressor = new ZstdDecompressor();
  const body = Buffer.from("page after page, ".repeat(50));
  const frame = zstdCompressSync(body);
  // All of the body is there, and its end is not: the next frame finds the context in the middle of this one.
  const stream = createZstdCompress();
  const open = new Promise<Buffer>((resolve) => stream.once("data", resolve));
  stream.write(body);
  stream.flush(constants.ZSTD_e_flush);
  const bad = [
    [frame.subarray(0, -3), body.length],
    [frame, body.length + 1],
    [frame, body.length - 1],
    [frame, 0],
    [Buffer.concat([frame, frame]), body.length],
    [Buffer.from("no frame"), 5],
    [Buffer.alloc(0), 5],
    [await open, undefined],
  ] as const;
  stream.destroy();
  for (const [bytes, size] of bad) {
    const found = decompressor.decompress(bytes, size ?? body.length);
    if (size !== undefined) expect(found).toBeUndefined();
    const next = decompressor.decompress(frame, body.length) ?? decompressor.decompress(frame, body.length);
    expect(Buffer.compare(next ?? Buffer.alloc(0), body)).toBe(0);
  }
});
