import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createUuidV7 } from "../../../src/base/uuid-v7.ts";
import { isSampled } from "../../../src/collector/keeping/sampler.ts";

/** Hashes by Python's mmh3 5.x: `mmh3.hash(id, 0x6d646331, signed=False)`. */
const golden: readonly (readonly [id: string, hash: number])[] = [
  ["a", 3633217163],
  ["ab", 633322287],
  ["abc", 617841557],
  ["abcd", 632446411],
  ["abcde", 765946379],
  ["01890a5d-ac96-774b-bcce-b302099a8057", 2715789201],
  ["01890a5d-ac96-774b-bcce-b302099a8058", 841271295],
  ["0af7651916cd43dd8448eb211c80319c", 3144591111],
  ["order-42", 1075994582],
  ["日本", 866709533],
  ["é", 1182056985],
  ["😀 abc", 1817188846],
  ["x".repeat(512), 1133019877],
];

/** UUIDv7 as a busy server makes them: several in each millisecond, from a repeatable source. */
function idsInSequence(count: number, seed: number): string[] {
  let state = seed;
  let calls = 0;
  const uuid = createUuidV7({
    now: () => 1_795_000_000_000 + Math.floor(calls++ / 7),
    fillRandom(bytes) {
      for (let i = 0; i < bytes.length; i++) {
        // xorshift32, Marsaglia 2003.
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        bytes[i] = state;
      }
    },
  });
  return Array.from({ length: count }, uuid);
}

const rate = fc.double({ min: 0, max: 1, noNaN: true });
const anyId = fc.string({ unit: "binary", minLength: 1, maxLength: 80 });

describe("isSampled", () => {
  it.each(golden)("compares MurmurHash3 of the UTF-8 bytes of %j with rate times 2^32", (id, hash) => {
    expect(isSampled(id, hash / 2 ** 32)).toBe(false);
    expect(isSampled(id, (hash + 1) / 2 ** 32)).toBe(true);
  });

  it("takes a lone surrogate for U+FFFD, as every conversion to UTF-8 does", () => {
    fc.assert(
      fc.property(rate, (share) => {
        expect(isSampled("a\ud800b", share)).toBe(isSampled("a\ufffdb", share));
      }),
    );
  });

  it("keeps none at 0 and all at 1", () => {
    fc.assert(
      fc.property(anyId, (id) => {
        expect(isSampled(id, 0)).toBe(false);
        expect(isSampled(id, -0)).toBe(false);
        expect(isSampled(id, 1)).toBe(true);
      }),
    );
  });

  it("keeps at a higher rate whatever it keeps at a lower one", () => {
    fc.assert(
      fc.property(anyId, rate, rate, (id, one, other) => {
        const low = Math.min(one, other);
        const high = Math.max(one, other);
        if (isSampled(id, low)) expect(isSampled(id, high)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it("keeps none when the rate is not a number", () => {
    expect(isSampled("a", Number.NaN)).toBe(false);
  });

  it.each([0.001, 0.01, 0.1, 0.25, 0.5, 0.9])("keeps a share of %d of ids made in sequence", (share) => {
    const ids = idsInSequence(100_000, 7);
    const kept = ids.filter((id) => isSampled(id, share)).length;
    // Five standard deviations of the binomial distribution; the ids are always the same ones.
    const tolerance = 5 * Math.sqrt(ids.length * share * (1 - share));
    expect(Math.abs(kept - ids.length * share)).toBeLessThan(tolerance);
  });

  it.each([
    ["UUIDv7 in sequence", idsInSequence(100_000, 1)],
    ["UUIDv7 of another seed", idsInSequence(100_000, 99)],
    ["counted numbers", Array.from({ length: 100_000 }, (_, i) => `order-${i}`)],
    [
      "trace ids that differ in their first digits",
      Array.from({ length: 100_000 }, (_, i) => i.toString(16).padStart(5, "0").padEnd(32, "0")),
    ],
  ])("spreads %s evenly over 64 classes", (_, ids) => {
    const counts = new Array<number>(64).fill(0);
    for (const id of ids) {
      let low = 0;
      // The class of an id is the number of class boundaries it is not kept at.
      for (let step = 32; step >= 1; step /= 2) if (!isSampled(id, (low + step) / 64)) low += step;
      counts[low] = (counts[low] as number) + 1;
    }
    const expected = ids.length / 64;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 63 degrees of freedom: 0.99999 of all samples lie between these two.
    expect(chiSquare).toBeGreaterThan(24);
    expect(chiSquare).toBeLessThan(124);
  });

  it("does not go along with the last or the next request", () => {
    const ids = idsInSequence(100_000, 3);
    const both = ids.filter((id, i) => i > 0 && isSampled(id, 0.5) && isSampled(ids[i - 1] as string, 0.5));
    expect(Math.abs(both.length - 25_000)).toBeLessThan(5 * Math.sqrt(100_000 * 0.25 * 0.75));
  });
});
