import { expect, test } from "vitest";
import { joinRecords } from "../../../src/spool/segment/joined-records.ts";
import { countsOf, recordOf, SpoolWorld } from "./spool-world.ts";

const sizes = [40, 0, 61, 24];
const joined: Uint8Array = Buffer.concat(sizes.slice(0, -1).map((size, i) => recordOf(i + 1, size)));

function sample(): { readonly world: SpoolWorld; readonly path: string; readonly bytes: Uint8Array } {
  const world = new SpoolWorld();
  const { spool } = world.start();
  sizes.forEach((size, i) => spool.writer.append("a", recordOf(i + 1, size), countsOf(i + 1), i + 1));
  spool.writer.seal();
  const [path = ""] = world.files(".seg");
  return { world, path, bytes: world.fileSystem.contents(path) };
}

async function all(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const copies: Uint8Array[] = [];
  for await (const piece of pieces) copies.push(Uint8Array.from(piece));
  return new Uint8Array(Buffer.concat(copies));
}

test("records but the last are one run of bytes, of which any part can be read", async () => {
  const { world, path } = sample();
  const found = await joinRecords(world.fileSystem, () => path);
  expect(found?.size).toBe(joined.length);
  expect(found?.last).toEqual(recordOf(4, 24));
  for (let start = 0; start <= joined.length; start += 7)
    for (let end = start; end <= joined.length; end += 11)
      expect(await all(found?.open(start, end) ?? none()), `${start} to ${end}`).toEqual(
        new Uint8Array(joined.subarray(start, end)),
      );
  expect(await all(found?.open() ?? none())).toEqual(new Uint8Array(joined));
});

test("whatever bit is flipped, the bytes are those that were appended, or there are none", async () => {
  const { world, path, bytes } = sample();
  let whole = 0;
  for (let bit = 0; bit < bytes.length * 8; bit += 3) {
    const damaged = bytes.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const fileSystem = world.fileSystem.clone();
    fileSystem.place(path, damaged);
    const found = await joinRecords(fileSystem, () => path);
    // Of a last record that is gone the one before is the last.
    if (found === undefined || found.size !== joined.length) continue;
    whole++;
    expect(await all(found.open()), `bit ${bit}`).toEqual(new Uint8Array(joined));
  }
  expect(whole).toBeGreaterThan(100);
});

async function* none(): AsyncGenerator<Uint8Array> {}
