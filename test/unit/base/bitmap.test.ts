import fc from "fast-check";
import { expect, test } from "vitest";
import {
  appendBits,
  clearBitsFrom,
  countBits,
  hasBit,
  setBit,
  setBits,
  sliceBits,
} from "../../../src/base/bitmap.ts";

const bits = fc.array(fc.boolean(), { maxLength: 70 });

test("a bit that is set is read at its index, and nowhere else", () => {
  fc.assert(
    fc.property(bits, (wanted) => {
      expect(read(mapOf(wanted), wanted.length)).toEqual(wanted);
    }),
  );
});

test("the first bits are counted, whatever stands behind them", () => {
  fc.assert(
    fc.property(bits, bits, (first, rest) => {
      expect(countBits(mapOf([...first, ...rest]), first.length)).toBe(first.filter(Boolean).length);
    }),
  );
});

test("a run of bits is set, and its neighbours stay", () => {
  fc.assert(
    fc.property(bits, fc.nat(70), fc.nat(70), (before, start, length) => {
      const map = mapOf([...before, ...Array<boolean>(140 - before.length).fill(false)]);
      setBits(map, start, length);
      const wanted = Array.from({ length: 140 }, (_, i) => (before[i] ?? false) || inRun(i, start, length));
      expect(read(map, 140)).toEqual(wanted);
    }),
  );
});

test("bits are cleared from one on to the end of the map", () => {
  fc.assert(
    fc.property(bits, fc.nat(80), (before, start) => {
      const map = mapOf(before);
      clearBitsFrom(map, start);
      expect(read(map, map.length * 8)).toEqual(read(mapOf(before.slice(0, start)), map.length * 8));
    }),
  );
});

test("a map put together from parts, front to back, is all of them; and a slice gives a part back", () => {
  fc.assert(
    fc.property(bits, bits, bits, (one, two, three) => {
      const all = [...one, ...two, ...three];
      const map = new Uint8Array((all.length + 7) >> 3);
      let at = 0;
      for (const part of [one, two, three]) {
        // What a part has beyond its bits is not taken.
        appendBits(map, at, mapOf([...part, true, true, true]), part.length);
        at += part.length;
      }
      expect(read(map, all.length)).toEqual(all);
      expect(read(sliceBits(map, one.length, two.length), two.length)).toEqual(two);
    }),
  );
});

function inRun(index: number, start: number, length: number): boolean {
  return index >= start && index < start + length;
}

function mapOf(wanted: readonly boolean[]): Uint8Array {
  const map = new Uint8Array((wanted.length + 7) >> 3);
  for (const [index, bit] of wanted.entries()) if (bit) setBit(map, index);
  return map;
}

function read(map: Uint8Array, length: number): boolean[] {
  return Array.from({ length }, (_, index) => index < map.length * 8 && hasBit(map, index));
}
