import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BodyError, bodyChunks, sameBytes } from "../../../src/store/object-body.ts";

async function* chunksOf(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
  if (at < bytes.length) yield bytes.subarray(at);
}

const sizes = fc.array(fc.nat({ max: 20 }), { maxLength: 12 });

describe("sameBytes", () => {
  test("is true of the same bytes however they are cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), sizes, sizes, async (bytes, left, right) => {
        expect(await sameBytes(chunksOf(bytes, left), chunksOf(bytes, right))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("is false of anything else, and ends both sources", async () => {
    const any = fc.uint8Array({ maxLength: 40, max: 2 });
    await fc.assert(
      fc.asyncProperty(any, any, sizes, sizes, async (a, b, left, right) => {
        let open = 2;
        async function* counted(source: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
          try {
            yield* source;
          } finally {
            open -= 1;
          }
        }
        const same = await sameBytes(counted(chunksOf(a, left)), counted(chunksOf(b, right)));
        expect(same).toBe(Buffer.compare(a, b) === 0);
        // A source that was never read from has not begun.
        expect(open).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
  });
});

describe("bodyChunks", () => {
  test("stops at the first byte too many, without giving it on", async () => {
    const body = { size: 15, open: () => chunksOf(new Uint8Array(100), [10, 10]) };
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      for await (const chunk of bodyChunks(body)) seen.push(chunk.length);
    };
    await expect(read()).rejects.toMatchObject({ name: "BodyError", reason: "size" });
    expect(seen).toEqual([10]);
  });

  test("keeps apart a source that breaks and a reader that does", async () => {
    const broken = {
      size: 1,
      open(): AsyncIterable<Uint8Array> {
        throw new Error("gone");
      },
    };
    await expect(bodyChunks(broken).next()).rejects.toBeInstanceOf(BodyError);
    const read = async (): Promise<void> => {
      for await (const _ of bodyChunks(new Uint8Array(3))) throw new Error("the reader's own");
    };
    await expect(read()).rejects.toThrow("the reader's own");
  });
});
