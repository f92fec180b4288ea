import { expect, test } from "vitest";
import { readRecords } from "../../../src/spool/segment/segment-file-reader.ts";
import { countsOf, recordOf, SpoolWorld } from "./spool-world.ts";

const sizes = [40, 0, 61, 24];

function sample(): { readonly world: SpoolWorld; readonly path: string; readonly bytes: Uint8Array } {
  const world = new SpoolWorld();
  const { spool } = world.start();
  sizes.forEach((size, i) => spool.writer.append("a", recordOf(i + 1, size), countsOf(i + 1), i + 1));
  spool.writer.seal();
  const [path = ""] = world.files(".seg");
  return { world, path, bytes: world.fileSystem.contents(path) };
}

test("records that are read into one memory are all good at once, each at a multiple of 8", () => {
  const { world, path, bytes } = sample();
  const asked: number[] = [];
  const memory = new Uint8Array(4_096).fill(7);
  const take = (size: number): Uint8Array => {
    asked.push(size);
    return memory;
  };
  const records = [...readRecords(world.fileSystem, path, take)];
  expect(asked).toEqual([bytes.length]);
  expect(records.map(({ bytes }) => bytes)).toEqual(sizes.map((size, i) => recordOf(i + 1, size)));
  expect(records.map(({ counts }) => counts)).toEqual([1, 2, 3, 4].map(countsOf));
  for (const { bytes } of records) {
    expect(bytes.buffer).toBe(memory.buffer);
    expect(bytes.byteOffset % 8).toBe(0);
  }
  expect(memory.subarray(bytes.length).every((byte) => byte === 7)).toBe(true);
});

test("whatever bit is flipped and wherever the file ends, it reads as it does record by record", () => {
  const { world, path, bytes } = sample();
  const memory = new Uint8Array(bytes.length);
  const alike = (damaged: Uint8Array, what: string): number => {
    const fileSystem = world.fileSystem.clone();
    fileSystem.place(path, damaged);
    const own = [...readRecords(fileSystem, path)];
    const whole = [...readRecords(fileSystem, path, () => memory)];
    expect(whole, what).toEqual(own);
    return own.length;
  };
  let kept = 0;
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = bytes.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    kept += alike(damaged, `bit ${bit}`);
  }
  for (let length = 0; length < bytes.length; length++)
    kept += alike(bytes.subarray(0, length), `cut at ${length}`);
  expect(kept).toBeGreaterThan(bytes.length * 8 * (sizes.length - 1));
});
